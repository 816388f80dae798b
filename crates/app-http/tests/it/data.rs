//! How long data are kept, what is handed out of them, and their end.

use crate::harness::{Config, Service};
use serde_json::{Value, json};

const RETENTION: &str = "/api/v1/companies/acme/retention";

#[tokio::test]
async fn an_administrator_says_how_long_data_are_kept() {
    let service = Service::start_unset().await;
    let retention = service.call("GET", RETENTION, None).await;
    assert_eq!(
        retention.json,
        json!({ "history_days": 365, "events_days": 30, "audit_days": 730, "messages_days": 365 })
    );
    let wish = json!({ "history_days": 90, "events_days": 1, "audit_days": null, "messages_days": 7 });
    assert_eq!(service.call("PUT", RETENTION, Some(wish.clone())).await.json, wish);
    assert_eq!(service.call("GET", RETENTION, None).await.json, wish);
    for (field, value) in [("history_days", json!(0)), ("events_days", json!(3651)), ("audit_days", json!("x"))] {
        let mut bad = wish.clone();
        bad[field] = value;
        let answer = service.call("PUT", RETENTION, Some(bad)).await;
        assert_eq!((answer.status, answer.json["field"].as_str()), (422, Some(field)));
    }
    let short = json!({ "history_days": 90, "events_days": 1, "messages_days": 7 });
    let answer = service.call("PUT", RETENTION, Some(short)).await;
    assert_eq!((answer.status, answer.json["field"].as_str()), (422, Some("audit_days")), "for ever has to be said");
    let log = service.call("GET", "/api/v1/companies/acme/audit?limit=1", None).await.json;
    let entry = &log["items"][0];
    assert_eq!(entry["action"], "retention_changed");
    let subject: Value = serde_json::from_str(entry["subject"].as_str().unwrap()).unwrap();
    assert_eq!(subject, json!({ "history": 90, "events": 1, "audit": null, "messages": 7 }));
}

/// The records of an export, and that it is whole.
pub fn records(text: &str) -> Vec<Value> {
    let mut records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records.pop(), Some(json!({ "type": "end" })));
    records
}

pub fn of<'a>(records: &'a [Value], kind: &str) -> Vec<&'a Value> {
    records.iter().filter(|record| record["type"] == kind).collect()
}

/// A second person's configuration, made beside the first one's.
pub async fn beside(service: &Service) -> Config {
    let can = [("Kopru-User", "can")];
    let sheet = json!({ "id": "t", "title": "t", "locale": "tr_TR", "tabs": [{ "gid": 0, "title": "t",
        "values": [["Ad", "Telefon"], ["Deniz", "0532 000 00 09"]] }] });
    service.vendors_post("google/spreadsheets", sheet).await;
    let bearer = format!("Bearer {}", service.key);
    let headers = [&[("Authorization", bearer.as_str())], &can[..]].concat();
    let page = service.raw("GET".parse().unwrap(), "/sheet-sync/oauth/authorize", None, &headers).await;
    let back = service.agreed(&page.location.unwrap()).await;
    assert_eq!(service.open("GET", &back, None).await.status, 303);
    let wish = json!({ "spreadsheet": "t", "gid": 0, "entity": "lead", "quiet_ms": 0 }).to_string();
    let created = service.raw("POST".parse().unwrap(), "/api/v1/sheet-sync/configs", Some(wish), &headers).await;
    assert_eq!(created.status, 201, "{}", created.text);
    let text = |key: &str| created.json[key].as_str().unwrap().to_owned();
    let config = Config {
        path: format!("/api/v1/sheet-sync/configs/{}", text("id")),
        webhook: text("webhook_url"),
        secret: text("webhook_secret"),
    };
    assert_eq!(service.call("POST", &format!("{}/activate", config.path), None).await.status, 202);
    service.settled(&config).await;
    config
}

#[tokio::test]
async fn all_that_is_kept_is_handed_out_and_no_secret() {
    let service = Service::start().await;
    let config = service.synced(&[["Ayşe", "0532 000 00 01"]]).await;
    let edit = json!({ "gid": 0, "row": 2, "column": 0, "value": "Ayşegül" });
    service.vendors_post("google/spreadsheets/s/edit", edit).await;
    service.until(&config, |summary| summary["completed"] == 1 && summary["work"] == 0).await;
    beside(&service).await;
    let path = "/api/v1/companies/acme/export";
    let answer = service.call("GET", path, None).await;
    assert_eq!(answer.content_type, "application/x-ndjson");
    let all = records(&answer.text);
    let counts = ["company", "api_key", "portal", "connection", "config"].map(|kind| of(&all, kind).len());
    assert_eq!(counts, [1, 1, 1, 2, 2]);
    assert_eq!(of(&all, "portal")[0]["last_four"], "cdef");
    assert_eq!(of(&all, "config")[0]["mapping"]["columns"][1]["header"], "Telefon");
    assert_eq!(
        of(&all, "audit").len(),
        service.call("GET", "/api/v1/companies/acme/audit", None).await.json["items"].as_array().unwrap().len()
    );
    assert!(of(&all, "event").iter().all(|event| event["processed"].is_string()));
    assert!(of(&all, "history").len() >= 2 && of(&all, "row").iter().any(|row| row.to_string().contains("Ayşegül")));
    for secret in [&service.key, &config.secret, &config.key(), "abcdef", "sandbox-secret", "whsec"] {
        assert!(!answer.text.contains(secret), "{secret}");
    }
    for hidden in ["sealed", "hash", "token"] {
        assert!(!answer.text.contains(hidden), "{hidden}");
    }
    let log = service.call("GET", "/api/v1/companies/acme/audit?limit=1", None).await.json;
    assert_eq!((&log["items"][0]["action"], &log["items"][0]["subject"]), (&json!("data_exported"), &json!("")));
    let told = service.operate(&["company", "export", "acme"]);
    let beside_the_server = records(&told);
    assert_eq!(of(&beside_the_server, "row"), of(&all, "row"));
}

