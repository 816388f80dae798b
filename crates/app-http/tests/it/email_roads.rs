//! By which road e-mails go: in the company's order, past what ails, and never twice.

use crate::harness::Service;
use rstest::rstest;
use serde_json::{Value, json};

const AYSE: &str = "ayse@example.org";

/// What a caller hears of one e-mail, once it is settled or in doubt.
async fn send(service: &Service, subject: &str) -> Value {
    let body = json!({ "to": AYSE, "subject": subject, "text": "Merhaba" });
    let sent = service.send("POST", "/api/integrations/email/send", Some(body), &[("Prefer", "wait=30")]).await.json;
    let path = format!("/api/integrations/messages/{}", sent["messages"][0]["id"].as_str().unwrap());
    let mut shown = sent["messages"][0].clone();
    for _ in 0..600 {
        if shown["provider_id"].is_string() || shown["status"] == "unknown" || shown["status"] == "failed" {
            return shown;
        }
        service.a_moment().await;
        shown = service.call("GET", &path, None).await.json;
    }
    panic!("{shown}");
}

fn tried(email: &Value) -> Vec<(String, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let tries = email["tries"].as_array().unwrap().iter();
    tries.map(|one| (text(&one["road"]).unwrap(), text(&one["error"]["code"]))).collect()
}

fn by(road: &str) -> (String, Option<String>) {
    (road.to_owned(), None)
}

fn not_by(road: &str, why: &str) -> (String, Option<String>) {
    (road.to_owned(), Some(why.to_owned()))
}

/// Which vendors have an e-mail with that subject, each time they have it.
async fn at_vendors(service: &Service, subject: &str) -> Vec<String> {
    let all = service.vendors_get("mail").await;
    let own = all.as_array().unwrap().iter().filter(|email| email["subject"] == subject);
    own.map(|email| email["vendor"].as_str().unwrap().to_owned()).collect()
}

async fn order(service: &Service, roads: &[&str]) {
    let policy = json!({ "region": "TR", "zone": "Europe/Istanbul", "email_roads": roads });
    let set = service.call("PUT", "/api/v1/companies/acme/messaging", Some(policy)).await;
    assert_eq!(set.status, 200, "{}", set.json);
}

async fn status(service: &Service, vendor: &str) -> (Value, Value) {
    let shown = service.call("GET", &format!("/api/v1/companies/acme/integrations/{vendor}"), None).await.json;
    (shown["status"].clone(), shown["last_error"].clone())
}

async fn with_all_roads() -> Service {
    let service = Service::start().await;
    service.connect_resend().await;
    service.connect_mailbox("gmail").await;
    service.connect_mailbox("outlook").await;
    service.connect_smtp().await;
    service
}

#[tokio::test]
async fn the_company_says_which_road_is_the_first_and_may_pin_one() {
    let service = with_all_roads().await;
    assert_eq!(tried(&send(&service, "bir").await), [by("resend")]);
    for road in ["gmail", "outlook", "smtp"] {
        order(&service, &[road]).await;
        assert_eq!(tried(&send(&service, road).await), [by(road)]);
        assert_eq!(status(&service, road).await, (json!("ACTIVE"), Value::Null));
        assert_eq!(at_vendors(&service, road).await.len(), 1);
    }
    order(&service, &["smtp", "resend"]).await;
    assert_eq!(tried(&send(&service, "son").await), [by("smtp")]);
}

#[tokio::test]
async fn refused_credentials_pass_an_email_on_and_new_ones_bring_the_road_back() {
    let service = with_all_roads().await;
    service.vendors_post("resend/keys", json!({ "re_other": "full" })).await;
    let email = send(&service, "bir").await;
    assert_eq!(tried(&email), [not_by("resend", "credentials_refused"), by("gmail")]);
    let refused = (json!("RECONNECT_REQUIRED"), json!("credentials_refused"));
    assert_eq!(status(&service, "resend").await, refused);
    assert_eq!(tried(&send(&service, "iki").await), [by("gmail")], "it is left alone for a while");
    service.vendors_post("resend/keys", json!({ "re_sandbox": "full" })).await;
    service.connect_resend().await;
    assert_eq!(tried(&send(&service, "üç").await), [by("resend")]);
    assert_eq!(at_vendors(&service, "bir").await, ["gmail"]);
}

