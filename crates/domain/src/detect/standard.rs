//! Bitrix24's standard fields, for when no portal is at hand.

use crate::entity::EntityKind;
use crate::field::{FieldCode, FieldKind, FieldMeta};

use FieldKind::{Choice, Date, DateTime, Double, Email, Flag, Integer, Messenger, Phone, Reference, Text, User, Web};

const READ_ONLY: &str = "r";

/// Code, kind, the kinds of records that have it (lead, contact, company `o`, deal, quote, invoice,
/// smart), and whether writes are refused. Source: the field pages of the REST documentation,
/// <https://apidocs.bitrix24.com/api-reference/crm/>.
const FIELDS: &[(&str, FieldKind, &str, &str)] = &[
    ("ID", Integer, "lcodqis", READ_ONLY),
    ("TITLE", Text, "lodqis", ""),
    ("HONORIFIC", Choice, "lc", ""),
    ("NAME", Text, "lc", ""),
    ("SECOND_NAME", Text, "lc", ""),
    ("LAST_NAME", Text, "lc", ""),
    ("BIRTHDATE", Date, "lc", ""),
    ("COMPANY_TITLE", Text, "l", ""),
    ("POST", Text, "lc", ""),
    ("PHONE", Phone, "lco", ""),
    ("EMAIL", Email, "lco", ""),
    ("WEB", Web, "lco", ""),
    ("IM", Messenger, "lco", ""),
    ("STATUS_ID", Choice, "lq", ""),
    ("STATUS_DESCRIPTION", Text, "l", ""),
    ("STAGE_ID", Choice, "dis", ""),
    ("CATEGORY_ID", Choice, "dis", ""),
    ("TYPE_ID", Choice, "cd", ""),
    ("COMPANY_TYPE", Choice, "o", ""),
    ("INDUSTRY", Choice, "o", ""),
    ("EMPLOYEES", Choice, "o", ""),
    ("REVENUE", Double, "o", ""),
    ("OPPORTUNITY", Double, "ldqis", ""),
    ("CURRENCY_ID", Choice, "lodqis", ""),
    ("PROBABILITY", Integer, "d", ""),
    ("BEGINDATE", Date, "dqis", ""),
    ("CLOSEDATE", Date, "dqis", ""),
    ("SOURCE_ID", Choice, "lcdis", ""),
    ("SOURCE_DESCRIPTION", Text, "lcdis", ""),
    ("COMPANY_ID", Reference, "lcdqis", ""),
    ("CONTACT_ID", Reference, "lodqis", ""),
    ("ADDRESS", Text, "lco", ""),
    ("ADDRESS_2", Text, "lco", ""),
    ("ADDRESS_CITY", Text, "lco", ""),
    ("ADDRESS_POSTAL_CODE", Text, "lco", ""),
    ("ADDRESS_REGION", Text, "lco", ""),
    ("ADDRESS_PROVINCE", Text, "lco", ""),
    ("ADDRESS_COUNTRY", Text, "lco", ""),
    ("ADDRESS_COUNTRY_CODE", Text, "lco", ""),
    ("REG_ADDRESS", Text, "o", ""),
    ("REG_ADDRESS_2", Text, "o", ""),
    ("REG_ADDRESS_CITY", Text, "o", ""),
    ("REG_ADDRESS_POSTAL_CODE", Text, "o", ""),
    ("REG_ADDRESS_REGION", Text, "o", ""),
    ("REG_ADDRESS_PROVINCE", Text, "o", ""),
    ("REG_ADDRESS_COUNTRY", Text, "o", ""),
    ("REG_ADDRESS_COUNTRY_CODE", Text, "o", ""),
    ("BANKING_DETAILS", Text, "o", ""),
    ("COMMENTS", Text, "lcodqi", ""),
    ("OPENED", Flag, "lcodqis", ""),
    ("ASSIGNED_BY_ID", User, "lcodqis", ""),
    ("CREATED_BY_ID", User, "lcodq", READ_ONLY),
    ("MODIFY_BY_ID", User, "lcodq", READ_ONLY),
    ("DATE_CREATE", DateTime, "lcodq", READ_ONLY),
    ("DATE_MODIFY", DateTime, "lcodq", READ_ONLY),
    ("CREATED_BY", User, "is", READ_ONLY),
    ("UPDATED_BY", User, "is", READ_ONLY),
    ("CREATED_TIME", DateTime, "is", READ_ONLY),
    ("UPDATED_TIME", DateTime, "is", READ_ONLY),
    ("LAST_COMMUNICATION_TIME", DateTime, "lcod", READ_ONLY),
    ("ORIGINATOR_ID", Text, "lcod", ""),
    ("ORIGIN_ID", Text, "lcod", ""),
    ("UTM_SOURCE", Text, "lcodqis", ""),
    ("UTM_MEDIUM", Text, "lcodqis", ""),
    ("UTM_CAMPAIGN", Text, "lcodqis", ""),
    ("UTM_CONTENT", Text, "lcodqis", ""),
    ("UTM_TERM", Text, "lcodqis", ""),
];

/// The fields that every portal's records of this kind have and that a sheet may name.
pub(super) fn standard_fields(entity: EntityKind) -> Vec<FieldMeta> {
    let letter = match entity {
        EntityKind::Lead => 'l',
        EntityKind::Contact => 'c',
        EntityKind::Company => 'o',
        EntityKind::Deal => 'd',
        EntityKind::Quote => 'q',
        EntityKind::Invoice => 'i',
        EntityKind::Smart(_) => 's',
    };
    let meta = |&(code, kind, _, access): &(&str, FieldKind, &str, &str)| FieldMeta {
        code: FieldCode::from(code),
        title: code.to_owned(),
        kind,
        required: false,
        read_only: access == READ_ONLY,
        multiple: kind.is_contact(),
        choices: Vec::new(),
    };
    FIELDS.iter().filter(|field| field.2.contains(letter)).map(meta).collect()
}
