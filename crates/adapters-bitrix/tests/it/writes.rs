//! What exactly is sent.

use std::time::Duration;

use kopru_domain::{EntityKind, FieldKind, FieldValue};
use kopru_ports::crm::{Among, CommandOutcome, ContactSearch, CrmCommand, CrmErrorKind, CrmWriter as _, FoundRecord};
use kopru_ports::delivery::Urgency;
use rstest::rstest;
use serde_json::{Value, json};

use crate::portal::{Call, Portal, bytes, html, page, result};
use crate::world::{World, answer_leads, create, done, phones, text, title, update};

const PATIENT: Duration = Duration::from_secs(10);

fn call(method: &str, params: Value) -> Call {
    (method.to_owned(), params)
}

/// A batch's commands, their pairs in alphabetical order.
fn commands(call: &Call) -> Vec<String> {
    assert_eq!((call.0.as_str(), &call.1["halt"]), ("batch", &json!(0)));
    let sorted = |command: &Value| {
        let (method, query) = command.as_str().unwrap().split_once('?').unwrap();
        let mut pairs: Vec<&str> = query.split('&').collect();
        pairs.sort_unstable();
        format!("{method}?{}", pairs.join("&"))
    };
    call.1["cmd"].as_object().unwrap().values().map(sorted).collect()
}

fn quiet() -> Value {
    json!({ "REGISTER_SONET_EVENT": "N" })
}

#[tokio::test]
async fn one_command_is_a_call_of_its_own() {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.lead.add", result(json!(351))).answer("crm.lead.update", result(json!(true)));
    assert_eq!(world.write(vec![create("r1", [title("A & B")])]).await.unwrap(), [done("351")]);
    assert_eq!(world.write(vec![update("351", [title("C")])]).await.unwrap(), [done("351")]);
    let made = json!({ "TITLE": "A & B", "ORIGINATOR_ID": "kopru", "ORIGIN_ID": "r1" });
    let expected = [
        call("crm.lead.add", json!({ "fields": made, "params": quiet() })),
        call("crm.lead.update", json!({ "id": "351", "fields": { "TITLE": "C" }, "params": quiet() })),
    ];
    assert_eq!(portal.calls(), expected);
}

#[tokio::test]
async fn several_commands_are_one_batch() {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("batch", result(json!({ "result": { "c0": 7, "c1": true }, "result_error": [] })));
    let changes = [title("A & B #c +1 %20 ş?"), ("COMMENTS", text("x"), text("y"))];
    let found = world.write(vec![create("r=1", [title("[x]")]), update("5", changes)]).await.unwrap();
    assert_eq!(found, [done("7"), done("5")]);
    let calls = portal.calls();
    assert_eq!(calls.len(), 1);
    let expected = [
        "crm.lead.add?fields[ORIGINATOR_ID]=kopru&fields[ORIGIN_ID]=r%3D1&fields[TITLE]=%5Bx%5D&params[REGISTER_SONET_EVENT]=N",
        "crm.lead.update?fields[COMMENTS]=y&fields[TITLE]=A%20%26%20B%20%23c%20%2B1%20%2520%20%C5%9F%3F&id=5&params[REGISTER_SONET_EVENT]=N",
    ];
    assert_eq!(commands(&calls[0]), expected);
    assert_eq!(world.gate.passes.lock().unwrap().len(), 1, "a batch is one request");
}

fn lead(numbers: &[(&str, &str)]) -> Value {
    let row =
        |(id, number): &(&str, &str)| json!({ "ID": id, "VALUE_TYPE": "MOBILE", "VALUE": number, "TYPE_ID": "PHONE" });
    json!({ "ID": "5", "TITLE": "a", "PHONE": numbers.iter().map(row).collect::<Value>() })
}

#[rstest]
#[case::another_number(&["+4930111"], &["+4930999"], json!([{ "ID": "223", "VALUE": "+4930999" }]))]
#[case::emptied(&["+4930111"], &[], json!([{ "ID": "223", "DELETE": "Y" }]))]
#[case::one_more(&["+4930111"], &["+4930111", "+4930999"], json!([{ "VALUE": "+4930999", "VALUE_TYPE": "WORK" }]))]
#[tokio::test]
async fn a_phone_is_edited_by_its_id(#[case] from: &[&str], #[case] to: &[&str], #[case] expected: Value) {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.lead.get", result(lead(&[("223", "+49 30 111"), ("224", "+4930222")])));
    portal.answer("crm.lead.update", result(json!(true)));
    let found = world.write(vec![update("5", [("PHONE", phones(from), phones(to))])]).await.unwrap();
    assert_eq!(found, [done("5")]);
    let expected = [
        call("crm.lead.get", json!({ "id": "5" })),
        call("crm.lead.update", json!({ "id": "5", "fields": { "PHONE": expected }, "params": quiet() })),
    ];
    assert_eq!(portal.calls(), expected);
}

