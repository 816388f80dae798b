//! SMS and WhatsApp as callers and recipients meet them.

use crate::harness::Service;
use futures::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

pub const SMS: &str = "/api/integrations/sms/send";
const WHATSAPP: &str = "/api/integrations/whatsapp/send";
pub const AYSE: &str = "+905320000001";

/// A company with an account of its own at the simulated vendor.
pub async fn connected() -> Service {
    let service = Service::start().await;
    service.connect_twilio().await;
    service
}

pub fn to(number: &str, text: &str) -> Value {
    json!({ "to": number, "message": text })
}

/// What the vendor has of messages to that number: their texts.
async fn at_vendor(service: &Service, number: &str) -> Vec<String> {
    let messages = service.vendors_get("twilio/messages").await;
    let own = messages.as_array().unwrap().iter().filter(|message| message["to"].as_str().unwrap().ends_with(number));
    own.filter(|message| message["direction"] != "inbound")
        .map(|message| message["body"].as_str().unwrap_or_default().to_owned())
        .collect()
}

async fn shown(service: &Service, id: &Value) -> Value {
    service.call("GET", &format!("/api/integrations/messages/{}", id.as_str().unwrap()), None).await.json
}

/// Waits until a message stands where it is wished.
async fn until(service: &Service, id: &Value, wished: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..400 {
        let message = shown(service, id).await;
        if wished(&message) {
            return message;
        }
        service.a_moment().await;
    }
    panic!("{}", shown(service, id).await);
}

pub async fn until_status(service: &Service, id: &Value, status: &str) -> Value {
    until(service, id, |message| message["status"] == status).await
}

pub async fn send(service: &Service, path: &str, body: Value) -> Value {
    let answer = service.call("POST", path, Some(body)).await;
    assert_eq!(answer.status, 202, "{}", answer.json);
    answer.json
}

#[tokio::test]
async fn a_message_is_sent_delivered_and_in_the_log() {
    let service = connected().await;
    let sent = send(&service, SMS, to("0532 000 00 01", "Merhaba Ayşe")).await;
    let message = until_status(&service, &sent["messages"][0]["id"], "delivered").await;
    assert_eq!((&message["to"], &message["text"]), (&json!(AYSE), &json!("Merhaba Ayşe")));
    assert_eq!((&message["segments"], &message["channel"]), (&json!(1), &json!("sms")));
    assert_eq!(at_vendor(&service, AYSE).await, ["Merhaba Ayşe"]);
    let log = service.call("GET", &format!("/api/integrations/messages?to=%2B{}", &AYSE[1..]), None).await.json;
    assert_eq!(log["items"][0]["id"], message["id"]);
    let status = service.call("GET", "/api/v1/companies/acme/integrations/twilio", None).await.json;
    assert_eq!(status["status"], "ACTIVE");
}

#[tokio::test]
async fn who_waits_is_told_what_the_vendor_said() {
    let service = connected().await;
    let wait = [("Prefer", "wait=20")];
    let taken = service.send("POST", SMS, Some(to(AYSE, "bir")), &wait).await;
    assert!(taken.json["messages"][0]["provider_id"].as_str().is_some_and(|id| id.starts_with("SM")), "{}", taken.json);
    let refused = service.send("POST", SMS, Some(to("+15005550001", "iki")), &wait).await;
    let message = &refused.json["messages"][0];
    assert_eq!((&message["status"], &message["error"]["code"]), (&json!("failed"), &json!("recipient_invalid")));
    assert_eq!(message["error"]["vendor_code"], "21211");
}

#[tokio::test]
async fn the_same_key_at_once_from_ten_clients_sends_once() {
    let service = connected().await;
    let key = [("Idempotency-Key", "order-42")];
    let answers = join_all((0..10).map(|_| service.send("POST", SMS, Some(to(AYSE, "bir")), &key))).await;
    let batches: Vec<&Value> = answers.iter().map(|answer| &answer.json["batch"]).collect();
    assert!(answers.iter().all(|answer| answer.status == 202));
    assert!(batches.iter().all(|batch| *batch == batches[0]), "{batches:?}");
    until_status(&service, &answers[0].json["messages"][0]["id"], "delivered").await;
    assert_eq!(at_vendor(&service, AYSE).await.len(), 1);
    let other = service.send("POST", SMS, Some(to(AYSE, "iki")), &key).await;
    assert_eq!((other.status, other.json["code"].as_str()), (409, Some("idempotency_key_taken")));
    assert_eq!(other.json["field"], "Idempotency-Key");
    assert_eq!(at_vendor(&service, AYSE).await.len(), 1);
}

