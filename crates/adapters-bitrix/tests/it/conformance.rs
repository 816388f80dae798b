//! The adapter's requests against the vendor's own description of its methods.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::portal::Call;

/// Documented, but not in the description, which holds the CRM's methods and those of users; `token` is the
/// authorization server's.
const ELSEWHERE: [&str; 4] = ["batch", "profile", "user.current", "token"];
/// An app's calls all have it.
const TOKEN: &str = "auth";
/// Documented, but lost when the description was made from its pages.
const LOST: [(&str, &str); 4] = [
    ("crm.lead.list", "order"),
    ("crm.quote.list", "order"),
    ("crm.currency.list", "start"),
    ("crm.status.list", "start"),
];

/// The folder with the vendors' descriptions, where there is one.
#[expect(clippy::disallowed_methods, reason = "the tests' only setting")]
fn folder() -> Option<PathBuf> {
    std::env::var("KOPRU_SPECS").ok().map(PathBuf::from)
}

fn methods() -> Option<Map<String, Value>> {
    let text = std::fs::read_to_string(folder()?.join("bitrix24_methods.json")).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

/// Panics when one of the calls is not as described. Without a description everything passes.
pub fn check(calls: &[Call]) {
    if let Some(methods) = methods() {
        let wrong: Vec<String> = calls.iter().flat_map(|call| faults(&methods, call)).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

fn faults(methods: &Map<String, Value>, (method, params): &Call) -> Vec<String> {
    if method == "batch" {
        let commands = params["cmd"].as_object().unwrap().values();
        return commands.flat_map(|command| faults(methods, &parsed(command.as_str().unwrap()))).collect();
    }
    if ELSEWHERE.contains(&method.as_str()) {
        return Vec::new();
    }
    let Some(described) = methods.get(method) else { return vec![format!("{method} is not described")] };
    let described = described["params"].as_array().unwrap();
    let is_known =
        |name: &str| described.iter().any(|param| param["name"] == name) || LOST.contains(&(method.as_str(), name));
    let sent = params.as_object().unwrap();
    let unknown =
        sent.keys().filter(|name| !is_known(name) && *name != TOKEN).map(|name| format!("{method} knows no {name}"));
    let missing = described
        .iter()
        .filter(|param| param["required"] == true && !sent.contains_key(param["name"].as_str().unwrap()))
        .map(|param| format!("{method} wants {}", param["name"]));
    unknown.chain(missing).collect()
}

/// A batch's command with the names of its parameters; what is in them is not described.
fn parsed(command: &str) -> Call {
    let (method, query) = command.split_once('?').unwrap();
    let names = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split(['[', '=']).next().unwrap());
    (method.to_owned(), names.map(|name| (name.to_owned(), Value::Null)).collect())
}

#[test]
fn what_is_not_described_is_noticed() {
    let Some(methods) = methods() else {
        println!("skipped: KOPRU_SPECS is not set");
        return;
    };
    let found = |method: &str, params: Value| faults(&methods, &(method.to_owned(), params));
    assert_eq!(found("crm.lead.get", json!({ "id": 1 })), [""; 0]);
    assert_eq!(found("crm.lead.put", json!({})), ["crm.lead.put is not described"]);
    assert_eq!(found("crm.lead.get", json!({ "id": 1, "with": 2 })), ["crm.lead.get knows no with"]);
    assert_eq!(found("crm.item.get", json!({ "id": 1 })), ["crm.item.get wants \"entityTypeId\""]);
    let batch = json!({ "halt": 0, "cmd": { "c0": "crm.lead.get?id=1&fields[A]=x", "c1": "crm.lead.get?id=1" } });
    assert_eq!(found("batch", batch), ["crm.lead.get knows no fields"]);
}
