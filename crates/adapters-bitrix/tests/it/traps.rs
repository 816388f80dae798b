//! What has caught others, in the words of the vendor's pages: those traps that no other module is about.

use std::time::Duration;

use kopru_domain::{EntityKind, FieldValue};
use kopru_ports::Clock as _;
use kopru_ports::crm::{CommandOutcome, CrmCommand, CrmErrorKind, CrmWriter as _, WriteRequest};
use kopru_ports::delivery::Urgency;
use rstest::rstest;
use serde_json::{Value, json};

use crate::portal::{Call, Portal, bytes, error, page, result};
use crate::world::{World, create, done, dropped, text, title, update};

const PATIENT: Duration = Duration::from_secs(10);

/// Without it custom fields have names in a spelling that has two exceptions.
#[tokio::test]
async fn every_call_of_the_universal_methods_asks_for_original_names() {
    let (world, portal) = (World::new(PATIENT), Portal::start().await);
    world.connect(&portal.webhook()).await;
    let field = r#"{"type":"string","isRequired":false,"isReadOnly":false,"isImmutable":false,"isMultiple":false,
        "isDynamic":true,"title":"Not","upperName":"UF_CRM_3_1747309727"}"#;
    portal.answer(
        "crm.item.fields",
        bytes(200, &format!(r#"{{"result":{{"fields":{{"UF_CRM_3_1747309727":{field}}}}}}}"#)),
    );
    portal.answer("batch", result(json!({ "result": { "c0": [], "c1": [] }, "result_error": [] })));
    portal.answer("crm.item.add", result(json!({ "item": { "id": 9 } })));
    let seen = json!({ "c0": { "item": { "id": 9 } }, "c1": { "item": { "id": 9, "UF_CRM_3_1747309727": "" } } });
    portal.answer("batch", result(json!({ "result": seen, "result_error": [] })));
    portal.answer("crm.item.list", result(json!({ "items": [] })));
    let own = |command: CrmCommand| CrmCommand { entity: EntityKind::Smart(133), ..command };
    let note = |from: FieldValue, to: FieldValue| [("UF_CRM_3_1747309727", from, to)];
    world.write(vec![own(create("r1", note(FieldValue::Empty, text("a"))))]).await.unwrap();
    assert_eq!(world.write(vec![own(update("9", note(text("a"), FieldValue::Empty)))]).await.unwrap(), [done("9")]);
    let origins = ["r1".to_owned()];
    world.bitrix.find_by_origin(&world.among(EntityKind::Smart(133)).await, &origins).await.unwrap();

    let calls = portal.calls();
    let named = |(_, params): &&Call| params["useOriginalUfNames"] == "Y" && params["entityTypeId"] == 133;
    let items: Vec<&Call> = calls.iter().filter(|(method, _)| method.starts_with("crm.item.")).collect();
    assert_eq!((items.len(), items.iter().filter(|call| named(call)).count()), (3, 3));
    let commands = calls.iter().filter_map(|(_, params)| params["cmd"].as_object()).flat_map(|cmd| cmd.values());
    let commands: Vec<&str> = commands.filter_map(Value::as_str).filter(|text| text.starts_with("crm.item.")).collect();
    assert_eq!(commands.len(), 2);
    assert!(commands.iter().all(|text| text.contains("useOriginalUfNames=Y") && text.contains("entityTypeId=133")));
}

/// `isImmutable`: a deal's pipeline is set when it is made, and passed over afterwards.
#[tokio::test]
async fn a_field_that_is_set_only_once_is_not_kept_later() {
    let (world, portal) = (World::new(PATIENT), Portal::start().await);
    world.connect(&portal.webhook()).await;
    let category = r#"{"result":{"CATEGORY_ID":{"type":"crm_category","isRequired":false,"isReadOnly":false,
        "isImmutable":true,"isMultiple":false,"isDynamic":false,"title":"Huni"}}}"#;
    portal.answer("crm.deal.fields", bytes(200, category));
    portal.answer("batch", result(json!({ "result": { "c0": [], "c1": [] }, "result_error": [] })));
    let seen = json!({ "c0": true, "c1": { "ID": "5", "CATEGORY_ID": "0" } });
    portal.answer("batch", result(json!({ "result": seen, "result_error": [] })));
    let change = ("CATEGORY_ID", FieldValue::Choice("0".into()), FieldValue::Choice("9".into()));
    let found = world.write(vec![CrmCommand { entity: EntityKind::Deal, ..update("5", [change]) }]).await.unwrap();
    assert_eq!(dropped(&found[0]), [("CATEGORY_ID", "0")]);
}

/// A code is a text, a number, empty or a sentence, and an error can come with status 200.
#[rstest]
#[case::text(400, r#"{"error":"ERROR_CORE","error_description":"Invalid e-mail address"}"#)]
#[case::status_of_success(200, r#"{"error":"ERROR_CORE","error_description":"Invalid e-mail address"}"#)]
#[case::number(400, r#"{"error":100,"error_description":"Invalid e-mail address"}"#)]
#[case::zero(400, r#"{"error":0,"error_description":"Invalid e-mail address"}"#)]
#[case::empty(400, r#"{"error":"","error_description":"Invalid e-mail address"}"#)]
#[case::sentence(400, r#"{"error":"Invalid e-mail","error_description":"Invalid e-mail address"}"#)]
#[tokio::test]
async fn an_error_is_an_error_whatever_its_code(#[case] status: u16, #[case] body: &str) {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.lead.update", bytes(status, body));
    let refused = CommandOutcome::Refused {
        kind: CrmErrorKind::InvalidValue,
        message: "Invalid e-mail address".to_owned(),
        field: None,
    };
    assert_eq!(world.write(vec![update("5", [title("a")])]).await.unwrap(), [refused]);
}