#[tokio::test]
async fn a_spent_quota_passes_an_email_on() {
    let service = with_all_roads().await;
    service.vendors_post("resend/settings", json!({ "daily_quota": 0 })).await;
    assert_eq!(tried(&send(&service, "bir").await), [not_by("resend", "daily_cap"), by("gmail")]);
    assert_eq!(status(&service, "resend").await, (json!("ERROR"), json!("daily_cap")));
}

#[tokio::test]
async fn a_consent_that_was_withdrawn_passes_an_email_on() {
    let service = with_all_roads().await;
    order(&service, &["gmail", "outlook"]).await;
    service.vendors_post("google/revoke_user", json!({})).await;
    assert_eq!(tried(&send(&service, "bir").await), [not_by("gmail", "credentials_refused"), by("outlook")]);
    assert_eq!(status(&service, "gmail").await, (json!("RECONNECT_REQUIRED"), json!("credentials_refused")));
    service.connect_mailbox("gmail").await;
    assert_eq!(tried(&send(&service, "iki").await), [by("gmail")]);
}

/// A lost answer is nobody's leave to try elsewhere.
#[rstest]
#[case::gmail("gmail", "google", "messages/send")]
#[case::smtp("smtp", "smtp", "END-OF-DATA")]
#[tokio::test]
async fn an_unknown_outcome_goes_by_no_other_road(
    #[case] road: &str,
    #[case] vendor: &str,
    #[case] matching: &str,
    #[values("reset_before", "reset_after", "hang_after")] kind: &str,
) {
    let service = with_all_roads().await;
    order(&service, &[road, "resend"]).await;
    let fault = json!({ "vendor": vendor, "matching": matching, "kind": kind, "times": 1, "ms": 4000 });
    service.vendors_post("faults", fault).await;
    let email = send(&service, "bir").await;
    assert_eq!((&email["status"], &email["error"]["code"]), (&json!("unknown"), &json!("outcome_unknown")), "{email}");
    assert_eq!(tried(&email), [not_by(road, "outcome_unknown")]);
    let took = if kind.ends_with("after") { vec![if road == "smtp" { "smtp" } else { "gmail" }] } else { vec![] };
    assert_eq!(at_vendors(&service, "bir").await, took);
    assert_eq!(status(&service, road).await, (json!("ERROR"), json!("outcome_unknown")));
    assert_eq!(tried(&send(&service, "iki").await), [by("resend")], "others do not wait for it");
}

/// Outlook's drafts tell what became of them.
#[rstest]
#[case::before("reset_before")]
#[case::after("reset_after")]
#[tokio::test]
async fn an_outcome_that_can_be_looked_up_is(#[case] kind: &str) {
    let service = with_all_roads().await;
    order(&service, &["outlook", "resend"]).await;
    service.vendors_post("faults", json!({ "vendor": "microsoft", "matching": "/send", "kind": kind })).await;
    let email = send(&service, "bir").await;
    assert!(email["provider_id"].is_string(), "{email}");
    assert_eq!(at_vendors(&service, "bir").await.len(), 1, "{email}");
}

#[tokio::test]
async fn a_mailbox_is_shown_tried_and_forgotten() {
    let service = with_all_roads().await;
    let path = "/api/v1/companies/acme/integrations/gmail";
    let shown = service.call("GET", path, None).await.json;
    assert_eq!((&shown["vendor"], &shown["settings"]["account"]), (&json!("gmail"), &json!("demo@example.com")));
    assert_eq!(service.call("POST", &format!("{path}/test"), None).await.json["status"], "ACTIVE");
    assert_eq!(service.call("DELETE", path, None).await.status, 204);
    assert_eq!(service.call("GET", path, None).await.status, 404);
    order(&service, &["gmail"]).await;
    let body = json!({ "to": AYSE, "subject": "bir", "text": "Merhaba" });
    let refused = service.call("POST", "/api/integrations/email/send", Some(body)).await;
    assert_eq!((refused.status, &refused.json["code"]), (422, &json!("integration_not_configured")));
    let none = service.call("POST", "/api/v1/companies/acme/integrations/twilio/consent", None).await;
    assert_eq!(none.status, 404);
}

#[tokio::test]
async fn an_order_of_roads_is_checked() {
    let service = Service::start().await;
    for roads in [json!([]), json!(["resend", "resend"]), json!(["fax"])] {
        let policy = json!({ "region": "TR", "zone": "Europe/Istanbul", "email_roads": roads });
        assert_eq!(service.call("PUT", "/api/v1/companies/acme/messaging", Some(policy)).await.status, 422);
    }
}
