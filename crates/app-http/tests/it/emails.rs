//! E-mail as callers and recipients meet it.

use crate::harness::Service;
use futures::future::join_all;
use http::Method;
use rstest::rstest;
use serde_json::{Value, json};

const SEND: &str = "/api/integrations/email/send";
const OUTS: &str = "/api/integrations/opt-outs";
const AYSE: &str = "ayse@example.org";

async fn connected() -> Service {
    let service = Service::start().await;
    service.connect_resend().await;
    service
}

fn to(address: &str, subject: &str) -> Value {
    json!({ "to": address, "subject": subject, "text": "Merhaba" })
}

/// What the vendor has taken to that address.
pub async fn at_vendor(service: &Service, address: &str) -> Vec<Value> {
    let emails = service.vendors_get("resend/emails").await;
    let own = emails.as_array().unwrap().iter().filter(|email| email["to"].to_string().contains(address));
    own.cloned().collect()
}

async fn send(service: &Service, body: Value) -> Value {
    let answer = service.call("POST", SEND, Some(body)).await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    answer.json
}

/// Waits until an e-mail stands where it is wished.
async fn until(service: &Service, id: &Value, wished: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/api/integrations/messages/{}", id.as_str().unwrap());
    for _ in 0..400 {
        let email = service.call("GET", &path, None).await.json;
        if wished(&email) {
            return email;
        }
        service.a_moment().await;
    }
    panic!("{}", service.call("GET", &path, None).await.json);
}

async fn until_status(service: &Service, id: &Value, status: &str) -> Value {
    until(service, id, |email| email["status"] == status).await
}

#[tokio::test]
async fn an_email_is_sent_delivered_and_in_the_log() {
    let service = connected().await;
    let body = json!({
        "to": "Ayşe Işık <Ayse@Example.org>", "subject": "Sayın {{ad}}, teklifiniz", "cc": ["b@example.org"],
        "html": "<p>Merhaba <b>{{ad}}</b>, <a href=\"https://example.org/t\">teklif</a></p>",
        "variables": { "ad": "A & B" }, "tags": { "kampanya": "bahar" },
        "attachments": [{ "name": "teklif ğ.pdf", "kind": "application/pdf", "content": "AP8K" }],
    });
    let sent = send(&service, body).await;
    let email = until_status(&service, &sent["messages"][0]["id"], "delivered").await;
    assert_eq!((&email["to"], &email["subject"]), (&json!(AYSE), &json!("Sayın A & B, teklifiniz")));
    assert_eq!((&email["segments"], &email["channel"]), (&json!(0), &json!("email")));
    let taken = at_vendor(&service, AYSE).await;
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0]["subject"], "Sayın A & B, teklifiniz");
    assert!(taken[0]["html"].as_str().unwrap().contains("<b>A &amp; B</b>"), "{}", taken[0]);
    let text = taken[0]["text"].as_str().unwrap();
    assert!(text.contains("A & B") && text.contains("https://example.org/t"), "{text}");
    assert!(taken[0]["from"].as_str().unwrap().contains("satis@example.com"));
    assert_eq!(taken[0]["headers"], json!({}), "one person asked for no list");
    let log = service.call("GET", &format!("/api/integrations/messages?channel=email&to={AYSE}"), None).await.json;
    assert_eq!(log["items"][0]["id"], email["id"]);
    let status = service.call("GET", "/api/v1/companies/acme/integrations/resend", None).await.json;
    assert_eq!(status["status"], "ACTIVE");
}

#[tokio::test]
async fn who_waits_is_told_what_the_vendor_said() {
    let service = connected().await;
    let wait = [("Prefer", "wait=20")];
    let taken = service.send("POST", SEND, Some(to(AYSE, "bir")), &wait).await;
    assert!(taken.json["messages"][0]["provider_id"].is_string(), "{}", taken.json);
    let mut other = to(AYSE, "iki");
    other["from"] = json!("satis@unverified.example.net");
    let refused = service.send("POST", SEND, Some(other), &wait).await;
    let email = &refused.json["messages"][0];
    assert_eq!((&email["status"], &email["error"]["code"]), (&json!("failed"), &json!("domain_unverified")));
    assert_eq!(email["error"]["vendor_code"], "validation_error");
    let status = service.call("GET", "/api/v1/companies/acme/integrations/resend", None).await.json;
    assert_eq!(status["status"], "ACTIVE", "one e-mail's sender is not the account's trouble");
}

