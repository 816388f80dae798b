//! What a portal has, as its people see it.

use std::time::Duration;

use kopru_domain::{EntityKind, FieldKind, FieldMeta, FieldValue};
use kopru_ports::crm::{CrmCatalog as _, CrmErrorKind};
use kopru_ports::{Clock as _, Retry};
use rstest::rstest;
use serde_json::{Value, json};

use crate::portal::{Portal, error, page, result};
use crate::world::{Change, World, answer_leads, company, text, title, update};

const PATIENT: Duration = Duration::from_secs(10);

async fn leads(world: &World) -> Vec<FieldMeta> {
    world.fields(EntityKind::Lead).await.unwrap()
}

fn field<'a>(fields: &'a [FieldMeta], code: &str) -> &'a FieldMeta {
    fields.iter().find(|field| field.code.as_str() == code).unwrap()
}

fn choices(field: &FieldMeta) -> Vec<(&str, &str)> {
    field.choices.iter().map(|choice| (choice.id.as_str(), choice.label.as_str())).collect()
}

#[rstest]
#[case("TITLE", "Başlık", FieldKind::Text)]
#[case("STATUS_ID", "Aşama", FieldKind::Choice)]
#[case("OPPORTUNITY", "Tutar", FieldKind::Double)]
#[case("IS_MANUAL_OPPORTUNITY", "Tutar elle girilir", FieldKind::Flag)]
#[case("ASSIGNED_BY_ID", "Sorumlu", FieldKind::User)]
#[case("BIRTHDATE", "Doğum tarihi", FieldKind::Date)]
#[case("DATE_CREATE", "Oluşturulma tarihi", FieldKind::DateTime)]
#[case("PHONE", "Telefon", FieldKind::Phone)]
#[case("UF_CRM_1712", "Bölge", FieldKind::Choice)]
#[tokio::test]
async fn a_field_has_the_title_that_people_see_and_a_kind(
    #[case] code: &str,
    #[case] title: &str,
    #[case] kind: FieldKind,
) {
    let (world, _portal) = World::with_leads(PATIENT).await;
    let fields = leads(&world).await;
    let found = field(&fields, code);
    assert_eq!((found.title.as_str(), found.kind), (title, kind));
}

#[tokio::test]
async fn what_cannot_be_written_and_what_holds_several_values_is_marked() {
    let (world, _portal) = World::with_leads(PATIENT).await;
    let fields = leads(&world).await;
    let marked = |mark: fn(&FieldMeta) -> bool| {
        let mut codes: Vec<&str> = fields.iter().filter(|field| mark(field)).map(|field| field.code.as_str()).collect();
        codes.sort_unstable();
        codes
    };
    assert_eq!(marked(|field| field.read_only), ["DATE_CREATE", "ORIGIN_ID"]);
    assert_eq!(marked(|field| field.multiple), ["UF_CRM_1712"], "phones are several by their kind");
}

#[tokio::test]
async fn choices_come_from_directories_currencies_people_and_the_field_itself() {
    let (world, _portal) = World::with_leads(PATIENT).await;
    let fields = leads(&world).await;
    assert_eq!(choices(field(&fields, "STATUS_ID")), [("NEW", "Yeni"), ("JUNK", "Niteliksiz")]);
    assert_eq!(choices(field(&fields, "SOURCE_ID")), [("CALL", "Telefon")]);
    assert_eq!(choices(field(&fields, "CURRENCY_ID")), [("TRY", "TRY")]);
    assert_eq!(choices(field(&fields, "UF_CRM_1712")), [("81", "Ege"), ("82", "Marmara")]);
    let people = field(&fields, "ASSIGNED_BY_ID");
    assert_eq!(choices(people), [("1", "Ayşe Örnek"), ("2", "ofis@acme.example")]);
    assert_eq!(people.choices[0].aliases, ["ayse@acme.example", "Örnek Ayşe"]);
}

fn people(ids: std::ops::Range<u32>) -> Value {
    ids.map(|id| json!({ "ID": id.to_string(), "NAME": "K", "LAST_NAME": id.to_string() })).collect()
}

#[tokio::test]
async fn directories_are_read_past_their_first_page() {
    let (world, portal) = (World::new(PATIENT), Portal::start().await);
    world.connect(&portal.webhook()).await;
    portal.answer("crm.lead.fields", result(json!({ "ASSIGNED_BY_ID": { "type": "user", "title": "Sorumlu" } })));
    let batch = json!({ "result": { "c0": people(1..51), "c1": [] }, "result_error": [], "result_next": { "c0": 50 } });
    portal.answer("batch", result(batch));
    portal.answer("user.get", page(people(51..101), 100)).answer("user.get", result(people(101..103)));
    let fields = leads(&world).await;
    let ids: Vec<String> = fields[0].choices.iter().map(|choice| choice.id.clone()).collect();
    assert_eq!(ids, (1..103).map(|id| id.to_string()).collect::<Vec<_>>());
    let starts: Vec<Value> = portal
        .calls()
        .into_iter()
        .filter(|(method, _)| method == "user.get")
        .map(|(_, params)| params["start"].clone())
        .collect();
    assert_eq!(starts, [json!(50), json!(100)]);
}

#[tokio::test]
async fn a_description_is_kept_for_ten_minutes() {
    let (world, portal) = World::with_leads(PATIENT).await;
    world.clock.advance_to(world.clock.now() + Duration::from_secs(599));
    leads(&world).await;
    assert_eq!(portal.calls(), []);
    world.clock.advance_to(world.clock.now() + Duration::from_secs(1));
    answer_leads(&portal);
    leads(&world).await;
    assert_eq!(portal.calls().len(), 2);
}

