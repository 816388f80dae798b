//! Google asks for a pause.

use jiff::ToSpan as _;
use kopru_http_client::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{Stage, at};

const NOW: &str = "2026-12-01T09:00:00Z";
const AUTHORIZE: &str = "/api/integrations/oauth/google-calendar/authorize";

async fn add(stage: &Stage) -> (u16, Value) {
    let record = json!({ "id": 42, "title": "Acme yenileme", "closedate": "2026-12-15" });
    let wish = json!({ "record_type": "deal", "record": record });
    stage.call(Method::POST, "/api/integrations/calendar/add", Some(wish)).await
}

/// The person agrees to all that is asked for.
async fn connect(stage: &Stage) {
    let own = |url: &str| {
        let request = stage.http.request(Method::GET, url).header("Kopru-User", "ayse");
        request.bearer_auth(stage.key.expose_secret())
    };
    let page = stage.location(own(&format!("{}{AUTHORIZE}", stage.base))).await;
    let mut form: Vec<(String, String)> = url::Url::parse(&page).unwrap().query_pairs().into_owned().collect();
    let scopes = form.iter().find(|(name, _)| name == "scope").unwrap().1.clone();
    form.extend(scopes.split(' ').map(|scope| ("grant".to_owned(), scope.to_owned())));
    form.push(("decision".to_owned(), "allow".to_owned()));
    let back = stage.location(stage.http.request(Method::POST, &page).form(&form)).await;
    stage.location(stage.http.request(Method::GET, &back)).await;
}

async fn events(stage: &Stage) -> usize {
    let calendar = stage.control(Method::GET, "google/calendars/demo@example.com", None).await;
    calendar["events"].as_array().unwrap().len()
}

async fn asked(stage: &Stage) -> Value {
    stage.control(Method::GET, "faults", None).await[0]["times"].clone()
}

#[tokio::test]
async fn where_google_limits_a_person_nothing_is_made_and_after_its_pause_one_event() {
    let stage = Stage::start(NOW).await;
    connect(&stage).await;
    stage.control(Method::POST, "google/calendars", Some(json!({ "time_zone": "Europe/Istanbul" }))).await;
    let fault = json!({ "vendor": "google", "matching": "/calendar/v3", "kind": "error", "times": 5,
        "status": 403, "code": "userRateLimitExceeded", "description": "Rate Limit Exceeded" });
    stage.control(Method::POST, "faults", Some(fault)).await;
    for _ in 0..3 {
        let (status, refused) = add(&stage).await;
        assert_eq!((status, &refused["code"]), (503, &json!("rate_limited")), "{refused}");
        // Within its pause Google is not asked again.
        assert_eq!(asked(&stage).await, 4);
    }
    stage.control(Method::DELETE, "faults", None).await;
    assert_eq!((add(&stage).await.0, events(&stage).await), (503, 0));
    stage.set_on(at(NOW) + 1.minute());
    let (status, made) = add(&stage).await;
    assert_eq!((status, &made["outcome"]), (201, &json!("created")), "{made}");
    assert_eq!((add(&stage).await.1["outcome"].clone(), events(&stage).await), (json!("unchanged"), 1));
}
