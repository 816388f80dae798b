//! Between Bitrix24's values and ours.

use kopru_domain::{Choice, ContactKind, FieldCode, FieldKind, FieldMeta, FieldValue};
use serde_json::{Value, json};

use crate::wire::id;

/// A value as it is written ([data types](https://apidocs.bitrix24.com/api-reference/crm/data-types.html)).
/// Text throughout: a batch knows nothing else.
pub(crate) fn wire(value: &FieldValue) -> Value {
    match value {
        FieldValue::Empty => json!(""),
        FieldValue::Text(text) | FieldValue::Choice(text) => json!(text),
        FieldValue::Number(number) => json!(number.to_string()),
        FieldValue::Money(amount, currency) => json!(format!("{amount}|{currency}")),
        FieldValue::Flag(flag) => json!(if *flag { "Y" } else { "N" }),
        FieldValue::Date(date) => json!(date.to_string()),
        FieldValue::DateTime(moment) => json!(moment.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()),
        FieldValue::Many(items) => items.iter().map(wire).collect(),
        FieldValue::Contacts(items) => items.iter().map(|item| json!(item.value)).collect(),
    }
}

pub(crate) fn contact_type(kind: ContactKind) -> &'static str {
    match kind {
        ContactKind::Work => "WORK",
        ContactKind::Mobile => "MOBILE",
        ContactKind::Fax => "FAX",
        ContactKind::Home => "HOME",
        ContactKind::Other => "OTHER",
    }
}

pub(crate) fn contact_kind(text: &str) -> ContactKind {
    match text {
        "WORK" => ContactKind::Work,
        "MOBILE" => ContactKind::Mobile,
        "FAX" => ContactKind::Fax,
        "HOME" => ContactKind::Home,
        _ => ContactKind::Other,
    }
}

/// A field's name in entities whose methods do not list their multi-fields.
pub(crate) fn contact_field(code: &str) -> Option<FieldKind> {
    Some(match code {
        "PHONE" => FieldKind::Phone,
        "EMAIL" => FieldKind::Email,
        "WEB" => FieldKind::Web,
        "IM" => FieldKind::Messenger,
        _ => return None,
    })
}

/// Written by Köprü itself, to find a record after a crash.
const OWN: [&str; 4] = ["ORIGINATOR_ID", "ORIGIN_ID", "ORIGIN_VERSION", "XML_ID"];

/// A field's description; its directory's choices come later.
pub(crate) fn field(name: &str, wire: &Value) -> FieldMeta {
    let code = wire["upperName"].as_str().unwrap_or(name);
    let flag = |key: &str| wire[key] == true;
    let kind = contact_field(code).unwrap_or_else(|| kind(wire["type"].as_str().unwrap_or_default()));
    FieldMeta {
        code: FieldCode::from(code),
        title: title(code, wire),
        kind,
        required: flag("isRequired"),
        read_only: flag("isReadOnly") || OWN.contains(&code),
        multiple: flag("isMultiple") && !kind.is_contact(),
        choices: wire["items"].as_array().into_iter().flatten().filter_map(item).collect(),
    }
}

/// The title of a field that people added is its code; what they see is in its labels.
fn title(code: &str, wire: &Value) -> String {
    let label = |key: &str| wire[key].as_str().filter(|text| !text.is_empty() && *text != code);
    label("formLabel").or(label("listLabel")).or(label("title")).unwrap_or(code).to_owned()
}

fn item(wire: &Value) -> Option<Choice> {
    let label = wire["VALUE"].as_str()?.to_owned();
    Some(Choice { id: id(&wire["ID"])?, label, aliases: Vec::new() })
}

fn kind(name: &str) -> FieldKind {
    match name {
        "string" | "text" | "address" => FieldKind::Text,
        "integer" | "int" => FieldKind::Integer,
        "double" | "float" => FieldKind::Double,
        "money" => FieldKind::Money,
        "boolean" | "char" => FieldKind::Flag,
        "date" => FieldKind::Date,
        "datetime" => FieldKind::DateTime,
        "enumeration" | "crm_status" | "crm_currency" | "crm_category" => FieldKind::Choice,
        "user" | "employee" => FieldKind::User,
        "url" => FieldKind::Link,
        "crm_lead" | "crm_contact" | "crm_company" | "crm_deal" | "crm_quote" | "crm_entity" => FieldKind::Reference,
        _ => FieldKind::Other,
    }
}