#[tokio::test]
async fn a_description_is_forgotten_for_the_one_company_that_asks() {
    let (world, portal) = World::with_leads(PATIENT).await;
    world.bitrix.forget(&"other".parse().unwrap()).await;
    leads(&world).await;
    assert_eq!(portal.calls(), []);
    world.bitrix.forget(&company()).await;
    answer_leads(&portal);
    leads(&world).await;
    assert_eq!(portal.calls().len(), 2);
}

#[tokio::test]
async fn a_description_that_failed_is_not_kept() {
    let (world, portal) = (World::new(PATIENT), Portal::start().await);
    world.connect(&portal.webhook()).await;
    portal.answer("crm.lead.fields", error(500, "INTERNAL_SERVER_ERROR", "Internal server error"));
    let error = world.fields(EntityKind::Lead).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (CrmErrorKind::Unavailable, Retry::After(None)));
    answer_leads(&portal);
    assert!(!leads(&world).await.is_empty());
}

#[tokio::test]
async fn a_portal_is_reached_and_named() {
    let (world, portal) = (World::new(PATIENT), Portal::start().await);
    world.connect(&portal.webhook()).await;
    portal.answer("profile", result(json!({ "ID": "1", "ADMIN": true })));
    portal.answer("profile", error(401, "INVALID_CREDENTIALS", "Invalid request credentials"));
    let settings = json!({ "webhook": portal.webhook() }).to_string().into();
    let name = world.bitrix.reach(&company(), &settings).await.unwrap();
    assert!(name.starts_with("127.0.0.1:"));
    assert_eq!(world.bitrix.portal(&company()).await.unwrap(), name);
    assert_eq!(world.bitrix.reach(&company(), &settings).await.unwrap_err().kind, CrmErrorKind::Credentials);
}

/// Many who want it at once cause one reading.
#[tokio::test]
async fn a_description_is_read_by_one_caller_for_all() {
    let (world, portal) = (World::new(PATIENT), Portal::start().await);
    world.connect(&portal.webhook()).await;
    answer_leads(&portal);
    let readings = (0..10).map(|_| leads(&world));
    for fields in futures::future::join_all(readings).await {
        assert!(!fields.is_empty());
    }
    assert_eq!(portal.calls().len(), 2);
}

async fn refuse_a_value(world: &World, portal: &Portal) {
    portal.answer("crm.lead.update", error(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "Invalid value for field"));
    world.write(vec![update("5", [title("a")])]).await.unwrap();
    portal.calls();
}

/// The portal contradicts what is known of it: its people changed a list, a stage or a field.
#[tokio::test]
async fn a_description_is_forgotten_when_a_value_is_refused_unless_it_is_a_minute_young() {
    let (world, portal) = World::with_leads(PATIENT).await;
    refuse_a_value(&world, &portal).await;
    leads(&world).await;
    assert_eq!(portal.calls(), [], "it was read a moment ago");
    world.clock.advance_to(world.clock.now() + Duration::from_mins(1));
    refuse_a_value(&world, &portal).await;
    answer_leads(&portal);
    leads(&world).await;
    assert_eq!(portal.calls().len(), 2);
}

#[rstest]
#[case::a_field_that_is_not_known(("UF_CRM_NEW", FieldValue::Empty, text("a")), None)]
#[case::a_value_that_was_dropped(
    ("STATUS_ID", FieldValue::Empty, FieldValue::Choice("OLD".to_owned())), Some(json!({ "STATUS_ID": "NEW" }))
)]
#[tokio::test]
async fn a_description_is_forgotten_when_it_turned_out_wrong(#[case] change: Change, #[case] seen: Option<Value>) {
    let (world, portal) = World::with_leads(PATIENT).await;
    world.clock.advance_to(world.clock.now() + Duration::from_mins(2));
    if let Some(record) = seen {
        portal.answer("batch", result(json!({ "result": { "c0": true, "c1": record }, "result_error": [] })));
    }
    world.write(vec![update("5", [change])]).await.unwrap();
    portal.calls();
    answer_leads(&portal);
    leads(&world).await;
    assert_eq!(portal.calls()[0].0, "crm.lead.fields");
}

/// A portal with thousands of people is read in a hundred calls: writes do not wait for them every ten minutes.
#[tokio::test]
async fn what_has_become_old_serves_while_one_caller_reads_it_anew() {
    let (world, portal) = World::with_leads(PATIENT).await;
    world.clock.advance_to(world.clock.now() + Duration::from_mins(10));
    portal.answer("crm.lead.fields", result(json!({})).set_delay(PATIENT / 2));
    tokio::select! {
        biased;
        _ = leads(&world) => panic!("it reads the portal"),
        old = leads(&world) => assert!(!old.is_empty()),
    }
}

#[tokio::test]
async fn what_cannot_be_read_anew_serves_longer_unless_it_is_gone() {
    let (world, portal) = World::with_leads(PATIENT).await;
    world.clock.advance_to(world.clock.now() + Duration::from_mins(10));
    portal.answer("crm.lead.fields", error(500, "INTERNAL_SERVER_ERROR", "Internal server error"));
    assert!(!leads(&world).await.is_empty());
    portal.answer("crm.lead.fields", error(400, "ACCESS_DENIED", "Access denied."));
    assert_eq!(world.fields(EntityKind::Lead).await.unwrap_err().kind, CrmErrorKind::NotAllowed);
    answer_leads(&portal);
    assert!(!leads(&world).await.is_empty());
    assert_eq!(portal.calls().len(), 4);
}
