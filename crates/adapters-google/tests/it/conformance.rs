//! The adapter's requests against Google's own descriptions of its interfaces.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::scripted::Asked;

/// A request and what Google describes of it.
struct Described {
    document: Value,
    method: Value,
}

/// The folder with the vendors' descriptions, where there is one.
#[expect(clippy::disallowed_methods, reason = "the tests' only setting")]
fn folder() -> Option<PathBuf> {
    std::env::var("KOPRU_SPECS").ok().map(PathBuf::from)
}

fn documents() -> Option<Vec<Value>> {
    let folder = folder()?;
    let read = |name: &str| serde_json::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap();
    let names = ["google_sheets.v4.json", "google_drive.v3.json", "google_calendar.v3.json", "google_gmail.v1.json"];
    Some(names.into_iter().map(read).collect())
}

/// Panics when one of the requests is not as described. Without descriptions everything passes.
pub fn check(requests: &[Asked]) {
    if let Some(documents) = documents() {
        let wrong: Vec<String> = requests.iter().flat_map(|asked| faults(&documents, asked)).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}

fn faults(documents: &[Value], asked: &Asked) -> Vec<String> {
    let Some(Described { document, method }) = documents.iter().find_map(|document| find(document, asked)) else {
        return vec![format!("{} {} is not described", asked.method, asked.path)];
    };
    let is_known = |name: &str| [&method, &document].iter().any(|of| of["parameters"].get(name).is_some());
    let mut found: Vec<String> =
        asked.query.keys().filter(|name| !is_known(name)).map(|name| format!("no query key {name}")).collect();
    if let Some((kind, size)) = &asked.upload {
        found.extend(upload_faults(&method["mediaUpload"], kind, *size));
        return found;
    }
    match method.get("request") {
        Some(schema) => fit(&document["schemas"], schema, &without_nulls(asked), "body", &mut found),
        None if !asked.body.is_null() => found.push("no body is described".to_owned()),
        None => {}
    }
    if let Some(mask) = asked.query.get("fields") {
        mask_fits(&document["schemas"], &method["response"], mask, &mut found);
    }
    found
}

fn upload_faults(described: &Value, kind: &str, size: usize) -> Vec<String> {
    let accepted = described["accept"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let fits = |accepted: &str| accepted.strip_suffix('*').map_or(accepted == kind, |start| kind.starts_with(start));
    let is_of_kind = accepted.into_iter().any(fits);
    let most: usize = described["maxSize"].as_str().unwrap().parse().unwrap();
    let wrong_kind = (!is_of_kind).then(|| format!("{kind} is not accepted"));
    wrong_kind.into_iter().chain((size > most).then(|| format!("more than {most} bytes"))).collect()
}

/// A patch removes by `null`, whatever the type.
fn without_nulls(asked: &Asked) -> Value {
    fn prune(value: &mut Value) {
        if let Value::Object(object) = value {
            object.retain(|_, value| !value.is_null());
            object.values_mut().for_each(prune);
        }
    }
    let mut body = asked.body.clone();
    if asked.method == "PATCH" {
        prune(&mut body);
    }
    body
}

/// The described method that has the request's verb and path.
fn find(document: &Value, asked: &Asked) -> Option<Described> {
    let base = document["servicePath"].as_str().unwrap();
    let fits = |method: &&Value| {
        let template = match &asked.upload {
            Some(_) => method["mediaUpload"]["protocols"]["simple"]["path"].as_str().unwrap_or_default().to_owned(),
            None => format!("/{base}{}", method["path"].as_str().unwrap()),
        };
        method["httpMethod"] == asked.method.as_str() && path_fits(&template, &asked.path)
    };
    let method = methods(document).into_iter().find(fits)?.clone();
    Some(Described { document: document.clone(), method })
}

fn methods(of: &Value) -> Vec<&Value> {
    let own = of["methods"].as_object().into_iter().flat_map(|methods| methods.values());
    let below = of["resources"].as_object().into_iter().flat_map(|resources| resources.values());
    own.chain(below.flat_map(methods)).collect()
}

/// A name in braces stands for a part of one segment, up to a colon.
fn path_fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let segment_fits = |(template, segment): (&&str, &&str)| match template.split_once('{') {
        Some((before, rest)) => {
            let after = rest.split_once('}').unwrap().1;
            let middle = segment.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            middle.is_some_and(|middle| !middle.is_empty() && !middle.contains(':'))
        }
        None => template == segment,
    };
    template.len() == path.len() && template.iter().zip(&path).all(segment_fits)
}

/// Whether a value fits its schema, down to the last key.
fn fit(schemas: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let schema = schema["$ref"].as_str().map_or(schema, |name| &schemas[name]);
    if let Some(allowed) = schema["enum"].as_array().filter(|allowed| !allowed.contains(value)) {
        faults.push(format!("{at}: {value} is none of {allowed:?}"));
    }
    let fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        _ => true,
    };
    if !fits {
        faults.push(format!("{at}: {value} is no {}", schema["type"]));
    }
    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
        fit(schemas, &schema["items"], item, &format!("{at}[{n}]"), faults);
    }
    for (key, child) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(key).or(schema.get("additionalProperties")) {
            Some(schema) => fit(schemas, schema, child, &format!("{at}.{key}"), faults),
            None => faults.push(format!("{at}: no key {key}")),
        }
    }
}

