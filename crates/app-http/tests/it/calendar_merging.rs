//! A record's event that is there already, or was, on Google's bad days: no change is lost, nothing is there twice.

use crate::harness::{Answer, Service};
use rstest::rstest;
use serde_json::{Value, json};

const CONNECTION: &str = "/api/integrations/oauth/google-calendar";
const ADD: &str = "/api/integrations/calendar/add";

async fn connected() -> Service {
    let service = Service::start().await;
    service.consent_at(&format!("{CONNECTION}/authorize")).await;
    service
}

fn deal(day: &str) -> Value {
    json!({ "record_type": "deal", "record": { "id": 42, "title": "Acme yenileme", "closedate": day } })
}

fn back(day: &str) -> Value {
    let mut body = deal(day);
    body["bring_back"] = json!(true);
    body
}

async fn added(service: &Service, body: Value) -> Value {
    let answer = service.call("POST", ADD, Some(body)).await;
    assert!(answer.status < 300, "{}", answer.text);
    answer.json
}

async fn delete(service: &Service, event: &Value) {
    let path = format!("/api/integrations/calendar/events/{}", event["id"].as_str().unwrap());
    assert_eq!(service.call("DELETE", &path, None).await.status, 204);
}

/// Ids and days of the events that the vendor has, deleted ones left out.
async fn at_vendor(service: &Service) -> Vec<(Value, Value)> {
    let calendar = service.vendors_get("google/calendars/demo@example.com").await;
    let events = calendar["events"].as_array().unwrap();
    let live = events.iter().filter(|event| event["status"] != "cancelled");
    live.map(|event| (event["id"].clone(), event["start"]["date"].clone())).collect()
}

/// Hits a later call, after so many of them.
async fn fault(service: &Service, skip: u32, mut fault: Value) {
    fault["vendor"] = json!("google");
    fault["skip"] = json!(skip);
    service.vendors_post("faults", fault).await;
}

fn refusal(status: u16, code: &str) -> Value {
    json!({ "matching": "/events", "kind": "error", "status": status, "code": code })
}

fn code(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.json["code"].as_str().unwrap_or_default())
}

#[rstest]
#[case::gateway(json!({ "kind": "status", "status": 502 }))]
#[case::unavailable(json!({ "kind": "status", "status": 503 }))]
#[case::time_out(json!({ "kind": "hang_before", "ms": 500 }))]
#[case::lost_after(json!({ "kind": "hang_after", "ms": 500 }))]
#[tokio::test]
async fn a_records_change_is_written_whatever_became_of_the_answer(#[case] mut lost: Value) {
    lost["matching"] = json!("/events");
    let service = connected().await;
    let first = added(&service, deal("2026-12-15")).await;
    fault(&service, 0, lost.clone()).await;
    let moved = added(&service, deal("2026-12-18")).await;
    assert_eq!((&moved["outcome"], &moved["start"]), (&json!("changed"), &json!("2026-12-18")));
    assert_eq!(at_vendor(&service).await, [(first["id"].clone(), json!("2026-12-18"))]);

    delete(&service, &first).await;
    fault(&service, 0, lost.clone()).await;
    assert_eq!(code(&service.call("POST", ADD, Some(deal("2026-12-18"))).await), (410, "event_deleted"));
    fault(&service, 0, lost).await;
    assert_eq!(added(&service, back("2026-12-21")).await["id"], first["id"]);
    assert_eq!(at_vendor(&service).await, [(first["id"].clone(), json!("2026-12-21"))]);
}

/// Google is said to bring some deleted events back, and to refuse others.
#[tokio::test]
async fn an_event_that_google_does_not_bring_back_has_a_successor() {
    let service = connected().await;
    let first = added(&service, deal("2026-12-15")).await;
    delete(&service, &first).await;
    // The insert, both ids, the guests; then the change.
    fault(&service, 4, refusal(403, "forbidden")).await;
    let second = added(&service, back("2026-12-16")).await;
    assert_eq!(second["outcome"], "created");
    assert_ne!(second["id"], first["id"]);
    assert_eq!(at_vendor(&service).await, [(second["id"].clone(), json!("2026-12-16"))]);

    let same = added(&service, back("2026-12-16")).await;
    assert_eq!((&same["outcome"], &same["id"]), (&json!("unchanged"), &second["id"]));
    let moved = added(&service, deal("2026-12-17")).await;
    assert_eq!((&moved["outcome"], &moved["id"]), (&json!("changed"), &second["id"]));

    delete(&service, &second).await;
    assert_eq!(code(&service.call("POST", ADD, Some(deal("2026-12-17"))).await), (410, "event_deleted"));
    assert_eq!(added(&service, back("2026-12-18")).await["id"], second["id"], "the last one is brought back");
    delete(&service, &second).await;
    fault(&service, 5, refusal(403, "forbidden")).await;
    let third = added(&service, back("2026-12-19")).await;
    assert_eq!(at_vendor(&service).await, [(third["id"].clone(), json!("2026-12-19"))]);
}

/// While our change is on its way the person changes the title: both stand in the end.
#[tokio::test]
async fn what_somebody_changes_meanwhile_is_merged() {
    let service = connected().await;
    let first = added(&service, deal("2026-12-15")).await;
    // After the insert and the reading.
    fault(&service, 2, json!({ "matching": "/events", "kind": "slow", "ms": 2000 })).await;
    let renamed = async {
        while service.vendors_get("faults").await[0]["times"] != 0 {
            service.a_moment().await;
        }
        let path = format!("/api/integrations/calendar/events/{}", first["id"].as_str().unwrap());
        service.call("PATCH", &path, Some(json!({ "title": "Benim başlığım" }))).await;
    };
    let (moved, ()) = futures::join!(added(&service, deal("2026-12-18")), renamed);
    assert_eq!((&moved["outcome"], &moved["title"]), (&json!("changed"), &json!("Benim başlığım")));
    assert_eq!(at_vendor(&service).await, [(first["id"].clone(), json!("2026-12-18"))]);
}

#[tokio::test]
async fn a_change_that_is_overtaken_again_and_again_is_given_up() {
    let service = connected().await;
    added(&service, deal("2026-12-15")).await;
    let overtaken = || refusal(412, "conditionNotMet");
    for (conflicts, day) in [(2, "2026-12-16"), (3, "2026-12-17")] {
        for conflict in 0..conflicts {
            // The insert and a reading before the first change, a reading before every other.
            fault(&service, if conflict == 0 { 2 } else { 1 }, overtaken()).await;
        }
        let answer = service.call("POST", ADD, Some(deal(day))).await;
        let expected = if conflicts == 2 { (200, "") } else { (409, "conflict") };
        assert_eq!(code(&answer), expected, "{}", answer.text);
    }
    assert_eq!(at_vendor(&service).await[0].1, "2026-12-16");
}
