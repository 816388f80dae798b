//! Who did what.

use crate::harness::Service;
use serde_json::{Value, json};

const AUDIT: &str = "/api/v1/companies/acme/audit";

#[tokio::test]
async fn the_log_tells_who_did_what() {
    let service = Service::start().await;
    let config = service.synced(&[["Ayşe", "0532 000 00 01"]]).await;
    let id = config.path.rsplit('/').next().unwrap();
    service.call("PATCH", &config.path, Some(json!({ "name": "Müşteriler" }))).await;
    service.call("POST", "/api/v1/console-links", Some(json!({ "user": "can" }))).await;
    service
        .call("PUT", "/api/v1/companies/acme/origins", Some(json!({ "origins": ["https://crm.example.com"] })))
        .await;
    service.call("DELETE", &config.path, None).await;
    service.call("DELETE", "/api/v1/sheet-sync/google", None).await;
    service.call("DELETE", "/api/v1/companies/acme/integrations/bitrix24", None).await;
    let made = service.operate(&["api-key", "create", "--company", "acme"]);
    let keys = service.operate(&["api-key", "list", "--company", "acme"]);
    let [second, first] = [0, 1].map(|line| keys.lines().nth(line).unwrap().split(' ').next().unwrap());
    service.operate(&["api-key", "revoke", second, "--company", "acme"]);
    let log = service.call("GET", AUDIT, None).await.json;
    let told: Vec<(&str, &str)> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|item| (item["action"].as_str().unwrap(), item["subject"].as_str().unwrap()))
        .collect();
    let portal = service.portal().replace("http://", "").replace("/bitrix24", "");
    assert_eq!(
        told,
        [
            ("company_added", ""),
            ("key_created", first),
            ("portal_connected", portal.as_str()),
            ("google_connected", "ayse"),
            ("config_created", id),
            ("config_activated", id),
            ("config_changed", id),
            ("link_made", "can"),
            ("origins_changed", "https://crm.example.com"),
            ("config_deleted", id),
            ("google_disconnected", "ayse"),
            ("portal_disconnected", ""),
            ("key_created", second),
            ("key_revoked", second),
        ]
    );
    let by = |action: &str| {
        let item = log["items"].as_array().unwrap().iter().find(|item| item["action"] == action).unwrap();
        (item["key"].clone(), item["user"].clone())
    };
    assert_eq!(by("config_changed"), (json!(first), Value::Null));
    assert_eq!(by("config_created"), (json!(first), json!("ayse")));
    assert_eq!(by("google_connected"), (json!(first), json!("ayse")));
    assert_eq!(by("key_revoked"), (Value::Null, Value::Null), "an operator");
    assert!(!log.to_string().contains(&made), "no secret");
}

#[tokio::test]
async fn the_log_is_paged_and_for_administrators() {
    let service = Service::start().await;
    for _ in 0..3 {
        service.call("POST", "/api/v1/console-links", Some(json!({ "user": "can" }))).await;
    }
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = service.call("GET", &format!("{AUDIT}?limit=2{cursor}"), None).await.json;
        pages.extend(page["items"].as_array().unwrap().iter().map(|item| item["action"].as_str().unwrap().to_owned()));
        let Some(next) = page["cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(pages, ["link_made", "link_made", "link_made", "key_created", "company_added"]);
    let narrow = service.operate(&["api-key", "create", "--company", "acme", "--scopes", "sync:manage"]);
    let bearer = format!("Bearer {narrow}");
    assert_eq!(service.raw(http::Method::GET, AUDIT, None, &[("Authorization", &bearer)]).await.status, 403);
}

#[tokio::test]
async fn what_was_refused_is_not_told_as_done() {
    let service = Service::start().await;
    let narrow = service.operate(&["api-key", "create", "--company", "acme", "--scopes", "messages:send"]);
    let (narrow, person) = (format!("Bearer {narrow}"), service.session("ayse").await);
    for (bearer, wish) in [
        (&person, json!({ "user": "can" })),
        (&narrow, json!({ "user": "can", "scopes": ["admin"] })),
        (&narrow, json!({ "user": "can", "scopes": [] })),
    ] {
        let headers = [("Authorization", bearer.as_str())];
        let link = service.raw(http::Method::POST, "/api/v1/console-links", Some(wish.to_string()), &headers).await;
        assert_eq!(link.status, 403, "{}", link.text);
    }
    let log = service.call("GET", AUDIT, None).await.text;
    assert!(log.contains("key_created") && !log.contains("link_made"), "{log}");
}
