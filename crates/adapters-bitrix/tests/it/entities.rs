//! Every kind of record, through its life in the simulated portal.

use kopru_domain::{EntityKind, FieldValue};
use kopru_http_client::Method;
use kopru_ports::crm::{CommandOutcome, CrmCommand, CrmErrorKind, CrmWriter as _};
use rstest::rstest;
use serde_json::{Value, json};

use crate::sandbox::Simulated;
use crate::world::{Change, create, done, dropped, phones, text, update};

/// The smart process of these tests. Its `id` is 1, which is the leads' number.
const INSTALLATION: u32 = 177;

async fn portal() -> Simulated {
    let simulated = Simulated::start().await;
    let options = json!([{ "id": 81, "value": "Ege" }, { "id": 82, "value": "Marmara" }]);
    let field = |entity: &str| {
        json!({ "entity": entity, "field_name": "UF_CRM_REGION", "type": "enumeration", "multiple": true,
            "label": "Bölge", "items": options })
    };
    let entities = ["lead", "contact", "company", "deal", "quote", "invoice", "177"];
    let seed = json!({
        "types": [{ "entity_type_id": INSTALLATION, "title": "Kurulum" }],
        "user_fields": entities.map(field),
    });
    simulated.control(Method::POST, "bitrix24/seed", seed).await;
    simulated
}

async fn one(simulated: &Simulated, entity: EntityKind, command: CrmCommand) -> CommandOutcome {
    simulated.world.write(vec![CrmCommand { entity, ..command }]).await.unwrap().remove(0)
}

async fn origins(simulated: &Simulated, entity: EntityKind) -> Vec<(String, String)> {
    let wanted = ["r1", "r2", "r3"].map(str::to_owned);
    let found = simulated.world.bitrix.find_by_origin(&simulated.world.among(entity).await, &wanted).await.unwrap();
    found.into_iter().map(|record| (record.origin, record.id)).collect()
}

fn choice(id: &str) -> FieldValue {
    FieldValue::Choice(id.to_owned())
}

fn regions(ids: &[&str]) -> FieldValue {
    FieldValue::Many(ids.iter().map(|id| choice(id)).collect())
}

fn from_nothing(code: &'static str, to: FieldValue) -> Change {
    (code, FieldValue::Empty, to)
}

fn to_nothing(code: &'static str, from: FieldValue) -> Change {
    (code, from, FieldValue::Empty)
}

fn is_refused(outcome: &CommandOutcome, code: &str) -> bool {
    let named = |field: &Option<kopru_domain::FieldCode>| field.as_ref().is_some_and(|field| field.as_str() == code);
    matches!(outcome, CommandOutcome::Refused { kind: CrmErrorKind::InvalidValue, field, .. } if named(field))
}

/// With a stage or, where there is none, a type.
#[rstest]
#[case::lead(EntityKind::Lead, "lead", "TITLE", ("STATUS_ID", "IN_PROCESS"))]
#[case::contact(EntityKind::Contact, "contact", "NAME", ("TYPE_ID", "SUPPLIER"))]
#[case::company(EntityKind::Company, "company", "TITLE", ("COMPANY_TYPE", "PARTNER"))]
#[case::deal(EntityKind::Deal, "deal", "TITLE", ("STAGE_ID", "PREPARATION"))]
#[case::quote(EntityKind::Quote, "quote", "TITLE", ("STATUS_ID", "SENT"))]
#[case::invoice(EntityKind::Invoice, "invoice", "TITLE", ("STAGE_ID", "DT31_1:S"))]
#[case::smart_process(EntityKind::Smart(INSTALLATION), "177", "TITLE", ("STAGE_ID", "DT177_2:PREPARATION"))]
#[tokio::test]
async fn a_record_is_made_changed_cleared_and_moved(
    #[case] entity: EntityKind,
    #[case] name: &str,
    #[case] title: &'static str,
    #[case] (stage, reached): (&'static str, &str),
) {
    let simulated = portal().await;
    let fields = || async { simulated.records(name).await[0]["fields"].clone() };
    let made = create(
        "r1",
        [
            from_nothing(title, text("Kazı & Yol #1")),
            from_nothing("COMMENTS", text("not")),
            from_nothing("UF_CRM_REGION", regions(&["81", "82"])),
        ],
    );
    let CommandOutcome::Done { id } = one(&simulated, entity, made).await else { panic!("not made") };
    let read = fields().await;
    assert_eq!((&read[title], &read["UF_CRM_REGION"]), (&json!("Kazı & Yol #1"), &json!(["81", "82"])));

    let changed = update(&id, [(title, text("Kazı & Yol #1"), text("Yol")), from_nothing(stage, choice(reached))]);
    assert_eq!(one(&simulated, entity, changed).await, done(&id));
    let read = fields().await;
    assert_eq!((&read[title], &read[stage]), (&json!("Yol"), &json!(reached)));

    let unknown = update(&id, [from_nothing(stage, choice("NOWHERE"))]);
    let refused = one(&simulated, entity, unknown).await;
    assert!(matches!(refused, CommandOutcome::Refused { .. }), "{refused:?}");
    let partly = update(&id, [from_nothing("UF_CRM_REGION", regions(&["82", "99"]))]);
    assert_eq!(dropped(&one(&simulated, entity, partly).await), [("UF_CRM_REGION", "Marmara")], "99 is no option");

    let cleared = update(&id, [to_nothing("COMMENTS", text("not"))]);
    assert_eq!(one(&simulated, entity, cleared).await, done(&id));
    assert_eq!(fields().await["COMMENTS"], "");
    simulated.sandbox.stop().await;
}

