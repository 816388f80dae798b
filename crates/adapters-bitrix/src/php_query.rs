//! Commands of a batch are query strings as PHP reads them
//! ([data encoding](https://apidocs.bitrix24.com/settings/how-to-call-rest-api/data-encoding.html)).

use std::fmt::Write as _;

use serde_json::Value;

/// `method?fields[PHONE][0][VALUE]=…`, everything but unreserved signs percent-encoded: a raw `#` would cut
/// the rest off, a raw `+` would become a blank.
pub(crate) fn command(method: &str, params: &Value) -> String {
    let mut pairs = Vec::new();
    flatten("", params, &mut pairs);
    format!("{method}?{}", pairs.join("&"))
}

fn flatten(name: &str, value: &Value, pairs: &mut Vec<String>) {
    let child = |key: &str| if name.is_empty() { encode(key) } else { format!("{name}[{}]", encode(key)) };
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                flatten(&child(key), value, pairs);
            }
        }
        // An empty list is one empty element: nothing at all would leave the field as it is.
        Value::Array(items) if items.is_empty() => pairs.push(format!("{name}[]=")),
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                flatten(&child(&at.to_string()), value, pairs);
            }
        }
        Value::Null => pairs.push(format!("{name}=")),
        Value::Bool(flag) => pairs.push(format!("{name}={}", if *flag { "1" } else { "0" })),
        Value::Number(number) => pairs.push(format!("{name}={number}")),
        Value::String(text) => pairs.push(format!("{name}={}", encode(text))),
    }
}

fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(byte.into());
        } else {
            // Writing to a text cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Whether Bitrix24 would read a part of some text as a reference to another command's answer.
pub(crate) fn refers(value: &Value) -> bool {
    match value {
        Value::String(text) => ["$result", "$next", "$total", "$time", "$error"].iter().any(|name| text.contains(name)),
        Value::Array(items) => items.iter().any(refers),
        Value::Object(map) => map.values().any(refers),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn signs_with_a_meaning_are_encoded() {
        let params = json!({ "id": 351, "fields": { "TITLE": "A & B #c +1 ş?", "PHONE": [{ "ID": "7", "VALUE": "+90" }], "UF_X": [] } });
        assert_eq!(
            command("crm.deal.update", &params),
            "crm.deal.update?id=351&fields[TITLE]=A%20%26%20B%20%23c%20%2B1%20%C5%9F%3F&fields[PHONE][0][ID]=7&fields[PHONE][0][VALUE]=%2B90&fields[UF_X][]="
        );
    }

    #[test]
    fn scalars_are_texts_and_an_empty_list_is_one_empty_element() {
        let params = json!({ "a": true, "b": false, "c": null, "d": 1.5, "e": [], "f": [[]], "g[": "]" });
        assert_eq!(command("m", &params), "m?a=1&b=0&c=&d=1.5&e[]=&f[0][]=&g%5B=%5D");
    }

    #[test]
    fn references_are_seen_wherever_they_stand() {
        assert!(refers(&json!({ "fields": { "TITLE": ["a $result[c0]"] } })));
        assert!(!refers(&json!({ "fields": { "TITLE": "$100, result" } })));
    }
}