#[tokio::test]
async fn a_created_record_has_its_phones_at_once() {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.lead.add", result(json!(7)));
    world.write(vec![create("r1", [("PHONE", FieldValue::Empty, phones(&["+4930111", "+4930222"]))])]).await.unwrap();
    let (_, params) = portal.calls().remove(0);
    let expected = json!([
        { "VALUE": "+4930111", "VALUE_TYPE": "WORK" },
        { "VALUE": "+4930222", "VALUE_TYPE": "WORK" },
    ]);
    assert_eq!(params["fields"]["PHONE"], expected);
}

#[tokio::test]
async fn where_nothing_is_to_be_done_nothing_is_written() {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.lead.get", result(lead(&[("223", "+49 30 999")])));
    let found =
        world.write(vec![update("5", [("PHONE", phones(&["+4930111"]), phones(&["+4930999"]))])]).await.unwrap();
    assert_eq!(found, [done("5")]);
    let methods: Vec<String> = portal.calls().into_iter().map(|(method, _)| method).collect();
    assert_eq!(methods, ["crm.lead.get"]);
}

#[tokio::test]
async fn a_record_that_is_gone_is_not_written() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let errors = json!({ "c0": { "error": "", "error_description": "Not found" } });
    portal.answer("batch", result(json!({ "result": { "c1": lead(&[("9", "+4930111")]) }, "result_error": errors })));
    portal.answer("crm.lead.update", result(json!(true)));
    let change = || ("PHONE", phones(&["+4930111"]), phones(&["+4930999"]));
    let found = world.write(vec![update("5", [change()]), update("6", [change()])]).await.unwrap();
    let gone = CommandOutcome::Refused { kind: CrmErrorKind::NotFound, message: "Not found".into(), field: None };
    assert_eq!(found, [gone, done("6")]);
    let calls = portal.calls();
    assert_eq!(commands(&calls[0]), ["crm.lead.get?id=5", "crm.lead.get?id=6"]);
    assert_eq!((calls[1].0.as_str(), &calls[1].1["id"]), ("crm.lead.update", &json!("6")));
}

#[tokio::test]
async fn an_amount_does_not_follow_the_product_rows() {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.lead.update", result(json!(true)));
    let amount = FieldValue::Number("1200.5".parse().unwrap());
    world.write(vec![update("5", [("OPPORTUNITY", FieldValue::Empty, amount)])]).await.unwrap();
    let (_, params) = portal.calls().remove(0);
    assert_eq!(params["fields"], json!({ "OPPORTUNITY": "1200.5", "IS_MANUAL_OPPORTUNITY": "Y" }));
}

/// An address that is sent in parts loses the others.
#[tokio::test]
async fn an_address_is_written_as_a_whole() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let before = json!({ "ID": "5", "ADDRESS": "Cadde 1", "ADDRESS_CITY": "İzmir", "ADDRESS_COUNTRY": null,
        "ADDRESS_LOC_ADDR_ID": "17" });
    portal.answer("crm.lead.get", result(before)).answer("crm.lead.update", result(json!(true)));
    world.write(vec![update("5", [("ADDRESS", text("Cadde 1"), text("Cadde 2"))])]).await.unwrap();
    let (_, params) = portal.calls().remove(1);
    assert_eq!(params["fields"], json!({ "ADDRESS": "Cadde 2", "ADDRESS_CITY": "İzmir" }));
}

/// The portal answers success to names that it does not know, and to fields that it does not write.
#[rstest]
#[case::no_such_field(update("5", [title("a"), ("UF_CRM_9", FieldValue::Empty, text("b"))]), "UF_CRM_9")]
#[case::read_only(update("5", [title("a"), ("DATE_CREATE", FieldValue::Empty, text("b"))]), "DATE_CREATE")]
#[case::our_own(update("5", [("ORIGIN_ID", FieldValue::Empty, text("b"))]), "ORIGIN_ID")]
#[case::an_option_that_is_gone(
    create("r1", [("UF_CRM_1712", FieldValue::Empty, FieldValue::Many(vec![FieldValue::Choice("99".into())]))]), "UF_CRM_1712"
)]
#[case::a_person_who_left(create("r1", [("ASSIGNED_BY_ID", FieldValue::Empty, FieldValue::Choice("9".into()))]), "ASSIGNED_BY_ID")]
#[tokio::test]
async fn what_would_be_passed_over_is_refused_before_it_is_sent(#[case] command: CrmCommand, #[case] field: &str) {
    let (world, portal) = World::with_leads(PATIENT).await;
    let found = world.write(vec![command]).await.unwrap();
    let refused = matches!(&found[0], CommandOutcome::Refused { field: Some(code), .. } if code.as_str() == field);
    assert!(refused, "{found:?}");
    assert_eq!(portal.calls(), []);
}

