//! New records: what the portal drops of them, answering success.

use std::time::Duration;

use kopru_domain::{EntityKind, FieldValue};
use kopru_http_client::Method;
use kopru_ports::crm::{CommandOutcome, CrmCommand, Dropped};
use rstest::rstest;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::portal::{Portal, bytes, error, result};
use crate::sandbox::Simulated;
use crate::world::{Change, World, create, done, dropped, title};

const PATIENT: Duration = Duration::from_secs(10);

fn regions(ids: &[&str]) -> Change {
    let options = ids.iter().map(|id| FieldValue::Choice((*id).to_owned())).collect();
    ("UF_CRM_1712", FieldValue::Empty, FieldValue::Many(options))
}

fn chosen(code: &'static str, id: &str) -> Change {
    (code, FieldValue::Empty, FieldValue::Choice(id.to_owned()))
}

fn born() -> Change {
    ("BIRTHDATE", FieldValue::Empty, FieldValue::Date("1990-05-17".parse().unwrap()))
}

fn partly(id: &str, field: &str, holds: &str) -> CommandOutcome {
    CommandOutcome::Partly {
        id: id.to_owned(),
        dropped: vec![Dropped { field: field.into(), holds: holds.to_owned() }],
    }
}

fn methods(portal: &Portal) -> Vec<String> {
    portal.calls().into_iter().map(|(method, _)| method).collect()
}

#[rstest]
#[case::option(regions(&["81", "82"]), json!({ "UF_CRM_1712": ["81"] }), "Ege")]
#[case::all_options(regions(&["82"]), json!({ "UF_CRM_1712": false }), "")]
#[case::stage(chosen("STATUS_ID", "JUNK"), json!({ "STATUS_ID": "NEW" }), "Yeni")]
#[case::person(chosen("ASSIGNED_BY_ID", "2"), json!({ "ASSIGNED_BY_ID": "1" }), "Ayşe Örnek")]
#[case::date(born(), json!({ "BIRTHDATE": "" }), "")]
#[case::flag(("IS_RETURN_CUSTOMER", FieldValue::Empty, FieldValue::Flag(true)), json!({ "IS_RETURN_CUSTOMER": "N" }), "N")]
#[tokio::test]
async fn what_a_new_record_lost_is_named_and_the_record_is_known(
    #[case] change: Change,
    #[case] record: Value,
    #[case] holds: &str,
) {
    let (world, portal) = World::with_leads(PATIENT).await;
    let code = change.0;
    portal.answer("crm.lead.add", result(json!(7))).answer("crm.lead.get", result(record));
    assert_eq!(world.write(vec![create("r1", [title("a"), change])]).await.unwrap(), [partly("7", code, holds)]);
    let calls = portal.calls();
    assert_eq!((calls[1].0.as_str(), &calls[1].1), ("crm.lead.get", &json!({ "id": "7" })));
}

#[tokio::test]
async fn what_was_kept_once_is_not_looked_at_again() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let one = || create("r1", [title("a"), chosen("SOURCE_ID", "CALL"), regions(&["81"]), born()]);
    let kept = json!({ "SOURCE_ID": "CALL", "UF_CRM_1712": [81], "BIRTHDATE": "1990-05-17T03:00:00+03:00" });
    portal.answer("crm.lead.add", result(json!(7))).answer("crm.lead.get", result(kept));
    portal.answer("crm.lead.add", result(json!(8)));
    assert_eq!(world.write(vec![one()]).await.unwrap(), [done("7")]);
    assert_eq!(world.write(vec![one()]).await.unwrap(), [done("8")]);
    assert_eq!(methods(&portal), ["crm.lead.add", "crm.lead.get", "crm.lead.add"]);

    let another = create("r3", [title("a"), regions(&["82"])]);
    portal.answer("crm.lead.add", result(json!(9))).answer("crm.lead.get", result(json!({ "UF_CRM_1712": false })));
    assert_eq!(world.write(vec![another]).await.unwrap(), [partly("9", "UF_CRM_1712", "")], "another option");
}

/// Names are checked before anything is sent, and texts and numbers are not dropped.
#[tokio::test]
async fn texts_and_numbers_cost_no_look() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let amount = ("OPPORTUNITY", FieldValue::Empty, FieldValue::Number("1200.5".parse().unwrap()));
    portal.answer("crm.lead.add", result(json!(7)));
    assert_eq!(world.write(vec![create("r1", [title("a"), amount])]).await.unwrap(), [done("7")]);
    assert_eq!(methods(&portal), ["crm.lead.add"]);
}

