//! What becomes of messages, and who is told of it.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    support::{Fixture, json_of},
    twilio_support::{ACCOUNT, PERSON, SENDER, SERVICE, Server},
};

fn statuses(message: &Value) -> Vec<&str> {
    message["history"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect()
}

async fn only(fixture: &Fixture) -> Value {
    let all = fixture.inspect("twilio/messages").await;
    assert_eq!(all.as_array().unwrap().len(), 1);
    all[0].clone()
}

#[tokio::test]
async fn an_sms_is_sent_and_delivered_on_the_simulated_clock() {
    let fixture = Fixture::stopped().await;
    let message = fixture.text(&[]).await;
    assert_eq!(statuses(&only(&fixture).await), ["queued"]);
    fixture.advance(3600).await;
    let delivered = fixture.becomes(&message, "delivered").await;
    let message = only(&fixture).await;
    assert_eq!(statuses(&message), ["queued", "sent", "delivered"]);
    assert_eq!((&message["reached"], &delivered["price"]), (&json!(true), &json!("-0.00750")));
    let at = |index: usize| message["history"][index]["at_ms"].as_i64().unwrap();
    assert_eq!((at(1) - at(0), at(2) - at(1)), (200, 400), "not when the clock jumped");
}

#[tokio::test]
async fn callbacks_tell_every_status_but_the_first() {
    let fixture = Fixture::start().await;
    let mut server = Server::start().await;
    let callback = format!("{}#rc=5", server.url);
    let fields = [("To", PERSON), ("MessagingServiceSid", SERVICE), ("Body", "x"), ("StatusCallback", &callback)];
    let (_, message) = fixture.post_message(&fields).await;
    assert_eq!(server.statuses().await, ["queued", "sent"]);
    let last = server.next().await;
    let told = ["MessageStatus", "MessageSid", "AccountSid", "To", "From", "MessagingServiceSid"];
    let expected = ["delivered", message["sid"].as_str().unwrap(), ACCOUNT, PERSON, SENDER, SERVICE];
    assert_eq!(told.map(|name| last.form[name].as_str()), expected);
    assert_eq!(last.form["RawDlrDoneDate"].len(), 10);
    assert!(server.is_idle());
}

#[rstest]
#[case::reversed("reversed", &["delivered", "sent"])]
#[case::repeated("repeated", &["sent", "sent", "delivered", "delivered"])]
#[case::never("never", &[])]
#[case::held("held", &[])]
#[tokio::test]
async fn callbacks_come_wrongly_on_demand(#[case] mode: &str, #[case] expected: &[&str]) {
    let fixture = Fixture::start().await;
    let mut server = Server::start().await;
    fixture.control("twilio/callbacks", json!({"mode": mode})).await;
    let message = fixture.text(&[("StatusCallback", &server.url)]).await;
    fixture.becomes(&message, "delivered").await;
    let mut tokens = std::collections::BTreeSet::new();
    for status in expected {
        let hook = server.next().await;
        assert_eq!(hook.status(), *status);
        tokens.insert(hook.token);
    }
    assert_eq!(tokens.len(), if mode == "never" || mode == "held" { 0 } else { 2 });
    assert!(server.is_idle());
    fixture.control("twilio/callbacks", json!({"mode": "ordered"})).await;
    if mode == "held" {
        assert_eq!(server.statuses().await, ["sent", "delivered"]);
    }
}

#[tokio::test]
async fn a_server_that_is_away_holds_up_nobody() {
    let fixture = Fixture::start().await;
    let message = fixture.text(&[("StatusCallback", "http://127.0.0.1:1/hook")]).await;
    fixture.becomes(&message, "delivered").await;
    let heard = async {
        while fixture.inspect("twilio/stats").await["webhooks_failed"] != 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), heard).await.unwrap();
}

