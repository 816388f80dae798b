//! Phones, addresses and pages are edited by their ids: what a record has is read first
//! ([multi-fields](https://apidocs.bitrix24.com/api-reference/crm/contacts/crm-contact-update.html)).

use kopru_domain::multi::{ContactEdit, ContactEntry, contact_edits};
use kopru_domain::{ContactValue, FieldChange, FieldCode, FieldKind, FieldValue};
use serde_json::{Value, json};

use crate::map::{contact_field, contact_kind, contact_type};
use crate::wire::id;

/// The kind of a change that is about phones, addresses or pages.
pub(crate) fn kind(code: &FieldCode) -> Option<FieldKind> {
    contact_field(code.as_str())
}

fn list(value: &FieldValue) -> &[ContactValue] {
    match value {
        FieldValue::Contacts(items) => items,
        _ => &[],
    }
}

/// What is written for one field of a record that has `current`, as `crm.X.get` gave it; `None` when
/// nothing is to be done.
pub(crate) fn classic(kind: FieldKind, current: &Value, change: &FieldChange) -> Option<Value> {
    let entries: Vec<ContactEntry> = current.as_array().into_iter().flatten().filter_map(entry).collect();
    let edits = contact_edits(kind, &entries, list(&change.from), list(&change.to));
    let wire = |edit: &ContactEdit| match edit {
        ContactEdit::Add(value) => json!({ "VALUE": value.value, "VALUE_TYPE": contact_type(value.kind) }),
        ContactEdit::Replace { id, value } => json!({ "ID": id, "VALUE": value }),
        ContactEdit::Remove { id } => json!({ "ID": id, "DELETE": "Y" }),
    };
    (!edits.is_empty()).then(|| edits.iter().map(wire).collect())
}

fn entry(wire: &Value) -> Option<ContactEntry> {
    let value = wire["VALUE"].as_str()?.to_owned();
    let kind = contact_kind(wire["VALUE_TYPE"].as_str().unwrap_or_default());
    Some(ContactEntry { id: id(&wire["ID"])?, value: ContactValue { value, kind } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use kopru_domain::multi::work;

    fn phones(texts: &[&str]) -> FieldValue {
        FieldValue::Contacts(texts.iter().map(|text| work(*text)).collect())
    }

    #[test]
    fn the_documented_edit_by_id() {
        let current = json!([
            { "ID": "223", "VALUE_TYPE": "WORK", "VALUE": "+49301111", "TYPE_ID": "PHONE" },
            { "ID": "224", "VALUE_TYPE": "WORK", "VALUE": "+49302222", "TYPE_ID": "PHONE" },
            { "ID": "225", "VALUE_TYPE": "HOME", "VALUE": "+49303333", "TYPE_ID": "PHONE" },
        ]);
        let change = FieldChange { from: phones(&["+49301111", "+49302222"]), to: phones(&["+4930123"]) };
        let expected = json!([{ "ID": "223", "VALUE": "+4930123" }, { "ID": "224", "DELETE": "Y" }]);
        assert_eq!(classic(FieldKind::Phone, &current, &change), Some(expected));
    }

    /// An id without a value deletes, an empty list does nothing, and a row without an id is one more.
    #[test]
    fn no_row_is_sent_with_its_id_alone() {
        let current = json!([{ "ID": "1", "VALUE": "+1", "VALUE_TYPE": "WORK" }, { "ID": "2", "VALUE": "+2" }]);
        let lists: [&[&str]; 5] = [&[], &["+1"], &["+2"], &["+1", "+2"], &["+3", "+1"]];
        for (from, to) in lists.iter().flat_map(|from| lists.iter().map(move |to| (from, to))) {
            let change = FieldChange { from: phones(from), to: phones(to) };
            let Some(rows) = classic(FieldKind::Phone, &current, &change) else { continue };
            let rows = rows.as_array().unwrap();
            let is_plain =
                |row: &Value| row["DELETE"] == "Y" || row["VALUE"].as_str().is_some_and(|value| !value.is_empty());
            assert!(!rows.is_empty() && rows.iter().all(is_plain), "{rows:?}");
        }
    }

    #[test]
    fn what_is_there_already_is_not_written() {
        let current = json!([{ "ID": "1", "VALUE": "+49 30 123", "VALUE_TYPE": "WORK" }]);
        let change = FieldChange { from: FieldValue::Empty, to: phones(&["+4930123"]) };
        assert_eq!(classic(FieldKind::Phone, &current, &change), None);
    }
}