#[tokio::test]
async fn without_settings_nothing_is_accepted() {
    let service = Service::start().await;
    let refused = service.call("POST", SMS, Some(to(AYSE, "bir"))).await;
    assert_eq!((refused.status, refused.json["code"].as_str()), (422, Some("integration_not_configured")));
    assert_eq!(service.call("GET", "/api/integrations/messages", None).await.json["items"], json!([]));
}

#[rstest]
#[case("sms", SMS, "STOP")]
#[case("sms", SMS, "İPTAL")]
#[case("sms", SMS, "dur")]
#[case("whatsapp", WHATSAPP, "Ret")]
#[tokio::test]
async fn who_says_stop_gets_no_more_until_start(#[case] channel: &str, #[case] path: &str, #[case] word: &str) {
    let service = connected().await;
    service.writes(channel, AYSE, "merhaba").await;
    service.writes(channel, AYSE, word).await;
    let outs = "/api/integrations/opt-outs";
    assert_eq!(service.call("GET", outs, None).await.json["items"][0]["address"], AYSE);
    let sent = send(&service, path, to(AYSE, "bir")).await;
    let skipped = until_status(&service, &sent["messages"][0]["id"], "skipped").await;
    assert_eq!(skipped["error"]["code"], "opted_out");
    assert!(at_vendor(&service, AYSE).await.is_empty());
    service.writes(channel, AYSE, "BAŞLA").await;
    if channel == "sms" && word == "STOP" {
        // The vendor knows the English words alone, and holds to them.
        service.writes(channel, AYSE, "START").await;
    }
    assert_eq!(service.call("GET", outs, None).await.json["items"], json!([]));
    let again = send(&service, path, to(AYSE, "iki")).await;
    until(&service, &again["messages"][0]["id"], |message| {
        message["status"] == "delivered" || message["status"] == "read"
    })
    .await;
    assert_eq!(at_vendor(&service, AYSE).await, ["iki"]);
}

#[tokio::test]
async fn an_opt_out_that_the_vendor_knows_is_learnt() {
    let service = connected().await;
    let sent = send(&service, SMS, to("+15005550004", "bir")).await;
    let failed = until_status(&service, &sent["messages"][0]["id"], "failed").await;
    assert_eq!((&failed["error"]["code"], &failed["error"]["vendor_code"]), (&json!("opted_out"), &json!("21610")));
    let outs = service.call("GET", "/api/integrations/opt-outs", None).await.json;
    assert_eq!(outs["items"][0]["address"], "+15005550004");
    let next = send(&service, SMS, to("+15005550004", "iki")).await;
    until_status(&service, &next["messages"][0]["id"], "skipped").await;
}

#[tokio::test]
async fn free_text_needs_an_open_window_and_a_template_does_not() {
    let service = connected().await;
    let refused = service.call("POST", WHATSAPP, Some(to(AYSE, "bir"))).await;
    assert_eq!((refused.status, refused.json["code"].as_str()), (422, Some("window_closed")));
    let many = send(&service, WHATSAPP, json!({ "recipients": [AYSE], "message": "bir" })).await;
    let skipped = until_status(&service, &many["messages"][0]["id"], "skipped").await;
    assert_eq!(skipped["error"]["code"], "window_closed");
    let sid = "HX00000000000000000000000000000001";
    let content = json!({ "body": "Merhaba {{1}}", "variables": { "1": "" }, "approved": true });
    service.vendors_post("twilio/contents", json!({ "contents": { sid: content } })).await;
    let template = json!({ "to": AYSE, "content_sid": sid, "variables": { "1": "Ayşe" } });
    let sent = send(&service, WHATSAPP, template).await;
    until_status(&service, &sent["messages"][0]["id"], "read").await;
    assert_eq!(at_vendor(&service, AYSE).await, ["Merhaba Ayşe"]);
    service.writes("whatsapp", AYSE, "teşekkürler").await;
    let free = send(&service, WHATSAPP, to(AYSE, "iki")).await;
    until_status(&service, &free["messages"][0]["id"], "read").await;
}

