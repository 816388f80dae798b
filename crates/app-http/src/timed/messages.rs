//! Quiet hours over the nights in which clocks are changed.

use jiff::ToSpan as _;
use kopru_http_client::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{Stage, at};

const HELD: &str = "+905320000001";
const URGENT: &str = "+905320000002";

/// The company's account at the simulated vendor of messages, which is fast.
async fn connect_twilio(stage: &Stage) {
    let settings = json!({
        "account_sid": "AC00000000000000000000000000000001",
        "auth_token": "sandbox-token",
        "from_sms": "+15005550006",
        "messages_per_second": 100,
    });
    let path = "/api/v1/companies/acme/integrations/twilio";
    assert_eq!(stage.call(Method::PUT, path, Some(settings)).await.0, 200);
    let quick = json!({ "sent_ms": 10, "delivered_ms": 10 });
    stage.control(Method::POST, "twilio/settings", Some(quick)).await;
}

async fn send(stage: &Stage, to: &str, urgent: bool) -> String {
    let wish = json!({ "to": to, "message": "Randevunuz yarın.", "urgent": urgent });
    let (status, sent) = stage.call(Method::POST, "/api/integrations/sms/send", Some(wish)).await;
    assert_eq!(status, 202, "{sent}");
    sent["messages"][0]["id"].as_str().unwrap().to_owned()
}

async fn shown(stage: &Stage, id: &str) -> Value {
    stage.call(Method::GET, &format!("/api/integrations/messages/{id}"), None).await.1
}

async fn until(stage: &Stage, id: &str, field: &str, value: &str) {
    for _ in 0..500 {
        if shown(stage, id).await[field] == value {
            return;
        }
        stage.a_moment().await;
    }
    panic!("{field} is not {value}: {}", shown(stage, id).await);
}

async fn reached(stage: &Stage) -> Vec<String> {
    let messages = stage.control(Method::GET, "twilio/messages", None).await;
    messages.as_array().unwrap().iter().map(|message| message["to"].as_str().unwrap().to_owned()).collect()
}

/// Clocks in Berlin go from 2 to 3 on 29 March 2026 at 01:00 UTC, and from 3 to 2 on 25 October at 01:00 UTC.
#[rstest]
#[case::the_short_night("22:00", "08:00", "2026-03-28T22:00:00Z", "2026-03-29T06:00:00Z")]
#[case::the_long_night("22:00", "08:00", "2026-10-24T21:00:00Z", "2026-10-25T07:00:00Z")]
#[case::an_end_that_is_left_out("22:00", "02:30", "2026-03-28T22:00:00Z", "2026-03-29T01:00:00Z")]
#[case::an_hour_that_comes_twice("02:00", "03:00", "2026-10-25T00:10:00Z", "2026-10-25T02:00:00Z")]
#[tokio::test]
async fn quiet_hours_end_when_the_companys_own_clock_says_so(
    #[case] from: &str,
    #[case] to: &str,
    #[case] now: &str,
    #[case] opens: &str,
) {
    let stage = Stage::start(now).await;
    connect_twilio(&stage).await;
    let quiet = json!({ "from": from, "to": to });
    let policy = json!({ "region": "TR", "zone": "Europe/Berlin", "quiet": quiet });
    assert_eq!(stage.call(Method::PUT, "/api/v1/companies/acme/messaging", Some(policy)).await.0, 200);
    let held = send(&stage, HELD, false).await;
    until(&stage, &held, "hold", "quiet_hours").await;
    stage.set_on(at(opens) - 1.minute());
    // The sender's lane is served at that hour, and what is not urgent stays.
    let urgent = send(&stage, URGENT, true).await;
    until(&stage, &urgent, "status", "delivered").await;
    assert_eq!(shown(&stage, &held).await["hold"], "quiet_hours");
    assert_eq!(reached(&stage).await, [URGENT]);
    stage.set_on(at(opens));
    until(&stage, &held, "status", "delivered").await;
    assert_eq!(reached(&stage).await, [URGENT, HELD]);
}
