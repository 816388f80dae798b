//! What networks and Resend do on their bad days: everybody gets the e-mail in the end, and nobody gets two.

use crate::emails::at_vendor;
use crate::harness::Service;
use rstest::rstest;
use serde_json::{Value, json};

fn fault(kind: &str, times: u32) -> Value {
    json!({ "vendor": "resend", "matching": "/emails", "kind": kind, "times": times, "ms": 4000 })
}

fn status(status: u16, times: u32) -> Value {
    json!({ "vendor": "resend", "matching": "/emails", "kind": "status", "times": times, "status": status, "body": "{}" })
}

#[rstest]
#[case::time_out_before(fault("hang_before", 1))]
#[case::time_out_after(fault("hang_after", 1))]
#[case::reset_before(fault("reset_before", 1))]
#[case::reset_after(fault("reset_after", 1))]
#[case::garbage(fault("garbage", 1))]
#[case::page(fault("html", 1))]
#[case::refused_for_now(status(429, 1))]
#[case::broken(status(500, 1))]
#[case::down(status(503, 1))]
#[tokio::test]
async fn everybody_gets_one(#[case] fault: Value, #[values("ordered", "never")] callbacks: &str) {
    let service = Service::start().await;
    service.connect_resend().await;
    service.vendors_post("resend/callbacks", json!({ "mode": callbacks })).await;
    service.vendors_post("faults", fault.clone()).await;
    let addresses = ["ayse@example.org", "can@example.org"];
    let body = json!({ "recipients": addresses, "subject": "Teklif", "text": "Merhaba" });
    let sent = service.call("POST", "/api/integrations/email/send", Some(body)).await;
    assert_eq!(sent.status, 202, "{}", sent.json);
    for (email, address) in sent.json["messages"].as_array().unwrap().iter().zip(addresses) {
        let path = format!("/api/integrations/messages/{}", email["id"].as_str().unwrap());
        let mut shown = service.call("GET", &path, None).await.json;
        for _ in 0..900 {
            if shown["provider_id"].is_string() {
                break;
            }
            service.a_moment().await;
            shown = service.call("GET", &path, None).await.json;
        }
        assert!(shown["provider_id"].is_string() && shown["status"] != "failed", "{fault}: {shown}");
        assert_eq!(at_vendor(&service, address).await.len(), 1, "{fault}");
    }
}