#[tokio::test]
async fn one_value_for_a_list_is_a_list() {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.lead.add", result(json!(7)));
    world
        .write(vec![create("r1", [("UF_CRM_1712", FieldValue::Empty, FieldValue::Choice("81".into()))])])
        .await
        .unwrap();
    assert_eq!(portal.calls()[0].1["fields"]["UF_CRM_1712"], json!(["81"]));
}

#[rstest]
#[case::by_its_title("Invalid value for field \"Aşama\"", Some("STATUS_ID"))]
#[case::by_its_code("Value of 'STATUS_ID' is not in the list", Some("STATUS_ID"))]
#[case::by_its_label("Поле «Bölge» заполнено неверно", Some("UF_CRM_1712"))]
#[case::not_at_all("Disk resource exhausted", None)]
#[case::two_at_once("\"Aşama\" and \"Bölge\" do not fit", None)]
#[case::one_that_was_not_sent("Invalid value for field \"Kaynak\"", None)]
#[tokio::test]
async fn a_refused_field_is_named(#[case] message: &str, #[case] field: Option<&str>) {
    let (world, portal) = World::with_leads(PATIENT).await;
    let refusal = json!({ "c0": { "error": "CRM_FIELD_ERROR_VALUE_NOT_VALID", "error_description": message } });
    portal.answer("batch", result(json!({ "result": { "c1": { "ID": "5" } }, "result_error": refusal })));
    let to = |id: &str| FieldValue::Choice(id.to_owned());
    let changes = [("STATUS_ID", FieldValue::Empty, to("X")), ("UF_CRM_1712", FieldValue::Empty, to("81"))];
    let found = world.write(vec![update("5", changes)]).await.unwrap();
    let (kind, message) = (CrmErrorKind::InvalidValue, message.to_owned());
    assert_eq!(found, [CommandOutcome::Refused { kind, message, field: field.map(Into::into) }]);
}

fn found(origin: &str, id: &str) -> FoundRecord {
    FoundRecord { origin: origin.to_owned(), id: id.to_owned() }
}

#[tokio::test]
async fn of_two_records_with_one_origin_the_oldest_counts_on_whatever_page_it_is() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let first = json!([{ "ID": "11", "ORIGIN_ID": "r1" }, { "ID": "12", "ORIGIN_ID": "r1" }, { "ID": "13", "ORIGIN_ID": null }]);
    portal.answer("crm.lead.list", page(first, 50));
    portal.answer("crm.lead.list", result(json!([{ "ID": "60", "ORIGIN_ID": "r2" }])));
    let origins = ["r1", "r2", "r3"].map(str::to_owned);
    let records = world.bitrix.find_by_origin(&world.among(EntityKind::Lead).await, &origins).await.unwrap();
    assert_eq!(records, [found("r1", "11"), found("r2", "60")]);
    let mut asked = json!({
        "filter": { "=ORIGINATOR_ID": "kopru", "@ORIGIN_ID": ["r1", "r2", "r3"] },
        "select": ["ID", "ORIGIN_ID"],
        "order": { "ID": "ASC" },
    });
    let first = call("crm.lead.list", asked.clone());
    asked["start"] = json!(50);
    assert_eq!(portal.calls(), [first, call("crm.lead.list", asked)]);
}

/// As `crm.item.fields` gives them.
fn invoice_fields() -> Value {
    let field = |title: &str, kind: &str, upper: &str| json!({ "type": kind, "isReadOnly": false, "isMultiple": false, "title": title, "upperName": upper });
    json!({ "fields": {
        "title": field("Konu", "string", "TITLE"),
        "opportunity": field("Tutar", "double", "OPPORTUNITY"),
        "isManualOpportunity": field("Tutar elle girilir", "boolean", "IS_MANUAL_OPPORTUNITY"),
        "UF_CRM_SMART_INVOICE_1": field("Not", "string", "UF_CRM_SMART_INVOICE_1"),
    } })
}

