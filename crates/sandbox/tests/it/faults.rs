//! Faults on demand.

use std::time::Duration;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Fixture, json_of};

async fn leads(fixture: &Fixture) -> usize {
    fixture.inspect("bitrix24/records/lead").await.as_array().unwrap().len()
}

fn add(fixture: &Fixture) -> reqwest::RequestBuilder {
    let path = "bitrix24/rest/1/abcdef/crm.lead.add";
    fixture.request(Method::POST, path).json(&json!({"fields": {"TITLE": "a"}}))
}

#[rstest]
#[case::before("reset_before", 0)]
#[case::after("reset_after", 1)]
#[tokio::test]
async fn a_severed_connection_has_no_answer(#[case] kind: &str, #[case] records: usize) {
    let fixture = Fixture::start().await;
    let fault = json!({"vendor": "bitrix24", "matching": "crm.lead.add", "kind": kind});
    fixture.control("faults", fault).await;
    assert!(add(&fixture).send().await.is_err());
    assert_eq!(leads(&fixture).await, records);
    assert_eq!(add(&fixture).send().await.unwrap().status(), 200, "it happens once");
}

#[tokio::test]
async fn a_held_connection_has_its_effect_and_is_let_go() {
    let fixture = Fixture::start().await;
    fixture.control("faults", json!({"vendor": "bitrix24", "kind": "hang_after"})).await;
    let mut call = tokio::spawn(add(&fixture).send());
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut call).await.is_err());
    assert_eq!(leads(&fixture).await, 1);
    fixture.request(Method::DELETE, "_control/faults").send().await.unwrap();
    assert!(call.await.unwrap().is_err());
}

#[tokio::test]
async fn the_effect_outlives_a_client_that_gave_up() {
    let fixture = Fixture::start().await;
    fixture.control("bitrix24/settings", json!({"costs": {"*": 0.15}, "slow": true})).await;
    let impatient = add(&fixture).timeout(Duration::from_millis(50));
    assert!(impatient.send().await.unwrap_err().is_timeout());
    let done = async {
        while leads(&fixture).await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), done).await.unwrap();
}

#[tokio::test]
async fn a_batch_is_cut_after_so_many_commands() {
    let fixture = Fixture::start().await;
    fixture.control("faults", json!({"vendor": "bitrix24", "matching": "batch", "kind": "batch_cut", "k": 2})).await;
    let commands = json!(["crm.lead.add?fields[TITLE]=a"].repeat(3));
    let (status, body) = fixture.rest("batch", json!({"cmd": commands})).await;
    assert_eq!(status, 504);
    assert!(body.as_str().unwrap().starts_with("<html>"));
    assert_eq!(leads(&fixture).await, 2);
}

#[rstest]
#[case(json!({"kind": "status", "status": 500, "body": "{\"error\":\"INTERNAL_SERVER_ERROR\"}"}), 500, json!({"error": "INTERNAL_SERVER_ERROR"}))]
#[case(json!({"kind": "garbage"}), 200, json!("{\"result\":{\"it"))]
#[case(json!({"kind": "expired_token"}), 401, json!({"error": "expired_token", "error_description": "The access token provided has expired."}))]
#[tokio::test]
async fn answers_on_demand(#[case] mut fault: Value, #[case] status: u16, #[case] body: Value) {
    let fixture = Fixture::start().await;
    fault["vendor"] = json!("bitrix24");
    fixture.control("faults", fault).await;
    assert_eq!(json_of(add(&fixture).send().await.unwrap()).await, (status, body));
}

#[tokio::test]
async fn stopping_lets_go_of_what_is_held() {
    let fixture = Fixture::start().await;
    fixture.control("faults", json!({"vendor": "bitrix24", "kind": "hang_before"})).await;
    let call = tokio::spawn(add(&fixture).send());
    let mut events = fixture.request(Method::GET, "_control/events").send().await.unwrap();
    tokio::time::timeout(Duration::from_secs(5), fixture.stop()).await.unwrap();
    assert!(call.await.unwrap().is_err());
    while let Ok(Some(_)) = events.chunk().await {}
}
