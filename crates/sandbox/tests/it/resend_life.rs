//! What becomes of Resend's e-mails, and who is told of it.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::{
    resend_support::{SECRET, Server, letter},
    support::{Fixture, json_of},
};

async fn listening(fixture: &Fixture, failures: usize) -> Server {
    let server = Server::start(failures).await;
    fixture.control("resend/webhooks", json!({"url": server.url, "secrets": [SECRET]})).await;
    server
}

fn events(email: &Value) -> Vec<&str> {
    email["history"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_email_is_sent_and_delivered_on_the_simulated_clock() {
    let fixture = Fixture::stopped().await;
    let id = fixture.email(json!({})).await;
    fixture.advance(3600).await;
    let email = fixture.email_becomes(&id, "delivered").await;
    assert_eq!(events(&email), ["queued", "sent", "delivered"]);
    let at = |index: usize| email["history"][index]["at_ms"].as_i64().unwrap();
    assert_eq!((at(1) - at(0), at(2) - at(1)), (200, 400), "not when the clock jumped");
}

#[tokio::test]
async fn webhooks_tell_what_is_documented() {
    let fixture = Fixture::start().await;
    let mut server = listening(&fixture, 0).await;
    let more = json!({"tags": [{"name": "kayit", "value": "42"}], "headers": {"X-A": "b"}, "cc": "c@example.com"});
    let id = fixture.email(more).await;
    let first = server.next().await;
    let data = &first.event["data"];
    assert_eq!((first.kind(), &data["email_id"]), ("email.sent", &json!(id)));
    assert_eq!((&data["tags"], &data["headers"]), (&json!({"kayit": "42"}), &json!([{"name": "X-A", "value": "b"}])));
    assert_eq!((&data["to"], &data["subject"]), (&json!(["ayse@example.com"]), &json!("Teklifiniz hazır")));
    for moment in [&first.event["created_at"], &data["created_at"]] {
        assert!(moment.as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{moment}");
    }
    assert_eq!(server.kinds().await, ["email.delivered"]);
    assert!(server.is_idle());
}

#[rstest]
#[case::delivered("delivered+etiket@resend.dev", &["queued", "sent", "delivered"], true)]
#[case::bounced("bounced+etiket@resend.dev", &["queued", "sent", "bounced"], false)]
#[case::complained("complained@resend.dev", &["queued", "sent", "delivered", "complained"], true)]
#[case::suppressed("suppressed@resend.dev", &["queued", "suppressed"], false)]
#[tokio::test]
async fn test_addresses_fare_as_documented(#[case] to: &str, #[case] expected: &[&str], #[case] arrives: bool) {
    let fixture = Fixture::start().await;
    let id = fixture.email(json!({"to": to})).await;
    let email = fixture.email_becomes(&id, expected.last().unwrap()).await;
    assert_eq!((events(&email).as_slice(), email["reached"] == json!([to])), (expected, arrives));
    assert_eq!(fixture.inspect("resend/suppressions").await, json!({}), "these may be used again");
}

#[rstest]
#[case::for_good("Permanent", json!({"ayse@example.com": "bounce"}), "suppressed")]
#[case::for_now("Transient", json!({}), "bounced")]
#[tokio::test]
async fn a_bounce_names_whom_it_is_about_and_may_suppress(
    #[case] kind: &str,
    #[case] suppressions: Value,
    #[case] next: &str,
) {
    let fixture = Fixture::start().await;
    let mut server = listening(&fixture, 0).await;
    let outcome = json!({"event": "bounced", "bounce": kind});
    fixture.control("resend/addresses", json!({"Ayse@example.com": outcome})).await;
    let id = fixture.email(json!({"to": ["b@example.com", "ayse@example.com"]})).await;
    let email = fixture.email_becomes(&id, "bounced").await;
    assert_eq!(email["reached"], json!(["b@example.com"]));
    assert_eq!(server.kinds().await, ["email.sent"]);
    let bounced = server.next().await;
    let data = &bounced.event["data"];
    assert_eq!((&data["to"], &data["bounce"]["type"]), (&json!(["ayse@example.com"]), &json!(kind)));
    assert_eq!(data["bounce"]["diagnosticCode"].as_array().unwrap().len(), 1);
    assert_eq!(fixture.inspect("resend/suppressions").await, suppressions);
    fixture.control("resend/addresses", json!({"ayse@example.com": {"event": next}})).await;
    let id = fixture.email(json!({})).await;
    fixture.email_becomes(&id, next).await;
}

#[tokio::test]
async fn who_complained_gets_nothing_more_until_forgiven() {
    let fixture = Fixture::start().await;
    fixture.control("resend/settings", json!({"manual": true})).await;
    let id = fixture.email(json!({})).await;
    fixture.control(&format!("resend/emails/{id}/event"), json!({"event": "complained"})).await;
    fixture.control("resend/settings", json!({"manual": false})).await;
    let next = fixture.email(json!({})).await;
    assert_eq!(fixture.email_becomes(&next, "suppressed").await["reached"], json!([]));
    let forgive = fixture.request(Method::DELETE, "_control/resend/suppressions/ayse@example.com");
    assert_eq!(forgive.send().await.unwrap().status(), 200);
    let last = fixture.email(json!({})).await;
    fixture.email_becomes(&last, "delivered").await;
}

#[rstest]
#[case::reversed("reversed", &["email.delivered", "email.sent"])]
#[case::repeated("repeated", &["email.sent", "email.sent", "email.delivered", "email.delivered"])]
#[case::never("never", &[])]
#[case::held("held", &[])]
#[tokio::test]
async fn webhooks_come_wrongly_on_demand(#[case] mode: &str, #[case] expected: &[&str]) {
    let fixture = Fixture::start().await;
    let mut server = listening(&fixture, 0).await;
    fixture.control("resend/callbacks", json!({"mode": mode})).await;
    let id = fixture.email(json!({})).await;
    fixture.email_becomes(&id, "delivered").await;
    let mut ids = std::collections::BTreeSet::new();
    for kind in expected {
        let hook = server.next().await;
        assert_eq!(hook.kind(), *kind);
        ids.insert(hook.id);
    }
    assert_eq!(ids.len(), if expected.is_empty() { 0 } else { 2 });
    assert!(server.is_idle());
    fixture.control("resend/callbacks", json!({"mode": "ordered"})).await;
    if mode == "held" {
        assert_eq!(server.kinds().await, ["email.sent", "email.delivered"]);
    }
}

#[tokio::test]
async fn a_webhook_that_is_not_taken_comes_again_with_its_id() {
    let fixture = Fixture::start().await;
    let mut server = listening(&fixture, 2).await;
    fixture.control("resend/settings", json!({"manual": true})).await;
    let id = fixture.email(json!({})).await;
    fixture.control(&format!("resend/emails/{id}/event"), json!({"event": "sent"})).await;
    let first = server.next().await;
    let mut again = Vec::new();
    for _ in 0..2 {
        let next = async {
            loop {
                fixture.advance(600).await;
                if let Ok(hook) = tokio::time::timeout(std::time::Duration::from_millis(50), server.next()).await {
                    return hook;
                }
            }
        };
        again.push(next.await);
    }
    assert!(again.iter().all(|hook| hook.id == first.id && hook.event == first.event));
}

#[tokio::test]
async fn a_webhook_is_signed_with_each_secret_and_only_for_what_was_asked() {
    let fixture = Fixture::start().await;
    let mut server = Server::start(0).await;
    let secrets = json!(["whsec_ZXNraQ==", SECRET]);
    let asked = json!({"url": server.url, "secrets": secrets, "events": ["email.delivered"]});
    assert_eq!(fixture.control("resend/webhooks", asked).await["secrets"], secrets);
    fixture.email(json!({})).await;
    let hook = server.next().await;
    assert_eq!((hook.kind(), hook.signatures), ("email.delivered", 2));
}

#[tokio::test]
async fn a_scheduled_email_is_moved_sent_and_canceled() {
    let fixture = Fixture::stopped().await;
    let mut server = listening(&fixture, 0).await;
    let id = fixture.email(json!({"scheduled_at": "in 1 hour"})).await;
    let dropped = fixture.email(json!({"scheduled_at": "in 1 hour"})).await;
    assert_eq!(server.kinds().await, ["email.scheduled", "email.scheduled"]);
    let patch = fixture.resend(Method::PATCH, &format!("emails/{id}")).json(&json!({"scheduled_at": "in 2 hours"}));
    let (status, answer) = json_of(patch.send().await.unwrap()).await;
    assert_eq!((status, answer), (200, json!({"object": "email", "id": id})));
    let cancel = async || fixture.post_resend(&format!("emails/{dropped}/cancel"), json!({})).await;
    assert_eq!(cancel().await, (200, json!({"object": "email", "id": dropped})));
    fixture.advance(3600).await;
    assert_eq!(fixture.email_becomes(&id, "scheduled").await["reached"], json!([]));
    fixture.advance(3700).await;
    assert_eq!(events(&fixture.email_becomes(&id, "delivered").await), ["scheduled", "queued", "sent", "delivered"]);
    fixture.email_becomes(&dropped, "canceled").await;
    let (status, error) = cancel().await;
    assert_eq!((status, &error["name"]), (422, &json!("validation_error")));
    assert_eq!(fixture.post_resend("emails", letter(json!({}))).await.0, 200);
}
