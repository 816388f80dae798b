//! A person's Google connection: what is granted, by which account, and what its end does.

use crate::harness::{Answer, Service};
use rstest::rstest;
use serde_json::json;

const STATE: &str = "/api/v1/sheet-sync/google";
const CALENDAR: &str = "/api/integrations/oauth/google-calendar";
const SHEETS: &str = "https://www.googleapis.com/auth/spreadsheets";

impl Service {
    /// The person goes to the consent page as `account` and ticks the boxes for which `ticks` says so.
    async fn answers_as(&self, account: &str, ticks: impl Fn(&str) -> bool) -> Answer {
        let page = self.call("GET", "/sheet-sync/oauth/authorize", None).await.location.unwrap();
        let mut form: Vec<(String, String)> = url::Url::parse(&page).unwrap().query_pairs().into_owned().collect();
        let scopes = form.iter().find(|(name, _)| name == "scope").unwrap().1.clone();
        let ticked = scopes.split(' ').filter(|scope| ticks(scope));
        form.extend(ticked.map(|scope| ("grant".to_owned(), scope.to_owned())));
        form.push(("decision".to_owned(), "allow".to_owned()));
        form.push(("account".to_owned(), account.to_owned()));
        let back = self.agree(&page, &form).await;
        self.open("GET", &back, None).await
    }

    async fn google_is(&self) -> serde_json::Value {
        self.call("GET", STATE, None).await.json
    }
}

#[tokio::test]
async fn a_box_that_was_left_unticked_connects_nothing_and_is_named() {
    let service = Service::start().await;
    let answer = service.answers_as("ayse@example.com", |scope| scope != SHEETS).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("tüm kutuları işaretleyin"), "{}", answer.text);
    assert_eq!(service.call("GET", STATE, None).await.status, 404);
    let log = service.call("GET", "/api/v1/companies/acme/audit", None).await.text;
    assert!(log.contains("key_created") && !log.contains("google_connected"), "{log}");
    // The next consent brings the earlier grants along.
    assert_eq!(service.answers_as("ayse@example.com", |scope| scope == SHEETS).await.status, 303);
    assert_eq!(service.google_is().await["status"], "ACTIVE");
}

#[tokio::test]
async fn another_account_does_not_take_the_connected_ones_place() {
    let service = Service::start().await;
    assert_eq!(service.answers_as("ayse@example.com", |_| true).await.status, 303);
    let other = service.answers_as("baska@example.com", |_| true).await;
    assert_eq!(other.status, 422);
    assert!(other.text.contains("Başka bir Google hesabı"), "{}", other.text);
    assert_eq!(service.google_is().await["account"], "ayse@example.com");
    assert_eq!(service.call("DELETE", STATE, None).await.status, 204);
    assert_eq!(service.answers_as("baska@example.com", |_| true).await.status, 303);
    assert_eq!(service.google_is().await["account"], "baska@example.com");
}

#[tokio::test]
async fn work_waits_for_a_revoked_connection_and_goes_on_when_it_is_back() {
    let service = Service::start().await;
    let config = service.synced(&[["Ayşe", "0532 000 00 01"]]).await;
    let account = service.google_is().await["account"].as_str().unwrap().to_owned();
    service.vendors_post("google/revoke_user", json!({ "account": account })).await;
    let edit = json!({ "gid": 0, "row": 2, "column": 0, "value": "Ayla" });
    service.vendors_post("google/spreadsheets/s/edit", edit).await;
    while service.google_is().await["status"] != "RECONNECT_REQUIRED" {
        service.a_moment().await;
    }
    assert_eq!(service.titles().await, ["Ayşe"]);
    assert_eq!(service.answers_as(&account, |_| true).await.status, 303);
    service.settled(&config).await;
    assert_eq!(service.titles().await, ["Ayla"]);
}

/// No refresh mends what a refresh did not mend: nobody is asked for token after token.
#[rstest]
#[case::sheets(STATE, "/api/v1/sheet-sync/spreadsheets", "/drive/")]
#[case::calendar(
    CALENDAR,
    "/api/integrations/calendar/events?from=2026-12-11T00:00:00Z&to=2026-12-12T00:00:00Z",
    "/events"
)]
#[tokio::test]
async fn a_new_token_that_is_refused_too_asks_to_connect_again(
    #[case] state: &str,
    #[case] path: &str,
    #[case] matching: &str,
) {
    let service = Service::start().await;
    let consent = async || {
        service.consent().await;
        service.consent_at(&format!("{CALENDAR}/authorize")).await;
    };
    let asked = async || service.call("GET", path, None).await;
    consent().await;
    let before = service.given();
    let refused = json!({ "vendor": "google", "matching": matching, "kind": "expired_token", "times": 2 });
    service.vendors_post("faults", refused).await;
    for _ in 0..2 {
        assert_eq!(asked().await.json["code"], "reconnect_required");
        assert_eq!(service.given() - before, 1);
    }
    let shown = service.call("GET", state, None).await.json;
    assert_eq!((&shown["status"], shown["last_error"].is_string()), (&json!("RECONNECT_REQUIRED"), true));
    consent().await;
    assert_eq!(asked().await.status, 200);
    assert_eq!(service.call("GET", state, None).await.json["status"], "ACTIVE");
}

#[rstest]
#[case("access_denied", "İzin vermediğiniz için")]
#[case("admin_policy_enforced", "Kuruluşunuzun yöneticisi")]
#[case("org_internal", "Kuruluşunuzun yöneticisi")]
#[case("redirect_uri_mismatch", "yöneticinize bildirin")]
#[tokio::test]
async fn a_refusal_says_who_can_mend_it(#[case] error: &str, #[case] words: &str) {
    let service = Service::start().await;
    let back = format!("/sheet-sync/oauth/callback?state=any&error={error}");
    let page = service.open("GET", &back, None).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains(words), "{}", page.text);
}
