//! What each entity is made of: `fields.tsv`, the types' and the user's own fields.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::state::{State, UserField};

pub(crate) const LEAD: u32 = 1;
pub(crate) const DEAL: u32 = 2;
pub(crate) const CONTACT: u32 = 3;
pub(crate) const COMPANY: u32 = 4;
pub(crate) const QUOTE: u32 = 7;
pub(crate) const INVOICE: u32 = 31;
pub(crate) const SYSTEM_TYPES: [u32; 6] = [LEAD, DEAL, CONTACT, COMPANY, QUOTE, INVOICE];
/// Smart process types start here.
pub(crate) const FIRST_DYNAMIC: u32 = 128;

/// Column of the language in the TSV files, after the technical ones.
pub(crate) const LANGUAGES: [&str; 4] = ["en", "tr", "ru", "de"];

const ENTITIES: [(&str, u32); 6] = [
    ("lead", LEAD),
    ("deal", DEAL),
    ("contact", CONTACT),
    ("company", COMPANY),
    ("quote", QUOTE),
    ("invoice", INVOICE),
];

/// `lead`, `INVOICE`, or a number.
pub(crate) fn entity_type(name: &str) -> Option<u32> {
    let known = ENTITIES.iter().find(|(entity, _)| entity.eq_ignore_ascii_case(name));
    known.map(|(_, id)| *id).or_else(|| name.parse().ok())
}

pub(crate) fn entity_name(type_id: u32) -> String {
    let known = ENTITIES.iter().find(|(_, id)| *id == type_id);
    known.map_or_else(|| type_id.to_string(), |(name, _)| (*name).to_owned())
}

fn letter(type_id: u32) -> char {
    match type_id {
        LEAD => 'L',
        DEAL => 'D',
        CONTACT => 'C',
        COMPANY => 'K',
        QUOTE => 'Q',
        INVOICE => 'S',
        _ => 'T',
    }
}

#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "the vendor's metadata are flags")]
pub(crate) struct Field {
    pub upper: String,
    /// The name in crm.item.*, for a user field its converted one.
    pub item: String,
    pub kind: String,
    pub read_only: bool,
    /// Read-only, but its description says otherwise: issue 58 of
    /// <https://github.com/bitrix-tools/b24-rest-docs>.
    pub said_writable: bool,
    pub required: bool,
    pub immutable: bool,
    pub multiple: bool,
    pub legacy_only: bool,
    pub item_only: bool,
    /// Made by the portal's own people.
    pub is_own: bool,
    pub directory: String,
    pub titles: [String; 4],
    pub options: Vec<(String, String)>,
}

impl Field {
    fn from_row(row: &str) -> Option<(&str, Self)> {
        let columns: Vec<&str> = row.split('\t').collect();
        let [letters, upper, item, kind, flags, directory, titles @ ..] = columns.as_slice() else {
            return None;
        };
        let field = Self {
            upper: (*upper).to_owned(),
            item: (*item).to_owned(),
            kind: (*kind).to_owned(),
            read_only: flags.contains(['r', 'w']),
            said_writable: flags.contains('w'),
            required: false,
            immutable: flags.contains('i'),
            multiple: flags.contains('m'),
            legacy_only: flags.contains('l'),
            item_only: flags.contains('n'),
            is_own: false,
            directory: (*directory).to_owned(),
            titles: std::array::from_fn(|i| titles.get(i).copied().unwrap_or_default().to_owned()),
            options: Vec::new(),
        };
        Some((letters, field))
    }

    fn from_user_field(own: &UserField) -> Self {
        Self {
            upper: own.field_name.clone(),
            item: item_name(&own.field_name),
            kind: own.kind.clone(),
            read_only: false,
            said_writable: false,
            required: own.mandatory,
            immutable: false,
            multiple: own.multiple,
            legacy_only: false,
            item_only: false,
            is_own: true,
            directory: String::new(),
            titles: std::array::from_fn(|_| own.label.clone()),
            options: own.items.iter().map(|item| (item.id.clone(), item.value.clone())).collect(),
        }
    }

    pub fn is_multifield(&self) -> bool {
        self.kind == "crm_multifield"
    }