#[rstest]
#[case::unreachable("undelivered", 30003, &["queued", "sent", "undelivered"], false)]
#[case::account("failed", 30002, &["queued", "failed"], false)]
#[tokio::test]
async fn numbers_fail_as_they_are_told(
    #[case] status: &str,
    #[case] code: u32,
    #[case] expected: &[&str],
    #[case] reached: bool,
) {
    let fixture = Fixture::start().await;
    let mut server = Server::start().await;
    fixture.control("twilio/numbers", json!({PERSON: {"status": status, "error_code": code}})).await;
    let message = fixture.text(&[("StatusCallback", &server.url)]).await;
    let failed = fixture.becomes(&message, status).await;
    assert_eq!(failed["error_code"], code);
    assert!(!failed["error_message"].as_str().unwrap().is_empty());
    let message = only(&fixture).await;
    assert_eq!((statuses(&message).as_slice(), &message["reached"]), (expected, &json!(reached)));
    let mut last = server.next().await;
    while last.status() != status {
        last = server.next().await;
    }
    assert_eq!(last.form["ErrorCode"], code.to_string());
}

#[tokio::test]
async fn a_carrier_without_receipts_leaves_it_at_sent() {
    let fixture = Fixture::stopped().await;
    fixture.control("twilio/numbers", json!({PERSON: {"status": "sent"}})).await;
    let message = fixture.text(&[]).await;
    fixture.advance(3600).await;
    fixture.becomes(&message, "sent").await;
    fixture.advance(3600).await;
    let message = only(&fixture).await;
    assert_eq!((statuses(&message), &message["reached"]), (vec!["queued", "sent"], &json!(true)));
}

#[tokio::test]
async fn manual_messages_wait_for_control() {
    let fixture = Fixture::start().await;
    let mut server = Server::start().await;
    fixture.control("twilio/settings", json!({"manual": true, "sent_ms": 0})).await;
    let message = fixture.text(&[("StatusCallback", &server.url)]).await;
    let path = format!("twilio/messages/{}/status", message["sid"].as_str().unwrap());
    fixture.control(&path, json!({"status": "undelivered", "error_code": 30007})).await;
    assert_eq!(server.next().await.form["ErrorCode"], "30007");
    assert_eq!(statuses(&only(&fixture).await), ["queued", "undelivered"]);
}

#[tokio::test]
async fn a_scheduled_message_waits_for_its_time_or_is_canceled() {
    let fixture = Fixture::stopped().await;
    let now_ms = fixture.inspect("clock").await["now_ms"].as_i64().unwrap();
    let at = jiff::Timestamp::from_millisecond(now_ms + 3_600_000).unwrap().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let fields =
        [("To", PERSON), ("MessagingServiceSid", SERVICE), ("Body", "x"), ("ScheduleType", "fixed"), ("SendAt", &at)];
    let (_, kept) = fixture.post_message(&fields).await;
    let (_, dropped) = fixture.post_message(&fields).await;
    assert_eq!((&kept["status"], &kept["from"]), (&json!("scheduled"), &Value::Null));
    let tail = format!("Messages/{}.json", dropped["sid"].as_str().unwrap());
    let cancel = fixture.twilio(Method::POST, &tail).form(&[("Status", "canceled")]);
    assert_eq!(json_of(cancel.send().await.unwrap()).await.1["status"], "canceled");
    fixture.advance(3590).await;
    assert_eq!(fixture.becomes(&kept, "scheduled").await["date_sent"], Value::Null);
    fixture.advance(3600).await;
    fixture.becomes(&kept, "delivered").await;
    assert_eq!(fixture.becomes(&dropped, "canceled").await["date_sent"], Value::Null);
}

#[tokio::test]
async fn a_sender_takes_one_message_after_the_other() {
    let fixture = Fixture::stopped().await;
    fixture.control("twilio/settings", json!({"mps": 1})).await;
    let first = fixture.text(&[]).await;
    let second = fixture.text(&[]).await;
    fixture.advance(3600).await;
    fixture.becomes(&first, "delivered").await;
    fixture.becomes(&second, "delivered").await;
    let all = fixture.inspect("twilio/messages").await;
    let sent = |index: usize| all[index]["history"][1]["at_ms"].as_i64().unwrap();
    assert_eq!(sent(1) - sent(0), 1000);
}
