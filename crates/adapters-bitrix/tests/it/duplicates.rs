//! Who has a phone or an address already, as the vendor's page shows it.

use std::time::Duration;

use kopru_domain::{EntityKind, FieldKind};
use kopru_ports::Retry;
use kopru_ports::crm::{ContactMatches, ContactSearch, CrmErrorKind, CrmWriter as _};
use rstest::rstest;
use serde_json::json;

use crate::portal::{Portal, bytes, html, result};
use crate::sandbox::Simulated;
use crate::world::{World, create, phones, title};

const PATIENT: Duration = Duration::from_secs(10);

async fn connected() -> (World, Portal) {
    let (world, portal) = (World::new(PATIENT), Portal::start().await);
    world.connect(&portal.webhook()).await;
    (world, portal)
}

fn search(kind: FieldKind, values: &[&str]) -> ContactSearch {
    ContactSearch { kind, values: values.iter().map(|value| (*value).to_owned()).collect() }
}

async fn found(world: &World, searches: &[ContactSearch]) -> Vec<ContactMatches> {
    world.bitrix.find_by_contact(&world.among(EntityKind::Contact).await, searches).await.unwrap()
}

fn matches(ids: &[&str]) -> ContactMatches {
    ContactMatches { ids: ids.iter().map(|id| (*id).to_owned()).collect(), cut_off: false }
}

#[tokio::test]
async fn the_documented_search() {
    let (world, portal) = connected().await;
    let answer = r#"{"result":{"CONTACT":[275,2297]},"time":{"start":1750684060.672785,"finish":1750684060.724903,
        "duration":0.05211806297302246,"processing":0.018191099166870117,"operating_reset_at":1750684660,"operating":0}}"#;
    portal.answer("crm.duplicate.findbycomm", bytes(200, answer));
    let wanted = [search(FieldKind::Phone, &["8976543", "11223355"])];
    assert_eq!(found(&world, &wanted).await, [matches(&["275", "2297"])]);
    let sent = json!({ "entity_type": "CONTACT", "type": "PHONE", "values": ["8976543", "11223355"] });
    assert_eq!(portal.calls(), [("crm.duplicate.findbycomm".to_owned(), sent)]);
}

#[tokio::test]
async fn several_searches_are_one_batch_with_an_answer_for_each() {
    let (world, portal) = connected().await;
    let answers = json!({ "c0": [], "c1": { "CONTACT": [7], "LEAD": [8] } });
    portal.answer("batch", result(json!({ "result": answers, "result_error": [] })));
    let wanted = [search(FieldKind::Phone, &["+905321111111"]), search(FieldKind::Email, &["ece@a.example"])];
    assert_eq!(found(&world, &wanted).await, [matches(&[]), matches(&["7"])]);
    let call = portal.calls().remove(0);
    let expected = "crm.duplicate.findbycomm?entity_type=CONTACT&type=PHONE&values[0]=%2B905321111111";
    let mut pairs: Vec<&str> = call.1["cmd"]["c0"].as_str().unwrap().split(['?', '&']).collect();
    pairs[1..].sort_unstable();
    assert_eq!(pairs, expected.split(['?', '&']).collect::<Vec<_>>());
}

/// Twenty values are the most of one call, and twenty records of one type an answer that is cut off.
#[tokio::test]
async fn more_than_twenty_are_asked_for_in_parts_and_twenty_answers_are_not_all() {
    let (world, portal) = connected().await;
    let many: Vec<String> = (0..25).map(|n| format!("+9053200000{n:02}")).collect();
    let ids: Vec<u32> = (1..21).collect();
    let answers = json!({ "c0": { "CONTACT": ids }, "c1": { "CONTACT": [20, 21] } });
    portal.answer("batch", result(json!({ "result": answers, "result_error": [] })));
    let all = found(&world, &[ContactSearch { kind: FieldKind::Phone, values: many }]).await.remove(0);
    assert_eq!((all.ids.len(), all.cut_off), (21, true));
    let call = portal.calls().remove(0);
    let values: Vec<usize> = call.1["cmd"]
        .as_object()
        .unwrap()
        .values()
        .map(|command| command.as_str().unwrap().matches("values[").count())
        .collect();
    assert_eq!(values, [20, 5]);
}

#[tokio::test]
async fn what_bitrix_would_interpolate_is_not_asked_for() {
    let (world, portal) = connected().await;
    assert_eq!(found(&world, &[search(FieldKind::Email, &["$result[c0]"])]).await, [matches(&[])]);
    assert_eq!(portal.calls(), []);
}

/// What is no answer must not pass for nobody: the record would be made again.
#[rstest]
#[case(html(200))]
#[case(bytes(200, r#"{"result":null}"#))]
#[tokio::test]
async fn a_search_that_failed_finds_not_nobody(#[case] answer: wiremock::ResponseTemplate) {
    let (world, portal) = connected().await;
    portal.answer("crm.duplicate.findbycomm", answer);
    let wanted = [search(FieldKind::Phone, &["1"])];
    let failed = world.bitrix.find_by_contact(&world.among(EntityKind::Lead).await, &wanted).await.unwrap_err();
    assert_eq!(failed.retry, Retry::After(None));
}

#[rstest]
#[case(EntityKind::Deal, FieldKind::Phone)]
#[case(EntityKind::Lead, FieldKind::Text)]
#[tokio::test]
async fn only_phones_and_addresses_of_people_and_firms(#[case] entity: EntityKind, #[case] kind: FieldKind) {
    let (world, portal) = connected().await;
    let wanted = [search(kind, &["1"])];
    let failed = world.bitrix.find_by_contact(&world.among(entity).await, &wanted).await.unwrap_err();
    assert_eq!((failed.kind, portal.calls().len()), (CrmErrorKind::InvalidValue, 0));
}

#[tokio::test]
async fn a_lead_is_found_by_its_phone_however_it_is_written() {
    let simulated = Simulated::start().await;
    let made = create("r1", [title("a"), ("PHONE", phones(&[]), phones(&["+905321111111"]))]);
    simulated.world.write(vec![made]).await.unwrap();
    let id = simulated.records("lead").await[0]["id"].to_string();
    let wanted = [search(FieldKind::Phone, &["+90 532 111 11 11"]), search(FieldKind::Phone, &["+905320000000"])];
    let among = simulated.world.among(EntityKind::Lead).await;
    let found = simulated.world.bitrix.find_by_contact(&among, &wanted).await.unwrap();
    assert_eq!(found, [matches(&[&id]), matches(&[])]);
    simulated.sandbox.stop().await;
}