    /// One field as `.fields` describes it; the old methods know no
    /// `upperName` and name booleans `char`.
    pub fn describe(&self, language: usize, for_item: bool, directory: &str) -> Value {
        let char_type = !for_item && self.kind == "boolean" && !self.is_own;
        let label = &self.titles[language];
        let title = if self.is_own && !for_item { &self.upper } else { label };
        let mut about = Map::from_iter([
            ("type".to_owned(), json!(if char_type { "char" } else { self.kind.as_str() })),
            ("isRequired".to_owned(), json!(self.required)),
            ("isReadOnly".to_owned(), json!(self.read_only && !self.said_writable)),
            ("isImmutable".to_owned(), json!(self.immutable && !for_item)),
            ("isMultiple".to_owned(), json!(self.multiple)),
            ("isDynamic".to_owned(), json!(self.is_own)),
            ("title".to_owned(), json!(title)),
        ]);
        if !directory.is_empty() {
            about.insert("statusType".to_owned(), json!(directory));
        }
        if for_item {
            about.insert("upperName".to_owned(), json!(self.upper));
        }
        if self.is_own {
            for name in ["listLabel", "formLabel", "filterLabel"] {
                about.insert(name.to_owned(), json!(label));
            }
        }
        if self.kind == "enumeration" {
            let option = |(id, value): &(String, String)| json!({"ID": id, "VALUE": value});
            about.insert("items".to_owned(), self.options.iter().map(option).collect());
        }
        Value::Object(about)
    }
}

/// The camelCase name of a user field; where letters and digits mix or no
/// type number leads, the portal only swaps the prefix.
pub(crate) fn item_name(upper: &str) -> String {
    let Some(rest) = upper.strip_prefix("UF_CRM_") else { return upper.to_owned() };
    let parts: Vec<&str> = rest.split('_').collect();
    let digits = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    let letters = |part: &&str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let regular = parts.len() > 1 && digits(&parts[0]) && parts.iter().all(|part| digits(part) || letters(part));
    if !regular {
        return format!("ufCrm_{rest}");
    }
    let mut name = format!("ufCrm{}", parts[0]);
    for part in &parts[1..] {
        if digits(part) {
            name.push('_');
        }
        name.push_str(&part[..part.len().min(1)]);
        name.push_str(&part.get(1..).unwrap_or_default().to_lowercase());
    }
    name
}

static CATALOGUE: LazyLock<Vec<(&str, Field)>> = LazyLock::new(|| {
    let rows = include_str!("fields.tsv").lines().filter(|row| !row.starts_with('#'));
    rows.filter_map(Field::from_row).collect()
});

/// All fields of one type: the system's, then the user's.
pub(super) fn catalogue(type_id: u32, own: &[UserField]) -> Vec<Field> {
    let letter = letter(type_id);
    let system = CATALOGUE.iter().filter(|(letters, _)| letters.contains(letter));
    let own = own.iter().filter(|field| field.type_id == type_id);
    system.map(|(_, field)| field.clone()).chain(own.map(Field::from_user_field)).collect()
}

/// The directory behind a status field; stages have one per pipeline.
pub(super) fn directory(field: &Field, type_id: u32, category: i64) -> String {
    match (field.directory.as_str(), type_id) {
        ("@STAGE", DEAL) if category == 0 => "DEAL_STAGE".to_owned(),
        ("@STAGE", DEAL) => format!("DEAL_STAGE_{category}"),
        ("@STAGE", INVOICE) => format!("SMART_INVOICE_STAGE_{category}"),
        ("@STAGE", _) => format!("DYNAMIC_{type_id}_STAGE_{category}"),
        (name, _) => name.to_owned(),
    }
}

/// `crm.item.fields` or `crm.X.fields`, without the envelope.
pub(crate) fn describe_all(state: &State, type_id: u32, for_item: bool, original_names: bool) -> Map<String, Value> {
    let category = state.default_category(type_id);
    let visible = |field: &&Field| if for_item { !field.legacy_only } else { !field.item_only };
    let named = |field: &Field| {
        let name = if !for_item || (field.is_own && original_names) { &field.upper } else { &field.item };
        let directory = directory(field, type_id, category);
        (name.clone(), field.describe(state.language, for_item, &directory))
    };
    state.fields(type_id).iter().filter(visible).map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("UF_CRM_3_DIGIT", "ufCrm3Digit")]
    #[case("UF_CRM_3_1747309727", "ufCrm3_1747309727")]
    #[case("UF_CRM_3_DIGIT10", "ufCrm_3_DIGIT10")]
    #[case("UF_CRM_1747309879", "ufCrm_1747309879")]
    fn user_fields_have_the_names_of_the_documentation(#[case] upper: &str, #[case] item: &str) {
        assert_eq!(item_name(upper), item);
    }

    #[test]
    fn every_row_of_the_table_is_read() {
        let rows = include_str!("fields.tsv").lines().filter(|row| !row.starts_with('#')).count();
        assert_eq!(CATALOGUE.len(), rows);
        assert!(CATALOGUE.iter().all(|(_, field)| field.titles.iter().all(|t| !t.is_empty())));
    }
}
