//! Two instances on one PostgreSQL.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::harness::Service;

/// Bitrix24 replaces the refresh token with every use: a second refresh would end the connection.
#[tokio::test]
async fn a_token_that_ended_is_refreshed_once_by_all_instances() {
    let Some(mut service) = Service::start_on_postgres().await else { return };
    service.connected_by_app().await;
    service.consent().await;
    let instances = [service.base().to_owned(), service.beside()];
    let fields = ["lead", "contact", "company", "deal", "quote", "invoice"];
    let fields = fields.map(|entity| format!("/api/v1/sheet-sync/fields?entity={entity}"));
    let files = ["/api/v1/sheet-sync/spreadsheets"; 6].map(str::to_owned);
    for (vendor, paths, given) in [("bitrix24", fields, 2), ("google", files, 1)] {
        let before = service.given();
        service.vendors_post(&format!("{vendor}/expire"), json!({})).await;
        let asked = instances.iter().flat_map(|base| paths.iter().map(move |path| format!("{base}{path}")));
        let asked: Vec<String> = asked.collect();
        for answer in join_all(asked.iter().map(|url| service.call("GET", url, None))).await {
            assert_eq!(answer.status, 200, "{vendor}: {}", answer.text);
        }
        assert_eq!(service.given() - before, given, "{vendor}");
    }
}

#[tokio::test]
async fn a_hundred_events_added_on_two_instances_refresh_once() {
    let Some(mut service) = Service::start_on_postgres().await else { return };
    service.consent_at("/api/integrations/oauth/google-calendar/authorize").await;
    let urls =
        [service.base().to_owned(), service.beside()].map(|base| format!("{base}/api/integrations/calendar/add"));
    service.vendors_post("google/expire", json!({})).await;
    let before = service.given();
    let task = |number: usize| json!({ "record_type": "task", "record": { "id": number, "title": "İş", "deadline": "2026-12-15" } });
    let answers = join_all((0..100).map(|number| service.call("POST", &urls[number % 2], Some(task(number))))).await;
    // Google's limit for one person may ask some to come again; none may be lost or doubled.
    assert!(answers.iter().all(|answer| [201, 503].contains(&answer.status)), "{}", answers[0].text);
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let calendar: Value = service.vendors_get("google/calendars/demo@example.com").await;
    assert_eq!((calendar["events"].as_array().unwrap().len(), made >= 10), (made, true));
    assert_eq!(service.given() - before, 1, "one refresh for both");
}
