//! Phones, e-mails, sites and messengers: rows with ids of their own, and two
//! ways of writing them.

use serde_json::{Map, Value, json};

use super::{
    errors::RestError,
    params::{indexed, text, truthy},
};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub id: u64,
    pub type_id: String,
    pub value: String,
    pub value_type: String,
}

impl Row {
    pub fn legacy(&self) -> Value {
        json!({"ID": self.id.to_string(), "VALUE_TYPE": self.value_type, "VALUE": self.value, "TYPE_ID": self.type_id})
    }

    pub fn item(&self) -> Value {
        json!({"id": self.id, "typeId": self.type_id, "valueType": self.value_type, "value": self.value})
    }
}

/// One intended change of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Write {
    Add { type_id: String, value: String, value_type: Option<String> },
    Edit { id: u64, type_id: String, value: String, value_type: Option<String> },
    Delete { id: u64 },
}

/// The old methods' `PHONE: [{ID, VALUE, VALUE_TYPE}]`. An ID without a VALUE
/// deletes; no ID adds; an empty list does nothing.
/// <https://apidocs.bitrix24.com/api-reference/crm/contacts/crm-contact-update.html>
pub(super) fn legacy_writes(type_id: &str, value: &Value) -> Result<Vec<Write>, RestError> {
    let rows = match value {
        Value::Array(list) => list.clone(),
        Value::Object(map) => map.values().cloned().collect(),
        _ => return Ok(Vec::new()),
    };
    let mut writes = Vec::new();
    for row in rows.iter().filter_map(Value::as_object) {
        let id = row.get("ID").and_then(|id| text(id).parse::<u64>().ok()).filter(|id| *id > 0);
        let value = row.get("VALUE").map(text).unwrap_or_default();
        let value_type = row.get("VALUE_TYPE").map(text).filter(|kind| !kind.is_empty());
        let deleted = truthy(row.get("DELETE")) || value.is_empty();
        if !deleted && type_id == "EMAIL" && !is_email(&value) {
            return Err(RestError::bad("ERROR_CORE", format!("Invalid e-mail address: {value}")));
        }
        let type_id = type_id.to_owned();
        writes.extend(match id {
            Some(id) if deleted => Some(Write::Delete { id }),
            Some(id) => Some(Write::Edit { id, type_id, value, value_type }),
            None if deleted => None,
            None => Some(Write::Add { type_id, value, value_type }),
        });
    }
    Ok(writes)
}

/// crm.item's `fm`: the key decides. A row without `typeId` is passed over in
/// silence, a list only adds, and a text is no rows at all.
/// <https://apidocs.bitrix24.com/tutorials/crm/how-to-edit-crm-objects/how-to-change-email-or-phone.html>
pub(super) fn item_writes(fm: &Value) -> Vec<Write> {
    let (rows, only_add) = match fm {
        Value::Object(map) => (map.clone(), false),
        Value::Array(list) => (indexed(list), true),
        _ => return Vec::new(),
    };
    rows.iter()
        .filter_map(|(key, row)| {
            let id = key.parse::<u64>().ok().filter(|_| !only_add);
            item_write(id, row.as_object()?)
        })
        .collect()
}

fn item_write(id: Option<u64>, row: &Map<String, Value>) -> Option<Write> {
    let type_id = row.get("typeId").map(text).filter(|kind| !kind.is_empty())?;
    let value = row.get("value").map(text).unwrap_or_default();
    let value_type = row.get("valueType").map(text).filter(|kind| !kind.is_empty());
    match id {
        Some(id) if value.is_empty() => Some(Write::Delete { id }),
        Some(id) => Some(Write::Edit { id, type_id, value, value_type }),
        None if value.is_empty() => None,
        None => Some(Write::Add { type_id, value, value_type }),
    }
}

