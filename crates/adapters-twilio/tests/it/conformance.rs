//! The adapter's requests against Twilio's own description of its interface.

use std::path::PathBuf;

use serde_json::{Value, json};
use url::Url;

use crate::scripted::{Asked, Fields};
use crate::world::ACCOUNT;

/// The folder with the vendors' descriptions, where there is one.
#[expect(clippy::disallowed_methods, reason = "the tests' only setting")]
fn folder() -> Option<PathBuf> {
    std::env::var("KOPRU_SPECS").ok().map(PathBuf::from)
}

fn document() -> Option<Value> {
    let file = folder()?.join("twilio_messages.json");
    Some(serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap())
}

/// Panics when one of the requests is not as described. Without a description everything passes.
pub fn check(requests: &[Asked]) {
    if let Some(document) = document() {
        let wrong: Vec<String> = requests.iter().flat_map(|asked| faults(&document, asked)).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

fn faults(document: &Value, asked: &Asked) -> Vec<String> {
    let paths = document["paths"].as_object().unwrap();
    let path = paths.iter().find(|(template, _)| path_fits(template, &asked.path));
    let method = path.map(|(_, path)| &path[asked.method.to_lowercase()]).filter(|method| method.is_object());
    let Some(method) = method else { return vec![format!("{} {} is not described", asked.method, asked.path)] };
    let named = |name: &str| {
        let parameters = method["parameters"].as_array()?;
        Some(&parameters.iter().find(|parameter| parameter["in"] == "query" && parameter["name"] == name)?["schema"])
    };
    let mut found = fit(document, &asked.query, "query", named);
    let form = &method["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
    found.extend(fit(document, &asked.form, "form", |name| form["properties"].get(name)));
    let required = form["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    found.extend(
        required
            .filter(|name| asked.form.iter().all(|(given, _)| given != name))
            .map(|name| format!("form: {name} is missing")),
    );
    found
}

/// A name in braces stands for a segment, or for what is before `.json`.
fn path_fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let fits = |(template, segment): (&&str, &&str)| match template.split_once('}') {
        Some((_, after)) => segment.strip_suffix(after).is_some_and(|name| !name.is_empty() && !name.contains('.')),
        None => template == segment,
    };
    template.len() == path.len() && template.iter().zip(&path).all(fits)
}

/// Whether each field is described and fits; a repeated one is an array.
fn fit<'a>(
    document: &'a Value,
    fields: &Fields,
    place: &str,
    schema_of: impl Fn(&str) -> Option<&'a Value>,
) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in fields {
        let Some(schema) = schema_of(name) else {
            found.push(format!("{place}: no key {name}"));
            continue;
        };
        let count = fields.iter().filter(|(other, _)| other == name).count();
        let schema = match schema["items"].is_object() {
            true => &schema["items"],
            false if count > 1 => {
                found.push(format!("{place}: {name} is given {count} times"));
                schema
            }
            false => schema,
        };
        let schema = schema["$ref"].as_str().map_or(schema, |name| document.pointer(&name[1..]).unwrap());
        if !value_fits(schema, value) {
            found.push(format!("{place}: {name} cannot be {value}"));
        }
    }
    found
}

fn value_fits(schema: &Value, value: &str) -> bool {
    let allowed = schema["enum"].as_array().is_none_or(|allowed| allowed.iter().any(|word| word == value));
    let sid = schema["pattern"].as_str().is_none_or(|pattern| {
        let kind = &pattern.trim_start_matches('^')[..2];
        value.len() == 34 && value.starts_with(kind) && value[2..].bytes().all(|digit| digit.is_ascii_hexdigit())
    });
    let typed = match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("integer"), _) => value.parse::<i64>().is_ok(),
        (_, Some("uri")) => Url::parse(value).is_ok(),
        (_, Some("date-time")) => value.parse::<jiff::Timestamp>().is_ok(),
        _ => true,
    };
    allowed && sid && typed
}

#[test]
fn what_is_not_described_is_noticed() {
    let Some(document) = document() else {
        println!("skipped: KOPRU_SPECS is not set");
        return;
    };
    let list = format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json");
    let fields = |fields: &[(&str, &str)]| -> Fields {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let asked = |method: &str, path: &str, query: &[(&str, &str)], form: &[(&str, &str)]| {
        let (method, path, credentials) = (method.to_owned(), path.to_owned(), String::new());
        faults(&document, &Asked { method, path, query: fields(query), credentials, form: fields(form) })
    };
    assert_eq!(asked("GET", &list, &[("To", "+1"), ("PageSize", "50")], &[]), [""; 0]);
    assert_eq!(asked("GET", &list, &[("Size", "50")], &[]), ["query: no key Size"]);
    assert_eq!(asked("GET", &list, &[("PageSize", "many")], &[]), ["query: PageSize cannot be many"]);
    let to = ("To", "+1");
    let media = [to, ("MediaUrl", "https://a.example/1"), ("MediaUrl", "https://a.example/2")];
    assert_eq!(asked("POST", &list, &[], &media), [""; 0]);
    assert_eq!(asked("POST", &list, &[], &[("Text", "x")]), ["form: no key Text", "form: To is missing"]);
    assert_eq!(asked("POST", &list, &[], &[to, to]).len(), 2);
    for wrong in [("ScheduleType", "later"), ("SendAt", "soon"), ("MessagingServiceSid", "MG1"), ("MediaUrl", "x")] {
        assert_eq!(asked("POST", &list, &[], &[to, wrong]), [format!("form: {} cannot be {}", wrong.0, wrong.1)]);
    }
    assert_eq!(asked("PUT", &list, &[], &[]), [format!("PUT {list} is not described")]);
    assert_eq!(
        json!(asked("POST", &format!("{list}/x"), &[], &[])),
        json!([format!("POST {list}/x is not described")])
    );
}