/// Whether a mask such as `a,b(c,d.e)` names what the answer has.
fn mask_fits(schemas: &Value, schema: &Value, mask: &str, faults: &mut Vec<String>) {
    let schema = schema["$ref"].as_str().map_or(schema, |name| &schemas[name]);
    if schema["type"] == "array" {
        return mask_fits(schemas, &schema["items"], mask, faults);
    }
    for part in parts(mask) {
        let (name, rest) = part.split_at(part.find(['.', '(']).unwrap_or(part.len()));
        let inner = rest.strip_prefix('.').or_else(|| rest.strip_prefix('(')?.strip_suffix(')'));
        match (schema["properties"].get(name), inner) {
            (Some(child), Some(inner)) => mask_fits(schemas, child, inner, faults),
            (Some(_), None) => {}
            (None, _) => faults.push(format!("no field {name}")),
        }
    }
}

/// A mask's parts between the commas that stand in no brackets.
fn parts(mask: &str) -> Vec<&str> {
    let mut depth = 0;
    let outermost = |sign: char| {
        depth += i32::from(sign == '(') - i32::from(sign == ')');
        depth == 0 && sign == ','
    };
    mask.split(outermost).collect()
}

#[test]
fn what_is_not_described_is_noticed() {
    let Some(documents) = documents() else {
        println!("skipped: KOPRU_SPECS is not set");
        return;
    };
    let asked = |method: &str, path: &str, (key, value): (&str, &str), body: Value| {
        let query = [(key.to_owned(), value.to_owned())].into();
        let (method, path) = (method.to_owned(), path.to_owned());
        faults(&documents, &Asked { method, path, query, token: String::new(), if_match: None, body, upload: None })
    };
    let list = |query: (&str, &str)| asked("GET", "/drive/v3/files", query, Value::Null);
    assert_eq!(list(("pageSize", "100")), [""; 0]);
    assert_eq!(list(("size", "100")), ["no query key size"]);
    assert_eq!(list(("fields", "nextPageToken,files(id,capabilities.canEdit,owners(me))")), [""; 0]);
    assert_eq!(list(("fields", "next,files(id,capabilities(canWrite))")), ["no field next", "no field canWrite"]);
    let event = |method: &str, body: Value| {
        asked(method, "/calendar/v3/calendars/primary/events/e1", ("sendUpdates", "all"), body)
    };
    let end = |time: Value| json!({ "end": time, "extendedProperties": { "private": { "any": "text" } } });
    assert_eq!(event("PATCH", end(json!({ "date": "2026-12-01", "dateTime": null }))), [""; 0]);
    assert_eq!(event("PUT", end(json!({ "dateTime": null }))), ["body.end.dateTime: null is no \"string\""]);
    assert_eq!(event("PATCH", end(json!({ "time": "x" }))), ["body.end: no key time"]);
    let put = asked("PUT", "/drive/v3/files", ("fields", "files"), Value::Null);
    assert_eq!(put, ["PUT /drive/v3/files is not described"]);
    let upload = |path: &str, kind: &str, size: usize| {
        let query = [("uploadType".to_owned(), "media".to_owned())].into();
        let (method, path, token) = ("POST".to_owned(), path.to_owned(), String::new());
        let upload = Some((kind.to_owned(), size));
        faults(&documents, &Asked { method, path, query, token, if_match: None, body: Value::Null, upload })
    };
    let sending = "/upload/gmail/v1/users/me/messages/send";
    assert_eq!(upload(sending, "message/rfc822", 36_700_160), [""; 0]);
    let faults = ["text/plain is not accepted", "more than 36700160 bytes"];
    assert_eq!(upload(sending, "text/plain", 36_700_161), faults);
    let plain = "/gmail/v1/users/me/messages/send";
    assert_eq!(upload(plain, "message/rfc822", 1), ["POST /gmail/v1/users/me/messages/send is not described"]);
    let update = |cells: Value| {
        let body = json!({ "requests": [{ "updateCells": cells }] });
        asked("POST", "/v4/spreadsheets/s1:batchUpdate", ("alt", "json"), body)
    };
    assert_eq!(update(json!({ "start": { "sheetId": 1 }, "fields": "note" })), [""; 0]);
    let at = "body.requests[0].updateCells";
    assert_eq!(update(json!({ "start": { "gid": 1 } })), [format!("{at}.start: no key gid")]);
    assert_eq!(update(json!({ "rows": { "values": [] } })).len(), 2);
    assert_eq!(update(json!({ "fields": 1 })), [format!("{at}.fields: 1 is no \"string\"")]);
}