/// Applies the writes; `next_id` numbers new rows. An unknown id makes a new row.
pub(super) fn apply(rows: &mut Vec<Row>, writes: &[Write], mut next_id: impl FnMut() -> u64) {
    for write in writes {
        match write {
            Write::Delete { id } => rows.retain(|row| row.id != *id),
            Write::Edit { id, type_id, value, value_type } => {
                if let Some(row) = rows.iter_mut().find(|row| row.id == *id) {
                    row.value.clone_from(value);
                    row.value_type.clone_from(value_type.as_ref().unwrap_or(&row.value_type.clone()));
                } else {
                    rows.push(new_row(next_id(), type_id, value, value_type.as_deref()));
                }
            }
            Write::Add { type_id, value, value_type } => {
                rows.push(new_row(next_id(), type_id, value, value_type.as_deref()));
            }
        }
    }
}

fn new_row(id: u64, type_id: &str, value: &str, value_type: Option<&str>) -> Row {
    Row {
        id,
        type_id: type_id.to_owned(),
        value: value.to_owned(),
        value_type: value_type.unwrap_or("WORK").to_owned(),
    }
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    !name.is_empty() && host.contains('.') && !host.contains(['@', ' ']) && !name.contains(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn rows() -> Vec<Row> {
        vec![new_row(223, "PHONE", "+49301", Some("WORK")), new_row(224, "PHONE", "+49302", Some("HOME"))]
    }

    fn after(writes: &[Write]) -> Vec<(u64, String)> {
        let mut rows = rows();
        apply(&mut rows, writes, || 300);
        rows.into_iter().map(|row| (row.id, row.value)).collect()
    }

    #[rstest]
    #[case::edits(json!([{"ID": 223, "VALUE": "+49309", "VALUE_TYPE": "WORK"}]), &[(223, "+49309"), (224, "+49302")])]
    #[case::no_id_adds(json!([{"VALUE": "+49303"}]), &[(223, "+49301"), (224, "+49302"), (300, "+49303")])]
    #[case::delete_flag(json!([{"ID": 224, "DELETE": "Y"}]), &[(223, "+49301")])]
    #[case::empty_value_deletes(json!([{"ID": "224", "VALUE": ""}]), &[(223, "+49301")])]
    #[case::id_alone_deletes(json!([{"ID": 224}]), &[(223, "+49301")])]
    #[case::empty_list_does_nothing(json!([]), &[(223, "+49301"), (224, "+49302")])]
    fn the_old_methods(#[case] phone: Value, #[case] expected: &[(u64, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(id, v)| (*id, (*v).to_owned())).collect();
        assert_eq!(after(&legacy_writes("PHONE", &phone).unwrap()), expected);
    }

    #[rstest]
    #[case::edits(json!({"223": {"typeId": "PHONE", "value": "+49309"}}), &[(223, "+49309"), (224, "+49302")])]
    #[case::deletes(json!({"224": {"typeId": "PHONE", "value": ""}}), &[(223, "+49301")])]
    #[case::adds(json!({"n0": {"typeId": "PHONE", "value": "+49303"}}), &[(223, "+49301"), (224, "+49302"), (300, "+49303")])]
    #[case::no_type_is_nothing(json!({"224": {"value": ""}}), &[(223, "+49301"), (224, "+49302")])]
    #[case::list_only_adds(json!([{"typeId": "PHONE", "value": "+49303"}]), &[(223, "+49301"), (224, "+49302"), (300, "+49303")])]
    #[case::unknown_id_adds(json!({"999": {"typeId": "PHONE", "value": "+49303"}}), &[(223, "+49301"), (224, "+49302"), (300, "+49303")])]
    #[case::text_is_nothing(json!("+49303"), &[(223, "+49301"), (224, "+49302")])]
    fn crm_item(#[case] fm: Value, #[case] expected: &[(u64, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(id, v)| (*id, (*v).to_owned())).collect();
        assert_eq!(after(&item_writes(&fm)), expected);
    }

    #[test]
    fn an_address_without_a_host_is_refused() {
        let error = legacy_writes("EMAIL", &json!([{"VALUE": "nobody"}])).unwrap_err();
        assert_eq!(error.code, "ERROR_CORE");
    }
}
