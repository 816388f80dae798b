//! People's own calendars, from the consent to the event.

use crate::harness::{Answer, Service};
use futures::future::join_all;
use serde_json::{Value, json};

pub const CONNECTION: &str = "/api/integrations/oauth/google-calendar";
pub const ADD: &str = "/api/integrations/calendar/add";

pub async fn connected() -> Service {
    let service = Service::start().await;
    service.consent_at(&format!("{CONNECTION}/authorize")).await;
    service
}

pub fn deal(amount: u32) -> Value {
    json!({ "record_type": "deal", "record": {
        "id": 42, "title": "Acme yenileme", "opportunity": amount, "currencyId": "TRY", "closedate": "2026-12-15",
        "link": "https://crm.example/deal/42",
    }})
}

pub async fn add(service: &Service, body: &Value) -> Value {
    let answer = service.call("POST", ADD, Some(body.clone())).await;
    assert!(answer.status < 300, "{}", answer.text);
    answer.json
}

/// The events that the vendor has, deleted ones left out.
pub async fn at_vendor(service: &Service) -> Vec<Value> {
    let calendar = service.vendors_get("google/calendars/demo@example.com").await;
    let events = calendar["events"].as_array().into_iter().flatten();
    events.filter(|event| event["status"] != "cancelled").cloned().collect()
}

