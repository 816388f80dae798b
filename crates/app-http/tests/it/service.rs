//! `kopru serve` as its callers meet it, beside simulated vendors.

use crate::harness::{Service, signed};
use crate::tenants::OPEN;
use kopru_http_client::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn without_a_vault_key_it_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let output = crate::harness::kopru(folder.path()).arg("serve").env_remove("KOPRU_VAULT_KEYS").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("kopru vault generate-key"));
}

#[tokio::test]
async fn every_route_but_the_open_ones_asks_for_a_key() {
    let service = Service::start().await;
    let api = service.open("GET", "/openapi.json", None).await.json;
    for (path, methods) in api["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|_| !OPEN.contains(&path.as_str())) {
            let answer = service.open(&method.to_uppercase(), &path.replace(['{', '}'], ""), None).await;
            assert_eq!(
                (answer.status, answer.json["code"].as_str()),
                (401, Some("unauthenticated")),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn problems_speak_the_callers_language_and_say_what_to_do() {
    let service = Service::start().await;
    let none = service.call("GET", "/api/v1/nothing", None).await;
    assert_eq!((none.status, none.content_type.as_str()), (404, "application/problem+json"));
    assert_eq!(none.json["title"], "Bulunamadı; adresi kontrol edin.");
    let english = service.send("GET", "/api/v1/nothing", None, &[("Accept-Language", "en-GB")]).await;
    assert_eq!(english.json["title"], "Not found; check the address.");
    assert!(english.json["trace_id"].as_str().is_some_and(|id| id.len() == 32));
    let other = service.call("GET", "/api/v1/companies/other/integrations/bitrix24", None).await;
    assert_eq!((other.status, other.json["code"].as_str()), (403, Some("forbidden")));
    let address = json!({ "webhook": "https://portal.example/" });
    let bad = service.call("PUT", "/api/v1/companies/acme/integrations/bitrix24", Some(address)).await;
    assert_eq!((bad.status, bad.json["field"].as_str()), (422, Some("webhook")));
    let unread = service.call("POST", "/api/v1/sheet-sync/configs", Some(json!({ "spreadsheet": 1 }))).await;
    assert_eq!((unread.status, unread.json["code"].as_str()), (422, Some("unreadable")));
}

#[tokio::test]
async fn an_edit_is_in_the_crm_and_in_the_history() {
    let service = Service::start().await;
    let config = service.synced(&[["Ayşe", "0532 000 00 01"], ["Can", "0532 000 00 02"]]).await;
    service
        .vendors_post("google/spreadsheets/s/edit", json!({ "gid": 0, "row": 3, "column": 0, "value": "Canan" }))
        .await;
    service.settled(&config).await;
    let history = service.call("GET", &format!("{}/history", config.path), None).await.json;
    let newest = &history["items"][0];
    assert_eq!((newest["row"].as_u64(), newest["status"].as_str()), (Some(3), Some("completed")));
    assert_eq!(newest["fields"]["TITLE"]["from"]["value"], "Can");
    assert_eq!(newest["fields"]["TITLE"]["to"]["value"], "Canan");
    assert_eq!(service.titles().await, ["Ayşe", "Canan"]);
    let page = service.call("GET", &format!("{}/history?limit=1", config.path), None).await.json;
    let cursor = page["cursor"].as_str().unwrap();
    let next = service.call("GET", &format!("{}/history?limit=1&cursor={cursor}", config.path), None).await.json;
    assert_ne!(page["items"][0], next["items"][0]);
}

#[tokio::test]
async fn a_payload_is_a_hint_and_nothing_it_says_is_written() {
    let service = Service::start().await;
    let config = service.synced(&[["Ayşe", "0532 000 00 01"]]).await;
    let forged = json!({ "sheet_id": "s", "gid": "0", "event": "row_edited", "row_id": 2, "changes": { "Ad": { "old": "Ayşe", "new": "Forged" } } });
    let plain = service.open("POST", &config.webhook, Some(forged)).await;
    assert_eq!((plain.status, plain.json["status"].as_str()), (202, Some("accepted")));
    service.settled(&config).await;
    assert_eq!(service.titles().await, ["Ayşe"]);
    for (body, code) in [
        (json!({ "sheet_id": "other", "gid": 0, "event": "row_edited", "row_id": 2 }), "other_sheet"),
        (json!({ "sheet_id": "s", "gid": 0, "event": "row_edited", "row_id": 0 }), "bad_event"),
        (json!({ "sheet_id": "s", "gid": 0, "event": "row_edited", "row_id": u64::MAX }), "bad_event"),
        (json!({ "sheet_id": "s", "gid": 0, "event": "rows_changed", "rows": [9, 2] }), "bad_event"),
        (json!([]), "bad_event"),
    ] {
        let answer = service.open("POST", &config.webhook, Some(body)).await;
        assert_eq!((answer.status, answer.json["code"].as_str()), (422, Some(code)));
    }
    let far = json!({ "sheet_id": "s", "gid": 0, "event": "row_edited", "row_id": 4_000_000_000_u32 });
    assert_eq!(service.open("POST", &config.webhook, Some(far)).await.status, 202);
    service.settled(&config).await;
    assert_eq!(service.titles().await, ["Ayşe"]);
}

#[tokio::test]
async fn signatures_and_repetitions_are_told_apart() {
    let service = Service::start().await;
    let config = service.synced(&[["Ayşe", "0532 000 00 01"]]).await;
    let body = json!({ "sheet_id": "s", "gid": 0, "event": "row_edited", "row_id": 2 }).to_string();
    let post = async |id: &str, age: i64, secret: &str| {
        let headers = signed(id, age, secret, &body);
        let pairs: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        service.raw(Method::POST, &config.webhook, Some(body.clone()), &pairs).await
    };
    assert_eq!(post("msg_1", 0, &config.secret).await.json["status"], "accepted");
    assert_eq!(post("msg_1", 3, &config.secret).await.json["status"], "duplicate", "the same id, signed anew");
    assert_eq!(post("msg_2", 301, &config.secret).await.status, 401);
    assert_eq!(post("msg_3", 0, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").await.status, 401);
    let half = service.raw(Method::POST, &config.webhook, Some(body.clone()), &[("webhook-id", "msg_4")]).await;
    assert_eq!(half.status, 401, "half a signature is none");
    let other_key = service.open("POST", "/api/v1/sync/webhook?key=unknown", Some(json!({}))).await;
    assert_eq!(other_key.status, 401);
}

#[tokio::test]
async fn a_disconnected_sheet_pauses_and_a_replaced_portal_is_checked_first() {
    let service = Service::start().await;
    let config = service.synced(&[["Ayşe", "0532 000 00 01"]]).await;
    let gone = json!({ "webhook": "http://127.0.0.1:1/rest/1/gone/" });
    let refused = service.call("PUT", "/api/v1/companies/acme/integrations/bitrix24", Some(gone)).await;
    assert_eq!(refused.json["code"], "provider_unavailable");
    let status = service.call("GET", "/api/v1/companies/acme/integrations/bitrix24", None).await.json;
    assert_eq!(status["secret_ends_with"], "cdef", "the portal that worked is kept");
    assert_eq!(service.call("DELETE", "/api/v1/sheet-sync/google", None).await.status, 204);
    assert_eq!(service.call("GET", "/api/v1/sheet-sync/google", None).await.status, 404);
    let paused: Value = service.call("GET", &config.path, None).await.json;
    assert_eq!(paused["enabled"], false);
}