#[tokio::test]
async fn the_same_key_at_once_from_ten_clients_sends_once() {
    let service = connected().await;
    let key = [("Idempotency-Key", "offer-42")];
    let answers = join_all((0..10).map(|_| service.send("POST", SEND, Some(to(AYSE, "bir")), &key))).await;
    let batches: Vec<&Value> = answers.iter().map(|answer| &answer.json["batch"]).collect();
    assert!(answers.iter().all(|answer| answer.status == 202));
    assert!(batches.iter().all(|batch| *batch == batches[0]), "{batches:?}");
    until_status(&service, &answers[0].json["messages"][0]["id"], "delivered").await;
    let other = service.send("POST", SEND, Some(to(AYSE, "iki")), &key).await;
    assert_eq!((other.status, other.json["code"].as_str()), (409, Some("idempotency_key_taken")));
    assert_eq!(at_vendor(&service, AYSE).await.len(), 1);
}

#[tokio::test]
async fn without_settings_or_a_sender_nothing_is_accepted() {
    let service = Service::start().await;
    let refused = service.call("POST", SEND, Some(to(AYSE, "bir"))).await;
    assert_eq!((refused.status, refused.json["code"].as_str()), (422, Some("integration_not_configured")));
    let settings = json!({ "api_key": "re_sandbox" });
    let connected = service.call("PUT", "/api/v1/companies/acme/integrations/resend", Some(settings)).await;
    assert_eq!(connected.status, 200, "{}", connected.json);
    let refused = service.call("POST", SEND, Some(to(AYSE, "bir"))).await;
    assert_eq!((refused.status, refused.json["code"].as_str()), (422, Some("sender_missing")));
    assert_eq!(refused.json["field"], "from");
    assert_eq!(service.call("GET", "/api/integrations/messages", None).await.json["items"], json!([]));
}

#[rstest]
#[case::no_at("ayse", "email_no_at")]
#[case::turkish("ayşe@example.org", "email_not_ascii")]
#[case::two("a@example.org, b@example.org", "email_several")]
#[tokio::test]
async fn a_bad_address_says_why_in_the_callers_language(#[case] address: &str, #[case] code: &str) {
    let service = connected().await;
    let turkish = service.call("POST", SEND, Some(to(address, "bir"))).await;
    let english = service.send("POST", SEND, Some(to(address, "bir")), &[("Accept-Language", "en")]).await;
    assert_eq!((turkish.status, &turkish.json["field"]), (422, &json!("to")), "{}", turkish.json);
    assert_eq!(turkish.json["code"], code);
    assert_ne!(turkish.json["title"], english.json["title"]);
    // Among many, it is that recipient's own result.
    let many = json!({ "recipients": [address, AYSE], "subject": "bir", "text": "Merhaba" });
    let sent = send(&service, many).await;
    assert_eq!(
        (&sent["messages"][0]["status"], &sent["messages"][0]["error"]["code"]),
        (&json!("failed"), &json!(code))
    );
    until_status(&service, &sent["messages"][1]["id"], "delivered").await;
}

#[rstest]
#[case::field_of_a_list(json!({ "to": AYSE, "subject": "a", "text": "b", "cc": ["b@example.org", "c"] }), "cc[1]")]
#[case::file(json!({ "to": AYSE, "subject": "a", "text": "b", "attachments": [{ "name": "a", "content": "…" }] }), "attachments[0]")]
#[case::tag(json!({ "to": AYSE, "subject": "a", "text": "b", "tags": { "a": "b c" } }), "tags[0]")]
#[case::copies_of_many(json!({ "recipients": [AYSE], "subject": "a", "text": "b", "bcc": ["b@example.org"] }), "cc")]
#[case::nothing_said(json!({ "to": AYSE, "subject": "a" }), "text")]
#[case::no_variable(json!({ "to": AYSE, "subject": "{{ad}}", "text": "b" }), "subject")]
#[tokio::test]
async fn a_field_at_fault_is_named(#[case] body: Value, #[case] field: &str) {
    let service = connected().await;
    let refused = service.call("POST", SEND, Some(body)).await;
    assert_eq!((refused.status, refused.json["field"].as_str()), (422, Some(field)), "{}", refused.json);
}