#[tokio::test]
async fn a_planned_message_waits_and_can_be_taken_back() {
    let service = connected().await;
    let planned = json!({ "to": AYSE, "message": "yarın", "send_at": "2035-01-01T09:00:00Z" });
    let far = service.call("POST", SMS, Some(planned)).await;
    assert_eq!((far.status, &far.json["field"]), (422, &json!("send_at")));
    let at = Service::in_seconds(3);
    let soon = send(&service, SMS, json!({ "to": AYSE, "message": "birazdan", "send_at": at })).await;
    let later =
        send(&service, SMS, json!({ "to": AYSE, "message": "sonra", "send_at": Service::in_seconds(3600) })).await;
    let id = later["messages"][0]["id"].as_str().unwrap();
    assert_eq!(later["messages"][0]["status"], "scheduled");
    let cancelled = service.call("POST", &format!("/api/integrations/messages/{id}/cancel"), None).await;
    assert_eq!(cancelled.json["status"], "canceled");
    until_status(&service, &soon["messages"][0]["id"], "delivered").await;
    assert_eq!(at_vendor(&service, AYSE).await, ["birazdan"]);
    let id = soon["messages"][0]["id"].as_str().unwrap();
    let late = service.call("POST", &format!("/api/integrations/messages/{id}/cancel"), None).await;
    assert_eq!((late.status, late.json["code"].as_str()), (409, Some("too_late")));
    let again = service.call("POST", &format!("/api/integrations/messages/{id}/resend"), None).await;
    assert_eq!((again.status, again.json["code"].as_str()), (409, Some("not_to_repeat")));
}

#[tokio::test]
async fn a_day_takes_no_more_than_its_limit_and_quiet_hours_hold_all_but_the_urgent() {
    let service = connected().await;
    let policy = "/api/v1/companies/acme/messaging";
    let limited = json!({ "region": "TR", "zone": "Europe/Istanbul", "daily_messages": 2 });
    assert_eq!(service.call("PUT", policy, Some(limited)).await.status, 200);
    let numbers = ["+905320000001", "+905320000002", "+905320000003"];
    let sent = send(&service, SMS, json!({ "recipients": numbers, "message": "bir" })).await;
    let ids: Vec<&Value> = sent["messages"].as_array().unwrap().iter().map(|message| &message["id"]).collect();
    until_status(&service, ids[0], "delivered").await;
    until_status(&service, ids[1], "delivered").await;
    let held = until(&service, ids[2], |message| message["hold"] == "daily_limit").await;
    assert_eq!(held["status"], "queued");
    let quiet = json!({ "from": "00:00", "to": "23:59:59" });
    let quiet = json!({ "region": "TR", "zone": "Europe/Istanbul", "quiet": quiet });
    assert_eq!(service.call("PUT", policy, Some(quiet)).await.status, 200);
    let quietly = send(&service, SMS, to("+905320000004", "bir")).await;
    until(&service, &quietly["messages"][0]["id"], |message| message["hold"] == "quiet_hours").await;
    let urgent = send(&service, SMS, json!({ "to": "+905320000005", "message": "kod", "urgent": true })).await;
    until_status(&service, &urgent["messages"][0]["id"], "delivered").await;
    assert!(at_vendor(&service, "+905320000004").await.is_empty());
    assert!(at_vendor(&service, "+905320000003").await.is_empty());
}

