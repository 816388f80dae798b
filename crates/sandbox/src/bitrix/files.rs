//! Files in fields of a user: a new one is `["name.ext", base64]`, an old one
//! `{"id": 5}`, and what a list does not name again is gone.
//! <https://apidocs.bitrix24.com/api-reference/files/how-to-update-files.html>

use serde_json::{Value, json};

use super::params::{elements, integer, text};

/// What a write wants: `id` is null for a new file, an empty text clears.
pub(super) fn accept(value: &Value, multiple: bool) -> Option<Value> {
    if multiple {
        return Some(elements(value).iter().filter_map(one).collect());
    }
    if text(value).is_empty() { Some(json!("")) } else { one(value) }
}

fn one(value: &Value) -> Option<Value> {
    match value {
        Value::Array(parts) => match parts.as_slice() {
            [Value::String(name), Value::String(_)] => Some(json!({"id": null, "name": name})),
            _ => None,
        },
        Value::Object(known) => known.get("id").map(|id| json!({"id": integer(id)})),
        _ => None,
    }
}

/// Numbers what is new; of the old files only those stay that are there.
pub(super) fn settle(old: &Value, new: &mut Value, mut next_id: impl FnMut() -> u64) {
    // A single file is an object, which is no list of its parts.
    let old = match old {
        Value::Object(_) => vec![old.clone()],
        _ => elements(old),
    };
    let mut kept = |file: &Value| {
        if file["id"].is_null() {
            return Some(json!({"id": next_id(), "name": file["name"]}));
        }
        old.iter().find(|known| known["id"] == file["id"]).cloned()
    };
    *new = match &*new {
        Value::Array(files) => files.iter().filter_map(kept).collect(),
        Value::Object(_) => kept(new).unwrap_or_else(|| old.first().cloned().unwrap_or_default()),
        other => other.clone(),
    };
}
