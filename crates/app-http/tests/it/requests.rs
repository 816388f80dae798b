//! Requests that cannot be served: each is told by its field, in the caller's language, as a problem document.

use std::collections::BTreeSet;

use crate::harness::{Answer, Service};
use kopru_http_client::Method;
use serde_json::{Value, json};

fn field(answer: &Answer) -> (u16, Option<&str>) {
    assert_eq!(answer.content_type, "application/problem+json", "{}", answer.text);
    (answer.status, answer.json["field"].as_str())
}

#[tokio::test]
async fn what_the_server_refuses_by_itself_is_a_problem_document_too() {
    let service = Service::start_unset().await;
    for path in ["/healthz", "/api/v1/sheet-sync/configs", "/docs"] {
        let answer = service.call("TRACE", path, None).await;
        assert_eq!((field(&answer).0, answer.json["code"].as_str()), (405, Some("method_not_allowed")), "{path}");
    }
    let large = format!("{{\"spreadsheet\": \"{}\"}}", "x".repeat(8_400_000));
    for path in ["/api/v1/sheet-sync/configs", "/api/v1/sheet-sync/webhook?key=k"] {
        let bearer = format!("Bearer {}", service.key);
        let headers = [("Authorization", bearer.as_str()), ("Kopru-User", "ayse"), ("Accept-Language", "en")];
        let answer = service.raw(Method::POST, path, Some(large.clone()), &headers).await;
        assert_eq!((field(&answer).0, answer.json["code"].as_str()), (413, Some("too_large")));
        assert!(answer.json["title"].as_str().is_some_and(|title| title.contains("8 MB")));
    }
}