#[tokio::test]
async fn one_persons_data_are_handed_out_alone() {
    let service = Service::start().await;
    service.synced(&[["Ayşe", "0532 000 00 01"]]).await;
    beside(&service).await;
    service.call("POST", "/api/v1/sessions", Some(json!({ "user": "can" }))).await;
    service.call("POST", "/api/v1/console-links", Some(json!({ "user": "ayse" }))).await;
    let answer = service.call("GET", "/api/v1/companies/acme/people/can/export", None).await;
    let own = records(&answer.text);
    let counts = ["company", "api_key", "portal", "connection", "session", "config"].map(|kind| of(&own, kind).len());
    assert_eq!(counts, [0, 0, 0, 1, 1, 1]);
    assert!(answer.text.contains("Deniz") && !answer.text.contains("Ayşe") && !answer.text.contains("ayse"));
    let told: Vec<_> = of(&own, "audit").iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(told, ["data_exported", "config_created", "google_connected"]);
    let printed = service.operate(&["company", "export", "acme", "--user", "can"]);
    assert_eq!(of(&records(&printed), "config"), of(&own, "config"));
    let nobody = service.call("GET", "/api/v1/companies/acme/people/nobody/export", None).await;
    let told: Vec<_> = records(&nobody.text).iter().map(|record| record["type"].clone()).collect();
    assert_eq!(told, ["audit"], "that it was asked for");
}

#[tokio::test]
async fn messages_and_all_that_is_kept_beside_them_are_handed_out() {
    let service = Service::start().await;
    service.connect_twilio().await;
    service.call("PUT", "/api/integrations/templates/teklif", Some(json!({ "text": "Merhaba" }))).await;
    // Days are counted where there is a cap to be held.
    let capped = json!({ "region": "TR", "zone": "Europe/Istanbul", "daily_messages": 100 });
    assert_eq!(service.call("PUT", "/api/v1/companies/acme/messaging", Some(capped)).await.status, 200);
    let send = async |user: &str, key: &str| {
        let headers = [("Authorization", format!("Bearer {}", service.key)), ("Kopru-User", user.to_owned())];
        let headers = [&headers[..], &[("Idempotency-Key", key.to_owned()), ("Prefer", "wait=10".to_owned())]].concat();
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = json!({ "to": "0532 000 00 01", "template": "teklif" }).to_string();
        let sent = service.raw("POST".parse().unwrap(), "/api/integrations/sms/send", Some(body), &headers).await;
        assert_eq!(sent.status, 202, "{}", sent.text);
    };
    send("ayse", "order-42").await;
    send("can", "order-43").await;
    service.writes("sms", "+905320000001", "Tamam").await;
    let all = loop {
        let all = service.call("GET", "/api/v1/companies/acme/export", None).await.text;
        if !of(&records(&all), "contact").is_empty() {
            break all;
        }
        service.a_moment().await;
    };
    let found = records(&all);
    let counts = ["vendor", "message", "message_request", "message_day", "contact", "template"];
    assert_eq!(counts.map(|kind| of(&found, kind).len()), [1, 2, 2, 1, 1, 1], "{all}");
    assert_eq!(
        (&of(&found, "vendor")[0]["vendor"], &of(&found, "vendor")[0]["status"]),
        (&json!("twilio"), &json!("ACTIVE"))
    );
    assert_eq!(of(&found, "message_request")[0]["key"], "order-42");
    assert_eq!(
        (&of(&found, "message_day")[0]["messages"], &of(&found, "contact")[0]["opted_out"]),
        (&json!(2), &Value::Null)
    );
    assert!(of(&found, "contact")[0]["last_inbound"].is_string() && !all.contains("sandbox-token"), "{all}");
    let own = service.call("GET", "/api/v1/companies/acme/people/can/export", None).await.text;
    let own = records(&own);
    assert_eq!(counts.map(|kind| of(&own, kind).len()), [0, 1, 0, 0, 0, 0]);
    assert_eq!(of(&own, "message")[0]["user"], "can");
}
