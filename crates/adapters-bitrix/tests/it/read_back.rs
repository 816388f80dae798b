//! Bitrix24 answers success to what it drops: what was written is read back in the same request.

use std::time::Duration;

use kopru_domain::{EntityKind, FieldValue};
use kopru_ports::crm::{CommandOutcome, CrmCommand};
use rstest::rstest;
use serde_json::{Value, json};

use crate::portal::{Portal, bytes, result};
use crate::world::{Change, World, done, dropped, text, title, update};

const PATIENT: Duration = Duration::from_secs(10);

fn choice(id: &str) -> FieldValue {
    FieldValue::Choice(id.to_owned())
}

fn regions(ids: &[&str]) -> FieldValue {
    FieldValue::Many(ids.iter().map(|id| choice(id)).collect())
}

/// The answers to an update and to the look at the record afterwards.
fn answer(portal: &Portal, record: &Value) {
    let answers = json!({ "c0": true, "c1": record });
    portal.answer("batch", result(json!({ "result": answers, "result_error": [], "result_total": [] })));
}

#[tokio::test]
async fn a_field_is_cleared_by_an_empty_text_and_a_list_by_one_empty_element() {
    let (world, portal) = World::with_leads(PATIENT).await;
    answer(&portal, &json!({ "ID": "5", "COMMENTS": "", "UF_CRM_1712": false }));
    let changes =
        [("COMMENTS", text("x"), FieldValue::Empty), ("UF_CRM_1712", regions(&["81", "82"]), FieldValue::Empty)];
    assert_eq!(world.write(vec![update("5", changes)]).await.unwrap(), [done("5")]);
    let calls = portal.calls();
    let sent = calls[0].1["cmd"]["c0"].as_str().unwrap();
    assert!(sent.contains("fields[COMMENTS]=&fields[UF_CRM_1712][]=&"), "{sent}");
    assert_eq!(calls[0].1["cmd"]["c1"], "crm.lead.get?id=5");
}

#[rstest]
#[case::text_not_cleared(("COMMENTS", text("x"), FieldValue::Empty), json!({ "COMMENTS": "x" }), "x")]
#[case::list_not_cleared(
    ("UF_CRM_1712", regions(&["81"]), FieldValue::Empty), json!({ "UF_CRM_1712": ["81"] }), "Ege"
)]
#[case::option_dropped(
    ("UF_CRM_1712", FieldValue::Empty, regions(&["81", "99"])), json!({ "UF_CRM_1712": ["81"] }), "Ege"
)]
#[case::stage_dropped(("STATUS_ID", choice("NEW"), choice("JUNK")), json!({ "STATUS_ID": "NEW" }), "Yeni")]
#[case::person_dropped(("ASSIGNED_BY_ID", choice("1"), choice("2")), json!({ "ASSIGNED_BY_ID": "1" }), "Ayşe Örnek")]
#[tokio::test]
async fn what_the_portal_dropped_is_named_with_what_is_there(
    #[case] change: Change,
    #[case] record: Value,
    #[case] holds: &str,
) {
    let (world, portal) = World::with_leads(PATIENT).await;
    let code = change.0;
    answer(&portal, &record);
    let found = world.write(vec![update("5", [title("a"), change])]).await.unwrap();
    assert_eq!(dropped(&found[0]), [(code, holds)]);
}

#[tokio::test]
async fn what_is_there_is_done_whatever_its_spelling() {
    let (world, portal) = World::with_leads(PATIENT).await;
    answer(&portal, &json!({ "ID": "5", "ASSIGNED_BY_ID": 2, "UF_CRM_1712": [82, 81], "STATUS_ID": "JUNK" }));
    let changes = [
        ("ASSIGNED_BY_ID", FieldValue::Empty, choice("2")),
        ("STATUS_ID", FieldValue::Empty, choice("JUNK")),
        ("UF_CRM_1712", FieldValue::Empty, regions(&["81", "82"])),
    ];
    assert_eq!(world.write(vec![update("5", changes)]).await.unwrap(), [done("5")]);
}

#[tokio::test]
async fn a_plain_update_is_not_read_back() {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.lead.update", result(json!(true)));
    assert_eq!(world.write(vec![update("5", [title("a")])]).await.unwrap(), [done("5")]);
    assert_eq!(portal.calls().len(), 1);
}

#[rstest]
#[case::not_yet("QUERY_LIMIT_EXCEEDED", CommandOutcome::Unknown)]
#[case::operating_time("OPERATION_TIME_LIMIT", CommandOutcome::Unknown)]
#[case::no_right_to_read("ACCESS_DENIED", done("5"))]
#[tokio::test]
async fn an_update_that_could_not_be_looked_at(#[case] code: &str, #[case] expected: CommandOutcome) {
    let (world, portal) = World::with_leads(PATIENT).await;
    let errors = json!({ "c1": { "error": code, "error_description": "in words" } });
    portal.answer("batch", result(json!({ "result": { "c0": true }, "result_error": errors })));
    let change = ("COMMENTS", text("x"), FieldValue::Empty);
    assert_eq!(world.write(vec![update("5", [change])]).await.unwrap(), [expected]);
}