#[tokio::test]
async fn templates_are_checked_filled_and_shown_with_their_cost() {
    let service = connected().await;
    let path = "/api/integrations/templates/teklif";
    let bad = service.call("PUT", path, Some(json!({ "text": "Sayın {{name" }))).await;
    assert_eq!((bad.status, bad.json["code"].as_str()), (422, Some("template_unclosed")));
    let unknown = json!({ "text": "Sayın {{nmae}}", "known": ["name"] });
    let unknown = service.call("PUT", path, Some(unknown)).await;
    assert_eq!(unknown.json["code"], "template_unknown_variable");
    let kept = service.call("PUT", path, Some(json!({ "text": "Sayın {{customer.name}}, teklifiniz hazır." }))).await;
    assert_eq!(kept.json["variables"], json!(["customer.name"]));
    let missing = service.call("POST", SMS, Some(json!({ "to": AYSE, "template": "teklif" }))).await;
    assert_eq!((missing.status, missing.json["code"].as_str()), (422, Some("template_missing_value")));
    let many = json!({ "template": "teklif", "recipients": [
        { "to": AYSE, "variables": { "customer.name": "Ayşe" } },
        { "to": "+905320000002", "variables": { "customer.name": "{{customer.name}}" } },
        { "to": "+905320000003" },
    ]});
    let sent = send(&service, SMS, many).await;
    assert_eq!(sent["messages"][2]["error"]["code"], "template_variables");
    until_status(&service, &sent["messages"][1]["id"], "delivered").await;
    assert_eq!(at_vendor(&service, AYSE).await, ["Sayın Ayşe, teklifiniz hazır."]);
    let literally = "Sayın {{customer.name}}, teklifiniz hazır.";
    assert_eq!(at_vendor(&service, "+905320000002").await, [literally], "a value is no template");
    let wish = json!({ "text": "Sayın {{ad}}, teklifiniz hazır. {{ek}}", "variables": { "ad": "Ayşe", "ek": "x".repeat(60) } });
    let preview = service.call("POST", "/api/integrations/messages/preview", Some(wish)).await.json;
    assert_eq!(preview["cost"], json!({ "encoding": "ucs2", "units": 90, "segments": 2 }));
    assert_eq!(preview["costly"], json!(["ı", "ş"]));
    assert_eq!((&preview["plain_cost"]["segments"], &preview["plain_cost"]["encoding"]), (&json!(1), &json!("gsm7")));
}

#[tokio::test]
async fn what_failed_is_sent_again_once_however_often_it_is_asked() {
    let service = connected().await;
    service.vendors_post("twilio/numbers", json!({ AYSE: { "status": "failed", "error_code": 30008 } })).await;
    let sent = send(&service, SMS, to(AYSE, "bir")).await;
    let id = sent["messages"][0]["id"].as_str().unwrap();
    until_status(&service, &sent["messages"][0]["id"], "failed").await;
    service.vendors_post("twilio/numbers", json!({ AYSE: { "status": "delivered" } })).await;
    let path = format!("/api/integrations/messages/{id}/resend");
    let again = join_all((0..5).map(|_| service.call("POST", &path, None))).await;
    assert!(again.iter().all(|answer| answer.status == 202 && answer.json["id"] == again[0].json["id"]));
    until_status(&service, &again[0].json["id"], "delivered").await;
    assert_eq!(at_vendor(&service, AYSE).await, ["bir", "bir"]);
}

#[tokio::test]
async fn a_callback_with_a_wrong_signature_or_for_another_companys_message_changes_nothing() {
    let service = connected().await;
    let sent = send(&service, SMS, to(AYSE, "bir")).await;
    let id = sent["messages"][0]["id"].as_str().unwrap();
    let message = until_status(&service, &sent["messages"][0]["id"], "delivered").await;
    let form = format!("MessageSid={}&MessageStatus=failed", message["provider_id"].as_str().unwrap());
    for signature in ["", "AAAA", "l0T6jjU2kQiCe9z4EpuIrHVGmnE="] {
        let headers = [("X-Twilio-Signature", signature), ("Content-Type", "application/x-www-form-urlencoded")];
        for company in ["acme", "beta", "%20"] {
            let path = format!("/hooks/twilio/{company}?mid={id}");
            let answer = service.raw(http::Method::POST, &path, Some(form.clone()), &headers).await;
            assert_eq!((answer.status, answer.json["code"].as_str()), (401, Some("not_authentic")));
        }
    }
    assert_eq!(shown(&service, &message["id"]).await["status"], "delivered");
}