/// Codes within a batch mean the same, and one command's pause is not the others'; but a limit of the portal's is told
/// to the gate.
#[rstest]
#[case("OPERATION_TIME_LIMIT", CommandOutcome::Later(Some(Duration::from_secs(10))), None)]
#[case("query_limit_exceeded", CommandOutcome::Later(Some(Duration::from_secs(2))), Some(2))]
#[case("OVERLOAD_LIMIT", CommandOutcome::Later(Some(Duration::from_mins(15))), Some(900))]
#[case("ERROR_BATCH_LENGTH_EXCEEDED", CommandOutcome::Retry(None), None)]
#[case("INTERNAL_SERVER_ERROR", CommandOutcome::Unknown, None)]
#[tokio::test]
async fn a_commands_error_is_its_own(
    #[case] code: &str,
    #[case] expected: CommandOutcome,
    #[case] portal_rests: Option<u64>,
) {
    let (world, portal) = World::with_leads(PATIENT).await;
    let errors = json!({ "c1": { "error": code, "error_description": "in words" } });
    portal.answer("batch", result(json!({ "result": { "c0": true }, "result_error": errors })));
    let found = world.write(vec![update("5", [title("a")]), update("6", [title("b")])]).await.unwrap();
    assert_eq!(found, [done("5"), expected]);
    let refusals = world.gate.refusals.lock().unwrap();
    let of_portal = refusals.iter().find(|(scope, _)| scope.starts_with("bitrix24:")).map(|(_, until)| *until);
    assert_eq!(of_portal, portal_rests.map(|seconds| world.clock.now() + Duration::from_secs(seconds)));
}

/// The refusal (429) does not say how long; the last success did, in `operating_reset_at`.
#[tokio::test]
async fn a_method_that_used_up_its_time_rests_as_its_last_success_said() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let reset = world.clock.now() + Duration::from_secs(45);
    let success = format!(
        r#"{{"result":true,"time":{{"start":1795413574.07,"finish":1795413574.45,"duration":0.38,"processing":0.31,
        "operating_reset_at":{},"operating":400.5}}}}"#,
        reset.as_second()
    );
    let refusal = error(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.");
    portal.answer("crm.lead.update", bytes(200, &success)).answer("crm.lead.update", refusal);
    world.write(vec![update("5", [title("a")])]).await.unwrap();
    world.write(vec![update("5", [title("b")])]).await.unwrap_err();
    let refusals = world.gate.refusals.lock().unwrap().clone();
    let [(scope, until)] = refusals.as_slice() else { panic!("{refusals:?}") };
    assert!(scope.ends_with(":crm.lead.update"), "the portal's other methods go on: {scope}");
    assert_eq!(until.as_second(), reset.as_second());
}

/// Self-hosted portals leave out what others say of time; an empty block is a list.
#[rstest]
#[case::nothing(r#"{"result":true}"#)]
#[case::empty(r#"{"result":true,"time":[]}"#)]
#[case::whole_seconds(r#"{"result":true,"time":{"start":1773396937,"finish":1773396938,"duration":1,"processing":0}}"#)]
#[case::no_operating_time(r#"{"result":true,"time":{"duration":0.1,"processing":0.1,"operating":0}}"#)]
#[tokio::test]
async fn what_is_said_of_time_is_optional(#[case] body: &str) {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.lead.update", bytes(200, body));
    assert_eq!(world.write(vec![update("5", [title("a")])]).await.unwrap(), [done("5")]);
}

/// The bucket is the portal's: companies, apps and webhooks from one address share it.
#[tokio::test]
async fn two_companies_of_one_portal_spend_from_one_limit() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let (name, other) = (world.portal().await, "other".parse().unwrap());
    world.connect_also(&other, &portal.webhook()).await;
    crate::world::answer_leads(&portal);
    portal.answer("crm.lead.update", result(json!(true)));
    let request = WriteRequest {
        company: other,
        portal: name.clone(),
        commands: vec![update("5", [title("a")])],
        deadline: world.clock.now() + Duration::from_mins(1),
        urgency: Urgency::Interactive,
    };
    world.bitrix.write(request).await.unwrap();
    let passes = world.gate.passes.lock().unwrap();
    assert!(passes.iter().all(|pass| pass.charges[0].limit.scope == format!("bitrix24:{name}")));
    let limit = &passes[0].charges[0].limit;
    assert_eq!((limit.per_second, limit.burst), (2.0, 49.0));
}

/// `start` is rounded down to whole pages: a list must not go round and round.
#[tokio::test]
async fn a_list_that_does_not_go_on_ends() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let row = json!([{ "ID": "11", "ORIGIN_ID": "r1" }]);
    portal.answer("crm.lead.list", page(row.clone(), 50)).answer("crm.lead.list", page(row, 50));
    let origins = ["r1".to_owned()];
    let found = world.bitrix.find_by_origin(&world.among(EntityKind::Lead).await, &origins).await.unwrap();
    assert_eq!((found.len(), portal.calls().len()), (1, 2));
}