/// The old methods empty a list; `crm.item.*` answers success and leaves it (issue 269).
#[rstest]
#[case::company(EntityKind::Company, "company", true)]
#[case::quote(EntityKind::Quote, "quote", true)]
#[case::invoice(EntityKind::Invoice, "invoice", false)]
#[case::smart_process(EntityKind::Smart(INSTALLATION), "177", false)]
#[tokio::test]
async fn a_list_is_emptied_or_refused(#[case] entity: EntityKind, #[case] name: &str, #[case] emptied: bool) {
    let simulated = portal().await;
    let made = create("r1", [from_nothing("UF_CRM_REGION", regions(&["81"]))]);
    let CommandOutcome::Done { id } = one(&simulated, entity, made).await else { panic!("not made") };
    let found = one(&simulated, entity, update(&id, [to_nothing("UF_CRM_REGION", regions(&["81"]))])).await;
    assert_eq!(found == done(&id), emptied);
    assert_eq!(dropped(&found) == [("UF_CRM_REGION", "Ege")], !emptied);
    assert_eq!(simulated.records(name).await[0]["fields"]["UF_CRM_REGION"] == json!([]), emptied);
    simulated.sandbox.stop().await;
}

/// A quote's own key is in fields that the simulated quote has not; see `writes.rs`.
#[rstest]
#[case::lead(EntityKind::Lead, "crm.lead.add")]
#[case::contact(EntityKind::Contact, "crm.contact.add")]
#[case::company(EntityKind::Company, "crm.company.add")]
#[case::deal(EntityKind::Deal, "crm.deal.add")]
#[case::invoice(EntityKind::Invoice, "crm.item.add")]
#[case::smart_process(EntityKind::Smart(INSTALLATION), "crm.item.add")]
#[tokio::test]
async fn a_record_whose_answer_was_lost_is_found_by_its_origin(#[case] entity: EntityKind, #[case] method: &str) {
    let simulated = portal().await;
    simulated.world.fields(entity).await.unwrap();
    let fault = json!({ "vendor": "bitrix24", "matching": method, "kind": "reset_after" });
    simulated.control(Method::POST, "faults", fault).await;
    let made = |origin: &str| create(origin, [from_nothing("COMMENTS", text("not"))]);
    assert_eq!(one(&simulated, entity, made("r1")).await, CommandOutcome::Unknown);
    let CommandOutcome::Done { id } = one(&simulated, entity, made("r2")).await else { panic!("not made") };
    let found = origins(&simulated, entity).await;
    assert_eq!(found.iter().map(|(origin, _)| origin.as_str()).collect::<Vec<_>>(), ["r1", "r2"]);
    assert_eq!(found[1].1, id);
    simulated.sandbox.stop().await;
}

#[rstest]
#[case::lead(EntityKind::Lead, "lead")]
#[case::contact(EntityKind::Contact, "contact")]
#[case::company(EntityKind::Company, "company")]
#[tokio::test]
async fn phones_are_made_changed_and_removed_by_their_ids(#[case] entity: EntityKind, #[case] name: &str) {
    let simulated = portal().await;
    let numbers = || async {
        let record = simulated.records(name).await.remove(0);
        let rows = record["multi"]["PHONE"].as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| row["VALUE"].clone()).collect::<Vec<Value>>()
    };
    let made = create("r1", [from_nothing("PHONE", phones(&["+905321111111", "+902122222222"]))]);
    let CommandOutcome::Done { id } = one(&simulated, entity, made).await else { panic!("not made") };
    let (before, after) = (phones(&["+905321111111", "+902122222222"]), phones(&["+905323333333"]));
    assert_eq!(one(&simulated, entity, update(&id, [("PHONE", before, after.clone())])).await, done(&id));
    assert_eq!(numbers().await, ["+905323333333"]);
    assert_eq!(one(&simulated, entity, update(&id, [("PHONE", after, phones(&[]))])).await, done(&id));
    assert!(numbers().await.is_empty());
    simulated.sandbox.stop().await;
}

/// `crm.item.*` has phones for leads, contacts and companies only, and cannot edit them.
#[rstest]
#[case(EntityKind::Invoice)]
#[case(EntityKind::Smart(INSTALLATION))]
#[tokio::test]
async fn where_there_are_no_phones_a_phone_is_refused(#[case] entity: EntityKind) {
    let simulated = portal().await;
    let found = one(&simulated, entity, create("r1", [from_nothing("PHONE", phones(&["+905321111111"]))])).await;
    assert!(is_refused(&found, "PHONE"), "{found:?}");
    simulated.sandbox.stop().await;
}

#[tokio::test]
async fn a_types_id_is_not_its_entity_type_id() {
    let simulated = portal().await;
    assert!(simulated.world.fields(EntityKind::Smart(INSTALLATION)).await.is_ok());
    let error = simulated.world.fields(EntityKind::Smart(1)).await.unwrap_err();
    assert_eq!(error.kind, CrmErrorKind::NotFound);
    assert!(error.detail.unwrap().contains("entityTypeId"));
    simulated.sandbox.stop().await;
}