#[tokio::test]
async fn a_message_waits_until_its_account_is_put_right() {
    let service = connected().await;
    let twilio = "/api/v1/companies/acme/integrations/twilio";
    let account = "AC00000000000000000000000000000001";
    let mut changed = service.vendors_get("twilio/accounts").await[account].clone();
    changed["auth_token"] = json!("another");
    service.vendors_post("twilio/accounts", json!({ account: changed })).await;
    let sent = send(&service, SMS, to(AYSE, "bir")).await;
    let id = &sent["messages"][0]["id"];
    until(&service, id, |message| message["hold"] == "account").await;
    assert_eq!(service.call("GET", twilio, None).await.json["status"], "RECONNECT_REQUIRED");
    changed["auth_token"] = json!("sandbox-token");
    service.vendors_post("twilio/accounts", json!({ account: changed })).await;
    let message = until_status(&service, id, "delivered").await;
    assert_eq!((&message["hold"], at_vendor(&service, AYSE).await), (&Value::Null, vec!["bir".to_owned()]));
    assert_eq!(service.call("GET", twilio, None).await.json["status"], "ACTIVE");
}

#[tokio::test]
async fn a_repetition_is_answered_whatever_has_changed_since() {
    let service = connected().await;
    let template = "/api/integrations/templates/kampanya";
    assert_eq!(service.call("PUT", template, Some(json!({ "text": "İndirim başladı" }))).await.status, 200);
    let (wish, key) = (json!({ "to": AYSE, "template": "kampanya" }), [("Idempotency-Key", "k")]);
    let first = service.send("POST", SMS, Some(wish.clone()), &key).await;
    until_status(&service, &first.json["messages"][0]["id"], "delivered").await;
    assert_eq!(service.call("DELETE", template, None).await.status, 204);
    let twilio = "/api/v1/companies/acme/integrations/twilio";
    assert_eq!(service.call("DELETE", twilio, None).await.status, 204);
    let again = service.send("POST", SMS, Some(wish), &key).await;
    assert_eq!((again.status, &again.json["batch"]), (202, &first.json["batch"]), "{}", again.json);
    let other = service.send("POST", SMS, Some(to(AYSE, "iki")), &key).await;
    assert_eq!((other.status, other.json["code"].as_str()), (409, Some("idempotency_key_taken")));
    assert_eq!(at_vendor(&service, AYSE).await.len(), 1);
}

#[tokio::test]
async fn what_is_looked_up_or_was_never_whole_is_not_sent_again() {
    let service = connected().await;
    service.vendors_post("twilio/callbacks", json!({ "mode": "never" })).await;
    let lost = json!({ "vendor": "twilio", "matching": "Messages.json", "kind": "hang_after", "ms": 4000 });
    service.vendors_post("faults", lost).await;
    let sent = send(&service, SMS, to(AYSE, "bir")).await;
    let id = &sent["messages"][0]["id"];
    let resend = |id: &Value| format!("/api/integrations/messages/{}/resend", id.as_str().unwrap());
    until_status(&service, id, "unknown").await;
    let early = service.call("POST", &resend(id), None).await;
    assert_eq!((early.status, early.json["code"].as_str()), (409, Some("in_doubt")));
    until(&service, id, |message| message["provider_id"].is_string()).await;
    assert_eq!(at_vendor(&service, AYSE).await.len(), 1);
    let many = json!({ "message": "Sayın {{name}}", "recipients": [{ "to": AYSE }, { "to": AYSE, "variables": { "name": "A" } }] });
    let many = send(&service, SMS, many).await;
    assert_eq!(many["messages"][0]["error"]["code"], "template_variables");
    let never = service.call("POST", &resend(&many["messages"][0]["id"]), None).await;
    assert_eq!((never.status, never.json["code"].as_str()), (409, Some("not_to_repeat")));
}