#[tokio::test]
async fn a_field_at_fault_is_named() {
    let service = Service::start_unset().await;
    let configs = "/api/v1/sheet-sync/configs";
    let whole = |change: Value| {
        let mut body = json!({ "spreadsheet": "s", "gid": 0, "entity": "lead" });
        body.as_object_mut().unwrap().extend(change.as_object().cloned().unwrap());
        body
    };
    for (body, at) in [
        (json!({}), Some("spreadsheet")),
        (json!({ "spreadsheet": 1 }), Some("spreadsheet")),
        (whole(json!({ "entity": "lid" })), Some("entity")),
        (whole(json!({ "colour": "red" })), Some("colour")),
        (whole(json!({ "name": "x".repeat(201) })), Some("name")),
        (whole(json!({ "name": "a\u{0}b" })), Some("name")),
        (whole(json!({ "quiet_ms": 60_001 })), Some("quiet_ms")),
        (whole(json!({ "mapping": { "columns": [{ "column": 0 }] } })), Some("mapping.columns[0].header")),
        (json!("text"), None),
    ] {
        assert_eq!(field(&service.call("POST", configs, Some(body.clone())).await), (422, at), "{body}");
    }
    for (query, at) in [("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("cursor=x", "cursor")] {
        let answer = service.call("GET", &format!("{configs}?{query}"), None).await;
        assert_eq!(field(&answer), (422, Some(at)), "{query}");
    }
    assert_eq!(field(&service.call("GET", &format!("{configs}/nope"), None).await), (422, Some("id")));
    let detect = service.call("POST", "/api/v1/sheet-sync/detect", Some(whole(json!({ "entity": "lid" })))).await;
    assert_eq!(field(&detect), (422, Some("entity")));
}

#[tokio::test]
async fn a_mapping_by_which_nothing_can_be_read_is_refused() {
    let service = Service::start().await;
    let config = service.synced(&[["Ayşe", "0532 000 00 01"]]).await;
    let mapping = service.call("GET", &config.path, None).await.json["mapping"].clone();
    let changed = async |pointer: &str, value: Value| {
        let mut mapping = mapping.clone();
        *mapping.pointer_mut(pointer).unwrap() = value;
        service.call("PATCH", &config.path, Some(json!({ "mapping": mapping }))).await
    };
    for (pointer, value, at) in [
        ("/columns/0/column", json!(18_278), "mapping.columns.column"),
        ("/columns/0/style/time_zone", json!("Mars/Base"), "mapping.columns.style.time_zone"),
        ("/columns/1/style/currency", json!("???"), "mapping.columns.style.currency"),
        ("/columns/1/style/region", json!("Turkey"), "mapping.columns.style.region"),
        ("/columns/0/target", json!("UF_NONE"), "mapping"),
    ] {
        assert_eq!(field(&changed(pointer, value).await), (422, Some(at)), "{pointer}");
    }
    assert_eq!(changed("/columns/0/style/time_zone", json!("Europe/Berlin")).await.status, 200);
    let blank = service.call("PATCH", &config.path, Some(json!({ "name": "  " }))).await;
    assert_eq!(field(&blank), (422, Some("name")));
    let named = service.call("PATCH", &config.path, Some(json!({ "name": " Müşteriler " }))).await;
    assert_eq!(named.json["name"], "Müşteriler");
}

#[tokio::test]
async fn an_event_that_does_not_fit_says_where() {
    let service = Service::start().await;
    let config = service.synced(&[["Ayşe", "0532 000 00 01"]]).await;
    let keyless = config.webhook.split('?').next().unwrap();
    assert_eq!(field(&service.open("POST", keyless, Some(json!({}))).await), (401, None));
    for (headers, missing) in [
        (&[("webhook-id", "m"), ("webhook-timestamp", "1")][..], "webhook-signature"),
        (&[("webhook-id", "m"), ("webhook-signature", "v1,x")], "webhook-timestamp"),
        (&[("webhook-signature", "v1,x")], "webhook-id"),
    ] {
        let half = service.raw(Method::POST, &config.webhook, Some("{}".to_owned()), headers).await;
        assert_eq!((field(&half), half.json["code"].as_str()), ((401, Some(missing)), Some("no_header")));
    }
    let event = |change: Value| {
        let mut body = json!({ "sheet_id": "s", "gid": 0, "event": "row_edited", "row_id": 2 });
        body.as_object_mut().unwrap().extend(change.as_object().cloned().unwrap());
        body
    };
    for (body, at) in [
        (json!([]), "sheet_id"),
        (event(json!({ "gid": "first" })), "gid"),
        (event(json!({ "event": "typed" })), "event"),
        (event(json!({ "row_id": 2.5 })), "row_id"),
        (event(json!({ "row_id": null })), "row_id"),
        (event(json!({ "event": "rows_changed", "rows": [2] })), "rows"),
        (event(json!({ "event": "rows_changed", "rows": [3, 2] })), "rows"),
    ] {
        let answer = service.open("POST", &config.webhook, Some(body.clone())).await;
        assert_eq!((field(&answer), answer.json["code"].as_str()), ((422, Some(at)), Some("bad_event")), "{body}");
    }
    for body in [
        event(json!({ "row_id": 2.0, "gid": 0.0 })),
        event(json!({ "row_id": "2", "gid": "0" })),
        event(json!({ "event": "rows_changed", "rows": [2.0, 3.0] })),
    ] {
        assert_eq!(service.open("POST", &config.webhook, Some(body.clone())).await.status, 202, "{body}");
    }
}

#[tokio::test]
async fn a_key_is_told_what_is_left_to_it_and_stopped_at_its_limit() {
    let service = Service::start_with(&["--requests-per-minute", "3"]).await;
    let configs = "/api/v1/sheet-sync/configs";
    let number = |answer: &Answer, name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    for remaining in ["2", "1", "0"] {
        let answer = service.call("GET", configs, None).await;
        assert_eq!(answer.status, 200);
        assert_eq!(number(&answer, "ratelimit-limit").as_deref(), Some("3"));
        assert_eq!(number(&answer, "ratelimit-remaining").as_deref(), Some(remaining));
        assert_eq!(number(&answer, "retry-after"), None);
    }
    let stopped = service.call("GET", configs, None).await;
    assert_eq!((field(&stopped).0, stopped.json["code"].as_str()), (429, Some("too_many_requests")));
    let wait: u64 = number(&stopped, "retry-after").unwrap().parse().unwrap();
    assert!((1..=21).contains(&wait), "{wait}");
    let other = service.operate(&["api-key", "create", "--company", "acme"]);
    let bearer = format!("Bearer {other}");
    let free = service.raw(Method::GET, configs, None, &[("Authorization", &bearer)]).await;
    assert_eq!((free.status, number(&free, "ratelimit-remaining").as_deref()), (200, Some("2")));
    assert_eq!(number(&service.open("GET", "/healthz", None).await, "ratelimit-limit"), None);
}

#[tokio::test]
async fn the_description_of_the_routes_is_whole() {
    let service = Service::start_unset().await;
    let api = service.open("GET", "/openapi.json", None).await.json;
    let (mut answers, mut names) = (0, BTreeSet::new());
    for (path, methods) in api["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is the name of two");
            for (status, response) in operation["responses"].as_object().unwrap() {
                let said = response["description"].as_str().is_some_and(|text| !text.is_empty());
                assert!(said, "{method} {path} {status}");
                answers += 1;
            }
        }
    }
    assert!(answers > 40, "{answers}");
}