/// `isReadOnly: false` is no promise ([issue 58](https://github.com/bitrix24/b24restdocs/issues/58)). A field that
/// kept its word once is not asked again.
#[tokio::test]
async fn a_field_that_says_it_is_writable_need_not_be() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let returns = |from: bool, to: bool| ("IS_RETURN_CUSTOMER", FieldValue::Flag(from), FieldValue::Flag(to));
    answer(&portal, &json!({ "ID": "5", "IS_RETURN_CUSTOMER": "N" }));
    let found = world.write(vec![update("5", [returns(false, true)])]).await.unwrap();
    assert_eq!(dropped(&found[0]), [("IS_RETURN_CUSTOMER", "N")]);
    answer(&portal, &json!({ "ID": "5", "IS_RETURN_CUSTOMER": "Y" }));
    portal.answer("crm.lead.update", result(json!(true)));
    assert_eq!(world.write(vec![update("5", [returns(false, true)])]).await.unwrap(), [done("5")]);
    assert_eq!(world.write(vec![update("6", [returns(true, false)])]).await.unwrap(), [done("6")]);
    let methods: Vec<String> = portal.calls().into_iter().map(|(method, _)| method).collect();
    assert_eq!(methods, ["batch", "batch", "crm.lead.update"]);
}

/// A text that Bitrix24 would take for a reference goes alone, and so does the look afterwards.
#[tokio::test]
async fn what_goes_alone_is_read_back_too() {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.lead.update", result(json!(true)));
    portal.answer("crm.lead.get", result(json!({ "ID": "5", "COMMENTS": "x" })));
    let changes = [title("$result[c0]"), ("COMMENTS", text("x"), FieldValue::Empty)];
    let found = world.write(vec![update("5", changes)]).await.unwrap();
    assert_eq!(dropped(&found[0]), [("COMMENTS", "x")]);
    let methods: Vec<String> = portal.calls().into_iter().map(|(method, _)| method).collect();
    assert_eq!(methods, ["crm.lead.update", "crm.lead.get"]);
}

#[tokio::test]
async fn a_request_has_fifty_commands_and_no_pair_is_torn() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let answers = |pairs: usize| -> Value {
        let pair = |at: usize| [(format!("c{}", 2 * at), json!(true)), (format!("c{}", 2 * at + 1), json!({}))];
        json!({ "result": (0..pairs).flat_map(pair).collect::<serde_json::Map<_, _>>(), "result_error": [] })
    };
    portal.answer("batch", result(answers(25))).answer("batch", result(answers(5)));
    let ids: Vec<String> = (1..31).map(|id| id.to_string()).collect();
    let clear = |id: &String| update(id, [("COMMENTS", text("x"), FieldValue::Empty)]);
    let found = world.write(ids.iter().map(clear).collect()).await.unwrap();
    assert_eq!(found, ids.iter().map(|id| done(id)).collect::<Vec<_>>());
    let sizes: Vec<usize> = portal.calls().iter().map(|(_, params)| params["cmd"].as_object().unwrap().len()).collect();
    assert_eq!(sizes, [50, 10]);
}

/// Issue 269: success, and nothing changed.
#[tokio::test]
async fn an_invoices_list_that_was_not_emptied_is_told() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let fields = r#"{"result":{"fields":{
        "UF_CRM_SMART_INVOICE_TAGS":{"type":"enumeration","isRequired":false,"isReadOnly":false,"isImmutable":false,
            "isMultiple":true,"isDynamic":true,"title":"Etiketler","upperName":"UF_CRM_SMART_INVOICE_TAGS",
            "items":[{"ID":"81","VALUE":"A"},{"ID":"82","VALUE":"B"}]}}}}"#;
    portal.answer("crm.item.fields", bytes(200, fields));
    portal.answer("batch", result(json!({ "result": { "c0": [], "c1": [] }, "result_error": [] })));
    let written = r#"{"result":{"result":{
        "c0":{"item":{"id":9,"UF_CRM_SMART_INVOICE_TAGS":null}},
        "c1":{"item":{"id":9,"UF_CRM_SMART_INVOICE_TAGS":[81,82]}}},
        "result_error":[],"result_total":[],"result_next":[],"result_time":[]}}"#;
    portal.answer("batch", bytes(200, written));
    let change = ("UF_CRM_SMART_INVOICE_TAGS", regions(&["81", "82"]), FieldValue::Empty);
    let command = CrmCommand { entity: EntityKind::Invoice, ..update("9", [change]) };
    let found = world.write(vec![command]).await.unwrap();
    assert_eq!(dropped(&found[0]), [("UF_CRM_SMART_INVOICE_TAGS", "A, B")]);
}
