//! The adapter's requests against Resend's own description of its interface.

use std::path::PathBuf;

use serde_json::{Value, json};

/// Resend's description, where the folder with the vendors' is known.
#[expect(clippy::disallowed_methods, reason = "the tests' only setting")]
fn document() -> Option<Value> {
    let file = PathBuf::from(std::env::var("KOPRU_SPECS").ok()?).join("resend.json");
    Some(serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap())
}

/// Panics when the body of an e-mail is not as described. Without a description everything passes.
pub fn check(body: &Value) {
    if let Some(document) = document() {
        let schema = &document["components"]["schemas"]["SendEmailRequest"];
        let wrong = faults(&document, schema, body, "email");
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

fn faults(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let schema = schema["$ref"].as_str().map_or(schema, |name| document.pointer(&name[1..]).unwrap());
    if let Some(either) = schema["oneOf"].as_array() {
        let fits = either.iter().filter(|schema| faults(document, schema, value, place).is_empty()).count();
        return if fits == 1 { Vec::new() } else { vec![format!("{place} is none of what it may be")] };
    }
    match (schema["type"].as_str(), value) {
        (Some("string"), Value::String(_)) => Vec::new(),
        (Some("array"), Value::Array(items)) => {
            items.iter().flat_map(|item| faults(document, &schema["items"], item, place)).collect()
        }
        (Some("object"), Value::Object(fields)) => {
            let Some(known) = schema["properties"].as_object() else { return Vec::new() };
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let missing =
                required.filter(|name| !fields.contains_key(*name)).map(|name| format!("{place}.{name} is missing"));
            let given = fields.iter().flat_map(|(name, value)| match known.get(name) {
                Some(schema) => faults(document, schema, value, &format!("{place}.{name}")),
                None => vec![format!("{place}.{name} is not described")],
            });
            missing.chain(given).collect()
        }
        (kind, _) => vec![format!("{place} is not {kind:?}")],
    }
}

#[test]
fn what_is_not_described_is_noticed() {
    let Some(document) = document() else {
        println!("skipped: KOPRU_SPECS is not set");
        return;
    };
    let schema = &document["components"]["schemas"]["SendEmailRequest"];
    let found = |body: &Value| faults(&document, schema, body, "email");
    assert_eq!(found(&json!({ "from": "a", "to": "b", "subject": "c" })), [""; 0]);
    assert_eq!(found(&json!({ "from": "a", "to": ["b"] })), ["email.subject is missing"]);
    let wrong = json!({ "from": "a", "to": 5, "subject": "c", "body": "d", "tags": [{ "key": "e" }] });
    let mut all = found(&wrong);
    // A JSON object keeps its order or not, by what other crates of a build ask of `serde_json`.
    all.sort_unstable();
    let expected =
        ["email.body is not described", "email.tags.key is not described", "email.to is none of what it may be"];
    assert_eq!(all, expected);
}