/// A directory's entry ([crm.status.list](https://apidocs.bitrix24.com/api-reference/crm/status/crm-status-list.html)).
pub(crate) fn status(wire: &Value) -> Option<Choice> {
    let id = wire["STATUS_ID"].as_str()?.to_owned();
    Some(Choice { id, label: wire["NAME"].as_str()?.to_owned(), aliases: Vec::new() })
}

/// A person, also known by the address and by the surname first.
pub(crate) fn user(wire: &Value) -> Option<Choice> {
    let text = |key: &str| wire[key].as_str().unwrap_or_default().trim().to_owned();
    let (given, surname, email) = (text("NAME"), text("LAST_NAME"), text("EMAIL"));
    let joined = |parts: [&str; 2]| parts.join(" ").trim().to_owned();
    let label = joined([&given, &surname]);
    let aliases = [email.clone(), joined([&surname, &given])];
    let aliases = aliases.into_iter().filter(|alias| !alias.is_empty() && *alias != label).collect();
    Some(Choice { id: id(&wire["ID"])?, label: if label.is_empty() { email } else { label }, aliases })
}

pub(crate) fn currency(wire: &Value) -> Option<Choice> {
    let id = wire["CURRENCY"].as_str()?.to_owned();
    let aliases = wire["FULL_NAME"].as_str().map(str::to_owned).into_iter().collect();
    Some(Choice { label: id.clone(), id, aliases })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(FieldValue::Flag(true), json!("Y"))]
    #[case(FieldValue::Number("1200.5".parse().unwrap()), json!("1200.5"))]
    #[case(FieldValue::Money("300".parse().unwrap(), "RUB".into()), json!("300|RUB"))]
    #[case(FieldValue::Date("2026-12-31".parse().unwrap()), json!("2026-12-31"))]
    #[case(FieldValue::DateTime("2026-12-31T10:00:00Z".parse().unwrap()), json!("2026-12-31T10:00:00+00:00"))]
    #[case(FieldValue::Many(vec![FieldValue::Choice("81".into())]), json!(["81"]))]
    #[case(FieldValue::Empty, json!(""))]
    fn values_are_written_as_documented(#[case] to: FieldValue, #[case] expected: Value) {
        assert_eq!(wire(&to), expected);
    }

    /// A file that is not sent again is deleted, and a binding has several spellings: neither is written.
    #[rstest]
    #[case("file", FieldKind::Other)]
    #[case("crm", FieldKind::Other)]
    #[case("crm_status", FieldKind::Choice)]
    #[case("char", FieldKind::Flag)]
    #[case("employee", FieldKind::User)]
    fn types_have_kinds(#[case] name: &str, #[case] expected: FieldKind) {
        assert_eq!(kind(name), expected);
    }

    #[test]
    fn a_field_that_people_added_has_its_label_for_a_title() {
        let wire = json!({ "type": "enumeration", "title": "UF_CRM_1", "formLabel": "Bölge", "isMultiple": true,
            "items": [{ "ID": "81", "VALUE": "Ege" }] });
        let found = field("UF_CRM_1", &wire);
        assert_eq!((found.title.as_str(), found.kind, found.multiple), ("Bölge", FieldKind::Choice, true));
        assert_eq!(found.choices[0].id, "81");
    }

    #[test]
    fn a_person_is_known_by_address_and_by_surname_first() {
        let found =
            user(&json!({ "ID": "7", "NAME": "Ece", "LAST_NAME": "Tasarı", "EMAIL": "ece@a.example" })).unwrap();
        assert_eq!(found.label, "Ece Tasarı");
        assert_eq!(found.aliases, ["ece@a.example", "Tasarı Ece"]);
    }
}