#[rstest]
#[case(json!({ "event": "bounced", "bounce": "Permanent" }), "undelivered", "bounced")]
#[case(json!({ "event": "complained", "bounce": null }), "read", "complained")]
#[case(json!({ "event": "suppressed", "bounce": null }), "failed", "bounced")]
#[tokio::test]
async fn who_bounces_or_complains_gets_no_more(#[case] outcome: Value, #[case] status: &str, #[case] cause: &str) {
    let service = connected().await;
    service.vendors_post("resend/addresses", json!({ AYSE: outcome })).await;
    let sent = send(&service, to(AYSE, "bir")).await;
    let told = until_status(&service, &sent["messages"][0]["id"], status).await;
    assert_eq!(told["error"]["code"], cause);
    let listed = service.call("GET", OUTS, None).await.json;
    let (address, channel) = (&listed["items"][0]["address"], &listed["items"][0]["channel"]);
    assert_eq!((address, channel, &listed["items"][0]["cause"]), (&json!(AYSE), &json!("email"), &json!(cause)));
    let next = send(&service, to(AYSE, "iki")).await;
    let skipped = until_status(&service, &next["messages"][0]["id"], "skipped").await;
    assert_eq!(skipped["error"]["code"], cause);
    let mut copy = to("b@example.org", "üç");
    copy["bcc"] = json!([AYSE]);
    let refused = service.call("POST", SEND, Some(copy)).await;
    assert_eq!((refused.status, refused.json["code"].as_str()), (422, Some(cause)));
    assert_eq!(at_vendor(&service, AYSE).await.len(), 1);
    let off = json!({ "channel": "email", "address": "Ayse@example.org" });
    assert_eq!(service.call("DELETE", OUTS, Some(off)).await.status, 204);
    assert_eq!(service.call("GET", OUTS, None).await.json["items"], json!([]));
}

#[tokio::test]
async fn a_full_mailbox_is_no_reason_to_give_it_up() {
    let service = connected().await;
    let full = json!({ "event": "bounced", "bounce": "Transient" });
    service.vendors_post("resend/addresses", json!({ AYSE: full })).await;
    let sent = send(&service, to(AYSE, "bir")).await;
    let told = until_status(&service, &sent["messages"][0]["id"], "undelivered").await;
    assert_eq!(told["error"]["code"], "mailbox_busy");
    assert_eq!(service.call("GET", OUTS, None).await.json["items"], json!([]));
}