#[tokio::test]
async fn new_records_of_one_request_are_looked_at_in_one_more() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let refusal = json!({ "c1": { "error": "ERROR_CORE", "error_description": "in words" } });
    portal.answer("batch", result(json!({ "result": { "c0": 7, "c2": 9 }, "result_error": refusal })));
    let seen = json!({ "c0": { "UF_CRM_1712": [81] }, "c1": { "UF_CRM_1712": [] } });
    portal.answer("batch", result(json!({ "result": seen, "result_error": [] })));
    let found = world.write(["r1", "r2", "r3"].map(|row| create(row, [title("a"), regions(&["81"])])).into()).await;
    let found = found.unwrap();
    assert_eq!((&found[0], &found[2]), (&done("7"), &partly("9", "UF_CRM_1712", "")));
    assert!(matches!(found[1], CommandOutcome::Refused { .. }));
    let calls = portal.calls();
    assert_eq!(calls.len(), 2);
    assert_eq!(calls[1].1["cmd"], json!({ "c0": "crm.lead.get?id=7", "c1": "crm.lead.get?id=9" }));
}

/// The record is there. Who may not read one need not ask for the next; any other trouble is of the moment.
#[rstest]
#[case::no_right(error(400, "ACCESS_DENIED", "in words"), 1)]
#[case::busy(error(503, "QUERY_LIMIT_EXCEEDED", "Too many requests"), 2)]
#[tokio::test]
async fn a_record_that_cannot_be_looked_at_is_made_all_the_same(
    #[case] refusal: ResponseTemplate,
    #[case] looks: usize,
) {
    let (world, portal) = World::with_leads(PATIENT).await;
    for id in [7, 8] {
        portal.answer("crm.lead.add", result(json!(id))).answer("crm.lead.get", refusal.clone());
        let found = world.write(vec![create("r1", [regions(&["81"])])]).await.unwrap();
        assert_eq!(found, [done(&id.to_string())]);
    }
    assert_eq!(methods(&portal).iter().filter(|method| *method == "crm.lead.get").count(), looks);
}

/// `crm.item.add` answers with the record: the comparison costs nothing.
#[tokio::test]
async fn an_invoice_is_compared_with_the_answer_itself() {
    let (world, portal) = (World::new(PATIENT), Portal::start().await);
    world.connect(&portal.webhook()).await;
    let fields = r#"{"result":{"fields":{
        "UF_CRM_SMART_INVOICE_TAG":{"type":"enumeration","isRequired":false,"isReadOnly":false,"isImmutable":false,
            "isMultiple":false,"isDynamic":true,"title":"Etiket","upperName":"UF_CRM_SMART_INVOICE_TAG",
            "items":[{"ID":"81","VALUE":"A"},{"ID":"82","VALUE":"B"}]},
        "title":{"type":"string","isRequired":false,"isReadOnly":false,"isImmutable":false,"isMultiple":false,
            "isDynamic":false,"title":"Ad","upperName":"TITLE"}}}}"#;
    portal.answer("crm.item.fields", bytes(200, fields));
    portal.answer("batch", result(json!({ "result": { "c0": [], "c1": [] }, "result_error": [] })));
    let item = r#"{"result":{"item":{"id":9,"title":"a","UF_CRM_SMART_INVOICE_TAG":null}}}"#;
    portal.answer("crm.item.add", bytes(200, item));
    let made = create("r1", [title("a"), chosen("UF_CRM_SMART_INVOICE_TAG", "82")]);
    let found = world.write(vec![CrmCommand { entity: EntityKind::Invoice, ..made }]).await.unwrap();
    assert_eq!(found, [partly("9", "UF_CRM_SMART_INVOICE_TAG", "")]);
    assert_eq!(methods(&portal).last().unwrap(), "crm.item.add");
}

/// Somebody deletes an option after the fields were read: the portal answers success and drops it.
#[rstest]
#[case::lead(EntityKind::Lead, "lead")]
#[case::invoice(EntityKind::Invoice, "invoice")]
#[tokio::test]
async fn an_option_that_is_deleted_meanwhile_is_missed(#[case] entity: EntityKind, #[case] name: &str) {
    let simulated = Simulated::start().await;
    let options = |items: Value| {
        json!({ "user_fields": [{ "entity": name, "field_name": "UF_CRM_TAG", "type": "enumeration",
            "label": "Etiket", "items": items }] })
    };
    let both = json!([{ "id": 81, "value": "A" }, { "id": 82, "value": "B" }]);
    simulated.control(Method::POST, "bitrix24/seed", options(both)).await;
    simulated.world.fields(entity).await.unwrap();
    simulated.control(Method::POST, "bitrix24/seed", options(json!([{ "id": 81, "value": "A" }]))).await;
    let made = create("r1", [title("a"), chosen("UF_CRM_TAG", "82")]);
    let found = simulated.world.write(vec![CrmCommand { entity, ..made }]).await.unwrap();
    assert_eq!(dropped(&found[0]), [("UF_CRM_TAG", "")]);
    assert_eq!(simulated.records(name).await.len(), 1);
    simulated.sandbox.stop().await;
}