pub fn code(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.json["code"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_calendar_is_connected_shown_and_disconnected_while_sheets_stay() {
    let service = Service::start().await;
    let none = service.call("POST", ADD, Some(deal(1))).await;
    assert_eq!(code(&none), (409, "not_connected"));
    service.consent().await;
    service.consent_at(&format!("{CONNECTION}/authorize")).await;
    let state = service.call("GET", CONNECTION, None).await.json;
    assert_eq!((&state["status"], &state["account"]), (&json!("ACTIVE"), &json!("demo@example.com")));
    assert_eq!(service.call("DELETE", CONNECTION, None).await.status, 204);
    assert_eq!(service.call("GET", CONNECTION, None).await.status, 404);
    let sheets = service.call("GET", "/api/v1/sheet-sync/google", None).await;
    assert_eq!(sheets.json["status"], "ACTIVE", "the account's other connection is not revoked with it");
    assert_eq!(service.call("GET", "/api/v1/sheet-sync/spreadsheets", None).await.status, 200);
}

#[tokio::test]
async fn the_same_record_is_the_same_event_changed_where_the_record_changed() {
    let service = connected().await;
    let first = add(&service, &deal(1000)).await;
    assert_eq!(
        (&first["outcome"], &first["all_day"], &first["start"]),
        (&json!("created"), &json!(true), &json!("2026-12-15"))
    );
    assert!(first["title"].as_str().unwrap().contains("Acme yenileme"));
    assert!(first["link"].as_str().unwrap().starts_with("http"));
    let again = add(&service, &deal(1000)).await;
    assert_eq!((&again["outcome"], &again["id"]), (&json!("unchanged"), &first["id"]));
    let path = format!("/api/integrations/calendar/events/{}", first["id"].as_str().unwrap());
    service.call("PATCH", &path, Some(json!({ "title": "Benim başlığım" }))).await;
    let changed = add(&service, &deal(2000)).await;
    assert_eq!((&changed["outcome"], &changed["id"]), (&json!("changed"), &first["id"]));
    assert_eq!(changed["title"], "Benim başlığım", "what the person changed stays");
    assert!(changed["description"].as_str().unwrap().contains("2.000"), "{}", changed["description"]);
    assert_eq!(at_vendor(&service).await.len(), 1);
}

#[tokio::test]
async fn what_is_given_goes_before_what_the_record_says_and_texts_follow_the_language() {
    let service = connected().await;
    let mut body = deal(1000);
    body["startTime"] = json!("2026-12-10T14:00:00");
    body["timeZone"] = json!("Europe/Istanbul");
    body["location"] = json!("Levent");
    body["attendees"] = json!([{ "email": "can@example.com" }]);
    let timed = add(&service, &body).await;
    assert_eq!((&timed["all_day"], &timed["start"]), (&json!(false), &json!("2026-12-10T11:00:00Z")));
    assert_eq!((&timed["location"], &timed["attendees"][0]["email"]), (&json!("Levent"), &json!("can@example.com")));
    let english = service
        .send(
            "POST",
            ADD,
            Some(json!({ "record_type": "invoice", "record": {
        "id": 7, "title": "INV-7", "due_date": "2026-12-20", "amount": 1500.5, "currency": "USD" } })),
            &[("Accept-Language", "en")],
        )
        .await
        .json;
    let turkish = add(
        &service,
        &json!({ "record_type": "invoice", "record": {
        "id": 8, "title": "INV-8", "due_date": "2026-12-20", "amount": 1500.5, "currency": "USD" } }),
    )
    .await;
    assert_ne!(
        english["title"].as_str().unwrap().replace('7', "8"),
        turkish["title"].as_str().unwrap(),
        "the words around the name"
    );
    let undated = service.call("POST", ADD, Some(json!({ "record_type": "task", "record": { "title": "x" } }))).await;
    assert_eq!((code(&undated), undated.json["field"].as_str().is_some()), ((422, "event_no_time"), true));
}

#[tokio::test]
async fn an_event_of_ones_own_words_is_listed_changed_and_deleted() {
    let service = connected().await;
    let own = json!({ "title": "Toplantı", "start_time": "2026-12-11T10:00:00+03:00", "end_time": "2026-12-11T11:30:00+03:00",
        "meet": true, "reminders": [{ "method": "popup", "minutes": 10 }], "attendees": [{ "email": "can@example.com" }] });
    let made = add(&service, &own).await;
    let path = format!("/api/integrations/calendar/events/{}", made["id"].as_str().unwrap());
    let got = service.call("GET", &path, None).await.json;
    assert!(got["meet_link"].as_str().is_some_and(|link| link.starts_with("https://")), "{got}");
    let reminders = json!({ "useDefault": false, "overrides": [{ "method": "popup", "minutes": 10 }] });
    assert_eq!(at_vendor(&service).await[0]["reminders"], reminders);
    let list = "/api/integrations/calendar/events?from=2026-12-11T00:00:00Z&to=2026-12-12T00:00:00Z";
    assert_eq!(service.call("GET", list, None).await.json["items"][0]["id"], made["id"]);
    let other_day = list.replace("2026-12-1", "2026-11-1");
    assert_eq!(service.call("GET", &other_day, None).await.json["items"], json!([]));
    let moved =
        service.call("PATCH", &path, Some(json!({ "start_time": "2026-12-12", "location": "Online" }))).await.json;
    assert_eq!(
        (&moved["all_day"], &moved["location"], &moved["title"]),
        (&json!(true), &json!("Online"), &json!("Toplantı"))
    );
    assert_eq!(service.call("DELETE", &path, None).await.status, 204);
    assert_eq!(service.call("DELETE", &path, None).await.status, 204, "gone is deleted");
    assert_eq!(code(&service.call("GET", &path, None).await), (410, "event_deleted"));
    assert!(at_vendor(&service).await.is_empty());
    let backwards = json!({ "title": "x", "start_time": "2026-12-11", "end_time": "2026-12-10" });
    assert_eq!(code(&service.call("POST", ADD, Some(backwards)).await), (422, "event_ends_before_start"));
}

#[tokio::test]
async fn a_deleted_records_event_comes_back_only_if_asked() {
    let service = connected().await;
    let first = add(&service, &deal(1000)).await;
    let path = format!("/api/integrations/calendar/events/{}", first["id"].as_str().unwrap());
    service.call("DELETE", &path, None).await;
    assert_eq!(code(&service.call("POST", ADD, Some(deal(1000))).await), (410, "event_deleted"));
    let mut body = deal(1000);
    body["bring_back"] = json!(true);
    assert_eq!(add(&service, &body).await["id"], first["id"]);
    assert_eq!(at_vendor(&service).await.len(), 1);
}

#[tokio::test]
async fn a_hundred_adds_with_an_expired_token_refresh_once() {
    let service = connected().await;
    service.vendors_post("google/expire", json!({})).await;
    let given = service.given();
    let body = |number: usize| json!({ "record_type": "task", "record": { "id": number, "title": "İş", "deadline": "2026-12-15" } });
    let answers = join_all((0..100).map(|number| service.call("POST", ADD, Some(body(number))))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    // Google's limit for one person may ask some to come again; none may be lost or doubled.
    assert!(answers.iter().all(|answer| [201, 503].contains(&answer.status)), "{}", answers[0].text);
    assert!(made >= 10, "{made}");
    assert_eq!(at_vendor(&service).await.len(), made);
    assert_eq!(service.given() - given, 1, "one refresh for all");
}

#[tokio::test]
async fn a_revoked_connection_asks_to_connect_again() {
    let service = connected().await;
    add(&service, &deal(1000)).await;
    service.vendors_post("google/revoke_user", json!({})).await;
    let refused = service.call("POST", ADD, Some(deal(2000))).await;
    assert_eq!(code(&refused), (409, "reconnect_required"));
    assert_eq!(service.call("GET", CONNECTION, None).await.json["status"], "RECONNECT_REQUIRED");
    service.consent_at(&format!("{CONNECTION}/authorize")).await;
    assert_eq!(add(&service, &deal(2000)).await["outcome"], "changed");
}

#[tokio::test]
async fn another_persons_event_is_nobody_elses() {
    let service = connected().await;
    let made = add(&service, &deal(1000)).await;
    let path = format!("/api/integrations/calendar/events/{}", made["id"].as_str().unwrap());
    let refused = service.call_as("can", "GET", &path, None).await;
    assert_eq!(code(&refused), (409, "not_connected"), "a person uses no other's connection");
    let page = service.call_as("can", "GET", &format!("{CONNECTION}/authorize"), None).await.location.unwrap();
    let back = service.agreed(&format!("{page}&account=can@example.com")).await;
    assert_eq!(service.open("GET", &back, None).await.status, 303);
    for (method, body) in [("GET", None), ("PATCH", Some(json!({ "title": "Benim" })))] {
        let refused = service.call_as("can", method, &path, body).await;
        assert_eq!(code(&refused), (404, "event_not_found"), "{method}");
    }
    assert_eq!(service.call_as("can", "DELETE", &path, None).await.status, 204, "gone is deleted");
    let own = service.call_as("can", "POST", ADD, Some(deal(1000))).await;
    assert_eq!((own.status, own.json["id"] == made["id"]), (201, false), "each person's event of a record is its own");
    assert_eq!(add(&service, &deal(1000)).await["outcome"], "unchanged");
}

#[tokio::test]
async fn what_is_refused_says_what_to_do_in_both_languages() {
    let service = Service::start().await;
    refused_in_both(&service, ADD, deal(1), "not_connected").await;
    service.consent_at(&format!("{CONNECTION}/authorize")).await;
    let own = |more: Value| {
        let mut body = json!({ "title": "Toplantı", "start_time": "2026-12-11T10:00:00+03:00" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let days = [1, 2, 3, 4, 5, 6].map(|minutes| json!({ "method": "popup", "minutes": minutes }));
    let undated = json!({ "record_type": "task", "record": { "title": "x" } });
    refused_in_both(&service, ADD, undated, "event_no_time").await;
    refused_in_both(&service, ADD, own(json!({ "end_time": "2026-12-12" })), "event_day_and_time").await;
    let before = own(json!({ "end_time": "2026-12-11T09:00:00+03:00" }));
    refused_in_both(&service, ADD, before, "event_ends_before_start").await;
    refused_in_both(&service, ADD, own(json!({ "attendees": [{ "email": "can" }] })), "event_guest_not_an_email").await;
    refused_in_both(&service, ADD, own(json!({ "reminders": days })), "event_reminders").await;
    refused_in_both(&service, ADD, own(json!({ "time_zone": "Mars" })), "unreadable").await;
    let made = add(&service, &deal(1)).await;
    service.call("DELETE", &format!("/api/integrations/calendar/events/{}", made["id"].as_str().unwrap()), None).await;
    refused_in_both(&service, ADD, deal(1), "event_deleted").await;
    service.vendors_post("google/revoke_user", json!({})).await;
    refused_in_both(&service, ADD, deal(2), "reconnect_required").await;
}

async fn refused_in_both(service: &Service, path: &str, body: Value, code: &str) {
    let turkish = service.call("POST", path, Some(body.clone())).await;
    let english = service.send("POST", path, Some(body), &[("Accept-Language", "en")]).await;
    assert!((400..500).contains(&turkish.status), "{code}: {}", turkish.text);
    assert_eq!((&turkish.json["code"], &english.json["code"]), (&json!(code), &json!(code)), "{}", turkish.text);
    let titles = [&turkish.json["title"], &english.json["title"]].map(|title| title.as_str().unwrap());
    assert!(titles[0] != titles[1] && titles.iter().all(|title| title.len() > 15), "{code}: {titles:?}");
}
