//! What networks and the vendor do on their bad days: what was sent then, what the log says, and that nobody got two.

use crate::harness::Service;
use rstest::rstest;
use serde_json::{Value, json};

/// A fault, how often people get the message, and where it stands in the end.
struct Case {
    name: &'static str,
    fault: Value,
    callbacks: &'static str,
    reached: usize,
    ends: &'static [&'static str],
}

const ARRIVED: &[&str] = &["delivered", "read"];

fn cases() -> Vec<Case> {
    let fault = |kind: &str| json!({ "vendor": "twilio", "matching": "Messages.json", "kind": kind, "ms": 4000 });
    let status = |status: u16| json!({ "vendor": "twilio", "matching": "Messages.json", "kind": "status", "status": status, "body": "{}" });
    let case = |name, fault, callbacks, reached, ends| Case { name, fault, callbacks, reached, ends };
    vec![
        case("time-out before", fault("hang_before"), "ordered", 0, &["unknown"]),
        case("time-out after", fault("hang_after"), "ordered", 1, ARRIVED),
        case("reset before", fault("reset_before"), "ordered", 0, &["unknown"]),
        case("reset after", fault("reset_after"), "ordered", 1, ARRIVED),
        case("429", status(429), "ordered", 1, ARRIVED),
        case("500", status(500), "ordered", 0, &["unknown"]),
        case("503", status(503), "ordered", 1, ARRIVED),
        case("garbage", fault("garbage"), "ordered", 1, ARRIVED),
        case("garbage, found by looking", fault("garbage"), "never", 1, &["sent", "delivered", "read", "queued"]),
        case("last callback first", Value::Null, "reversed", 1, ARRIVED),
        case("callbacks twice", Value::Null, "repeated", 1, ARRIVED),
        case("no callbacks", Value::Null, "never", 1, &["queued"]),
    ]
}

#[rstest]
#[case::one_sms("sms", false)]
#[case::many_sms("sms", true)]
#[case::one_whatsapp("whatsapp", false)]
#[case::many_whatsapp("whatsapp", true)]
#[tokio::test]
async fn nobody_gets_two(#[case] channel: &str, #[case] many: bool) {
    let service = Service::start().await;
    service.connect_twilio().await;
    for (number, case) in cases().into_iter().enumerate() {
        let to = format!("+9053200020{number:02}");
        let others: Vec<String> = (0..2).map(|other| format!("+90532003{number:02}{other:02}")).collect();
        if channel == "whatsapp" {
            for person in others.iter().chain([&to]) {
                service.writes(channel, person, "merhaba").await;
            }
        }
        service.vendors_post("twilio/callbacks", json!({ "mode": case.callbacks })).await;
        if !case.fault.is_null() {
            service.vendors_post("faults", case.fault.clone()).await;
        }
        let all: Vec<&String> = std::iter::once(&to).chain(&others).collect();
        let body =
            if many { json!({ "recipients": all, "message": "bir" }) } else { json!({ "to": to, "message": "bir" }) };
        let path = format!("/api/integrations/{channel}/send");
        let sent = service.call("POST", &path, Some(body)).await;
        assert_eq!(sent.status, 202, "{}: {}", case.name, sent.json);
        let messages = sent.json["messages"].as_array().unwrap();
        let mut reached = 0;
        for (place, message) in messages.iter().enumerate() {
            let path = format!("/api/integrations/messages/{}", message["id"].as_str().unwrap());
            let ended = |message: &Value| {
                let status = message["status"].as_str().unwrap();
                let settled = message["provider_id"].is_string() || status == "unknown";
                settled && case.ends.iter().chain(ARRIVED).any(|end| *end == status)
            };
            let mut shown = service.call("GET", &path, None).await.json;
            for _ in 0..600 {
                if ended(&shown) {
                    break;
                }
                service.a_moment().await;
                shown = service.call("GET", &path, None).await.json;
            }
            assert!(ended(&shown), "{}, recipient {place}: {shown}", case.name);
            let times = service.reached(shown["to"].as_str().unwrap()).await;
            assert!(times <= 1, "{}: {times} for one", case.name);
            // What is not known is never called failed.
            let is_known = shown["status"] != "unknown";
            assert!(is_known || case.reached == 0 || place > 0, "{}: {shown}", case.name);
            assert!(times == 1 || !is_known, "{}: {shown}", case.name);
            reached += times;
        }
        // Which of many the fault hits is not said: one of them at the most.
        assert_eq!(messages.len() - reached, 1 - case.reached, "{}", case.name);
        service.delete_faults().await;
    }
}