#[tokio::test]
async fn who_is_one_of_many_can_end_it_by_one_click() {
    let service = connected().await;
    let many = json!({ "recipients": [AYSE, { "to": "Can <can@example.org>", "variables": { "ad": "Can" } }],
        "variables": { "ad": "Ayşe" }, "subject": "{{ad}}", "text": "Merhaba" });
    let sent = send(&service, many.clone()).await;
    until_status(&service, &sent["messages"][1]["id"], "delivered").await;
    until_status(&service, &sent["messages"][0]["id"], "delivered").await;
    let taken = at_vendor(&service, AYSE).await.remove(0);
    assert_eq!(taken["subject"], "Ayşe");
    assert_eq!(taken["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
    let address = taken["headers"]["List-Unsubscribe"].as_str().unwrap().trim_matches(['<', '>']).to_owned();
    let path = address.strip_prefix(service.base()).unwrap();
    // A scanner opens it, and nothing changes.
    let page = service.open("GET", path, None).await;
    assert!(page.status == 200 && page.text.contains("<form method=\"post\">"), "{}", page.text);
    assert_eq!(service.call("GET", OUTS, None).await.json["items"], json!([]));
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let click = || service.raw(Method::POST, path, Some("List-Unsubscribe=One-Click".to_owned()), &form);
    assert_eq!((click().await.status, click().await.status), (200, 200));
    let listed = service.call("GET", OUTS, None).await.json;
    assert_eq!((&listed["items"][0]["address"], &listed["items"][0]["cause"]), (&json!(AYSE), &json!("asked")));
    let again = send(&service, many).await;
    let skipped = until_status(&service, &again["messages"][0]["id"], "skipped").await;
    assert_eq!(skipped["error"]["code"], "opted_out");
    until_status(&service, &again["messages"][1]["id"], "delivered").await;
    assert_eq!(at_vendor(&service, AYSE).await.len(), 1);
}

#[tokio::test]
async fn an_address_of_no_email_unsubscribes_nobody() {
    let service = connected().await;
    let single = send(&service, to(AYSE, "bir")).await;
    let id = single["messages"][0]["id"].as_str().unwrap();
    let other = uuid::Uuid::now_v7();
    for path in [format!("acme/{id}"), format!("acme/{other}"), "acme/x".to_owned(), format!("beta/{id}")] {
        assert_eq!(service.open("POST", &format!("/unsubscribe/{path}"), None).await.status, 404, "{path}");
    }
    assert_eq!(service.call("GET", OUTS, None).await.json["items"], json!([]));
}

#[tokio::test]
async fn a_planned_email_waits_and_can_be_taken_back() {
    let service = connected().await;
    let at = |seconds| Service::in_seconds(seconds);
    let soon = send(&service, json!({ "to": AYSE, "subject": "birazdan", "text": "x", "send_at": at(3) })).await;
    let later = send(&service, json!({ "to": AYSE, "subject": "sonra", "text": "x", "send_at": at(3600) })).await;
    let id = later["messages"][0]["id"].as_str().unwrap();
    assert_eq!(later["messages"][0]["status"], "scheduled");
    let cancelled = service.call("POST", &format!("/api/integrations/messages/{id}/cancel"), None).await;
    assert_eq!(cancelled.json["status"], "canceled");
    until_status(&service, &soon["messages"][0]["id"], "delivered").await;
    let subjects: Vec<Value> = at_vendor(&service, AYSE).await.iter().map(|email| email["subject"].clone()).collect();
    assert_eq!(subjects, ["birazdan"]);
}

#[tokio::test]
async fn a_webhook_with_a_wrong_signature_changes_nothing() {
    let service = connected().await;
    let sent = send(&service, to(AYSE, "bir")).await;
    let id = &sent["messages"][0]["id"];
    until_status(&service, id, "delivered").await;
    let data = json!({ "email_id": "x", "to": [AYSE], "tags": { "kopru_id": id }, "bounce": { "type": "Permanent" } });
    let body = json!({ "type": "email.complained", "created_at": "x", "data": data }).to_string();
    let now = Service::in_seconds(0).parse::<jiff::Timestamp>().unwrap().as_second().to_string();
    for signature in ["", "v1,AAAA", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="] {
        let headers = [("svix-id", "msg_1"), ("svix-timestamp", now.as_str()), ("svix-signature", signature)];
        for company in ["acme", "beta", "%20"] {
            let answer =
                service.raw(Method::POST, &format!("/hooks/resend/{company}"), Some(body.clone()), &headers).await;
            assert_eq!((answer.status, answer.json["code"].as_str()), (401, Some("not_authentic")));
        }
    }
    assert_eq!(until(&service, id, |_| true).await["status"], "delivered");
    assert_eq!(service.call("GET", OUTS, None).await.json["items"], json!([]));
}

#[tokio::test]
async fn a_spent_quota_is_told_and_nothing_is_lost() {
    let service = connected().await;
    service.vendors_post("resend/settings", json!({ "daily_quota": 1 })).await;
    let first = send(&service, to(AYSE, "bir")).await;
    until_status(&service, &first["messages"][0]["id"], "delivered").await;
    let second = send(&service, to("b@example.org", "iki")).await;
    let integration = "/api/v1/companies/acme/integrations/resend";
    for _ in 0..400 {
        if service.call("GET", integration, None).await.json["last_error"] == "daily_cap" {
            break;
        }
        service.a_moment().await;
    }
    let status = service.call("GET", integration, None).await.json;
    assert_eq!((&status["status"], &status["last_error"]), (&json!("ERROR"), &json!("daily_cap")));
    let waits = until(&service, &second["messages"][0]["id"], |_| true).await;
    assert_eq!((&waits["status"], &waits["provider_id"]), (&json!("queued"), &Value::Null));
}