#[tokio::test]
async fn records_of_newer_kinds_are_written_by_the_universal_methods() {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.item.fields", result(invoice_fields()));
    portal.answer("batch", result(json!({ "result": { "c0": [], "c1": [] }, "result_error": [] })));
    portal.answer("crm.item.add", result(json!({ "item": { "id": 9, "title": "a" } })));
    portal.answer("crm.item.list", result(json!({ "items": [{ "id": 9, "xmlId": "r1" }] })));
    let changes = [
        title("a"),
        ("OPPORTUNITY", FieldValue::Empty, FieldValue::Number("5".parse().unwrap())),
        ("UF_CRM_SMART_INVOICE_1", FieldValue::Empty, text("n")),
    ];
    let command = CrmCommand { entity: EntityKind::Invoice, ..create("r1", changes) };
    assert_eq!(world.write(vec![command]).await.unwrap(), [done("9")]);
    let origins = ["r1".to_owned()];
    let records = world.bitrix.find_by_origin(&world.among(EntityKind::Invoice).await, &origins).await.unwrap();
    assert_eq!(records, [found("r1", "9")]);
    let calls = portal.calls();
    let fields = json!({ "title": "a", "opportunity": "5", "isManualOpportunity": "Y", "UF_CRM_SMART_INVOICE_1": "n", "xmlId": "r1" });
    let add = json!({ "entityTypeId": 31, "useOriginalUfNames": "Y", "fields": fields });
    assert_eq!(calls[2], call("crm.item.add", add));
    assert_eq!(calls[3].1["filter"], json!({ "@xmlId": ["r1"] }));
}

/// As the documentation shows them: an estimate's `processing` is 0 and an update takes 3.2 s.
#[tokio::test]
async fn a_request_has_as_many_commands_as_fit_it_by_what_they_took() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let size = || async { world.bitrix.batch_size(&world.portal().await) };
    assert_eq!(size().await, None, "nothing is known yet");
    let one = r#"{"result":43,"time":{"start":1773396937,"finish":1773396937.557957,"duration":0.5579569339752197,
        "processing":0,"operating_reset_at":1773397537,"operating":0.5224320888519287}}"#;
    portal.answer("crm.lead.add", bytes(200, one));
    world.write(vec![create("r1", [title("a")])]).await.unwrap();
    assert_eq!(size().await, Some(21), "people keep their part of the operating time");
    let two = r#"{"result":{"result":{"c0":true,"c1":true},"result_error":[],"result_total":[],"result_next":[],
        "result_time":{"c0":{"duration":3.21,"processing":3.2,"operating":3.2},"c1":{"duration":0.2,"processing":0.1}}},
        "time":{"duration":3.5,"processing":3.4}}"#;
    portal.answer("batch", bytes(200, two));
    world.write(vec![update("5", [title("a")]), update("6", [title("b")])]).await.unwrap();
    assert_eq!(size().await, Some(6), "with half a second for the look at the record, of which nothing was told");
    assert_eq!(world.bitrix.batch_size("another.bitrix24.com"), None);
}

/// The request is the vendor's own example: fifty updates that take more than its 60 s.
#[tokio::test]
async fn a_request_that_was_cut_off_is_followed_by_smaller_ones() {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.pace(world.clock.clone(), Duration::from_mins(1));
    portal.answer("batch", html(504));
    let fifty = (1..=50).map(|id| update(&id.to_string(), [title("a")])).collect();
    assert_eq!(world.write(fifty).await.unwrap(), vec![CommandOutcome::Unknown; 50]);
    assert_eq!(world.bitrix.batch_size(&world.portal().await), Some(5));
}

/// Some requests and some of the operating time are kept for people.
#[tokio::test]
async fn bulk_work_takes_nothing_that_is_kept_for_people() {
    let (world, portal) = (World::new(PATIENT), Portal::start().await);
    world.connect(&portal.webhook()).await;
    answer_leads(&portal);
    portal.answer("crm.lead.add", result(json!(7))).answer("crm.lead.list", result(json!([])));
    portal.answer("crm.duplicate.findbycomm", result(json!([])));
    assert_eq!(world.write(vec![create("r1", [title("a")])]).await.unwrap(), [done("7")]);
    let among = Among { urgency: Urgency::Bulk, ..world.among(EntityKind::Lead).await };
    world.bitrix.find_by_origin(&among, &["r1".to_owned()]).await.unwrap();
    let wanted = [ContactSearch { kind: FieldKind::Email, values: vec!["a@acme.example".to_owned()] }];
    world.bitrix.find_by_contact(&among, &wanted).await.unwrap();
    let passes = world.gate.passes.lock().unwrap();
    assert_eq!(passes.iter().filter(|pass| pass.urgency == Urgency::Bulk).count(), 5, "{passes:?}");
    assert_eq!(passes.len(), 5);
}
