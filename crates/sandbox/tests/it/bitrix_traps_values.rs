//! Sections 2.1 to 2.5 and 2.7: names, values, clears and adds.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Fixture, json_of};

/// A portal whose deals have one field of each kind.
async fn portal() -> Fixture {
    let fixture = Fixture::start().await;
    let field = |name: &str, kind: &str, multiple: bool| {
        json!({"entity": "deal", "field_name": format!("UF_CRM_{name}"), "type": kind, "multiple": multiple, "label": name,
            "items": [{"id": 81, "value": "A"}, {"id": 82, "value": "B"}]})
    };
    let fields = json!([
        field("FLAG", "boolean", false),
        field("MONEY", "money", false),
        field("DAY", "date", false),
        field("AT", "datetime", false),
        field("ONE", "enumeration", false),
        field("MANY", "enumeration", true),
        field("LINK", "crm", true),
        field("WHERE", "address", false)
    ]);
    let stage = json!({"entity_id": "DEAL_STAGE_9", "status_id": "C9:NEW", "name": "Yeni"});
    fixture.control("bitrix24/seed", json!({"user_fields": fields, "statuses": [stage]})).await;
    fixture.add("deal", json!({"TITLE": "old"})).await;
    fixture
}

/// Writes through crm.item.update; what crm.item.get then says.
async fn written(fixture: &Fixture, field: &str, value: Value) -> Value {
    let params = json!({"entityTypeId": 2, "id": 1, "useOriginalUfNames": "Y", "fields": {field: value}});
    let (status, answer) = fixture.rest("crm.item.update", params).await;
    assert_eq!(status, 200, "{answer}");
    answer["result"]["item"][field].clone()
}

#[rstest]
#[case::money("UF_CRM_MONEY", json!("300|RUB"), json!("300|RUB"))]
#[case::boolean("UF_CRM_FLAG", json!("Y"), json!("Y"))]
#[case::decimal_point("opportunity", json!("1200.5"), json!(1200.5))]
#[case::decimal_comma_is_cut("opportunity", json!("1200,5"), json!(1200.0))]
#[case::date_is_read_with_a_time("UF_CRM_DAY", json!("2024-07-23"), json!("2024-07-23T03:00:00+03:00"))]
#[case::time_without_offset_is_the_portals("UF_CRM_AT", json!("2024-07-23T10:00:00"), json!("2024-07-23T10:00:00+03:00"))]
#[case::time_with_offset("UF_CRM_AT", json!("2024-07-23T10:00:00+00:00"), json!("2024-07-23T13:00:00+03:00"))]
#[case::option_by_id("UF_CRM_ONE", json!("82"), json!(82))]
#[case::option_by_label_is_dropped("UF_CRM_ONE", json!("B"), Value::Null)]
#[case::bindings("UF_CRM_LINK", json!(["C_123", "CO_456", "T80_6"]), json!(["C_123", "CO_456", "T80_6"]))]
#[case::address_is_one_text("UF_CRM_WHERE", json!("Kadıköy|;|1"), json!("Kadıköy|;|1"))]
#[tokio::test]
async fn values_are_taken_in_and_given_out(#[case] field: &str, #[case] value: Value, #[case] read: Value) {
    assert_eq!(written(&portal().await, field, value).await, read);
}

#[tokio::test]
async fn a_users_boolean_is_written_as_y_read_as_true_and_filtered_by_1() {
    let fixture = portal().await;
    written(&fixture, "UF_CRM_FLAG", json!("Y")).await;
    let old = fixture.result("crm.deal.get", json!({"id": 1})).await;
    assert_eq!(old["UF_CRM_FLAG"], json!(true));
    for (wanted, hits) in [("1", 1), ("Y", 0), ("0", 0)] {
        let params = json!({"entityTypeId": 2, "filter": {"UF_CRM_FLAG": wanted}, "useOriginalUfNames": "Y"});
        let found = fixture.result("crm.item.list", params).await;
        assert_eq!(found["items"].as_array().unwrap().len(), hits, "{wanted}");
    }
}

#[rstest]
#[case::dropped(true, 200, "")]
#[case::refused(false, 400, "CRM_FIELD_ERROR_VALUE_NOT_VALID")]
#[tokio::test]
async fn an_option_outside_its_list_is_dropped_or_refused(
    #[case] drops: bool,
    #[case] status: u16,
    #[case] code: &str,
) {
    let fixture = portal().await;
    fixture.control("bitrix24/settings", json!({"drops_bad_options": drops})).await;
    let params = json!({"entityTypeId": 2, "id": 1, "useOriginalUfNames": "Y", "fields": {"UF_CRM_ONE": "999"}});
    let (got, answer) = fixture.rest("crm.item.update", params).await;
    assert_eq!((got, answer["error"].as_str().unwrap_or_default()), (status, code));
}

#[tokio::test]
async fn a_stage_belongs_to_its_pipeline_and_a_move_starts_at_the_first_one() {
    let fixture = portal().await;
    let update = async |fields: Value| {
        let (status, answer) =
            fixture.rest("crm.item.update", json!({"entityTypeId": 2, "id": 1, "fields": fields})).await;
        (status, answer["result"]["item"]["stageId"].clone(), answer["error"].clone())
    };
    let refused = (400, Value::Null, json!("CRM_FIELD_ERROR_VALUE_NOT_VALID"));
    assert_eq!(update(json!({"stageId": "C9:NEW"})).await, refused);
    assert_eq!(update(json!({"categoryId": 9})).await, (200, json!("C9:NEW"), Value::Null));
    assert_eq!(update(json!({"stageId": "NEW"})).await, refused);
    let old = json!({"id": 1, "fields": {"CATEGORY_ID": 0}});
    assert_eq!(fixture.result("crm.deal.update", old).await, json!(true));
    let deal = fixture.result("crm.deal.get", json!({"id": 1})).await;
    assert_eq!(deal["CATEGORY_ID"], "9", "the old method cannot move it, and says nothing");
}

#[tokio::test]
async fn a_change_of_the_stage_asks_for_required_fields() {
    let fixture = Fixture::start().await;
    let field =
        json!({"entity": "deal", "field_name": "UF_CRM_WHY", "type": "string", "mandatory": true, "label": "Neden"});
    fixture.control("bitrix24/seed", json!({"user_fields": [field]})).await;
    let id = fixture.add("deal", json!({"TITLE": "a"})).await;
    let update = async |fields: Value| {
        let params = json!({"entityTypeId": 2, "id": id, "useOriginalUfNames": "Y", "fields": fields});
        let (status, answer) = fixture.rest("crm.item.update", params).await;
        (status, answer["error"].clone())
    };
    assert_eq!(update(json!({"title": "b"})).await, (200, Value::Null));
    assert_eq!(update(json!({"stageId": "WON"})).await, (400, json!("CRM_FIELD_ERROR_REQUIRED")));
    assert_eq!(update(json!({"stageId": "WON", "UF_CRM_WHY": "x"})).await, (200, Value::Null));
}

#[tokio::test]
async fn a_field_that_says_it_is_writable_need_not_be() {
    let fixture = portal().await;
    let fields = fixture.result("crm.item.fields", json!({"entityTypeId": 2})).await["fields"].clone();
    assert_eq!(fields["isReturnCustomer"]["isReadOnly"], json!(false), "issue 58");
    assert_eq!(written(&fixture, "isReturnCustomer", json!("Y")).await, json!("N"));
}

#[tokio::test]
async fn names_do_not_follow_from_each_other() {
    let fixture = portal().await;
    for (type_id, name, upper) in [
        (1, "stageId", "STATUS_ID"),
        (2, "stageId", "STAGE_ID"),
        (1, "createdTime", "DATE_CREATE"),
        (1, "updatedTime", "DATE_MODIFY"),
        (1, "createdBy", "CREATED_BY_ID"),
        (1, "updatedBy", "MODIFY_BY_ID"),
    ] {
        let fields = fixture.result("crm.item.fields", json!({"entityTypeId": type_id})).await["fields"].clone();
        assert_eq!(fields[name]["upperName"], upper);
    }
    let fields = fixture.result("crm.item.fields", json!({"entityTypeId": 2})).await["fields"].clone();
    assert!(fields.get("ufCrm_FLAG").is_some() && fields.get("UF_CRM_FLAG").is_none());
    let params = json!({"entityTypeId": 2, "useOriginalUfNames": "Y"});
    let fields = fixture.result("crm.item.fields", params).await["fields"].clone();
    assert!(fields.get("ufCrm_FLAG").is_none() && fields.get("UF_CRM_FLAG").is_some());
}

#[tokio::test]
async fn a_smart_process_has_two_numbers_and_its_own_fields_use_the_other_one() {
    let fixture = Fixture::start().await;
    let types = json!([{"entity_type_id": 133, "title": "Servis"}, {"entity_type_id": 1030, "title": "Bakım"}]);
    let field = json!({"entity": "1030", "field_name": "UF_CRM_2_NOTE", "type": "string", "label": "Not"});
    fixture.control("bitrix24/seed", json!({"types": types, "user_fields": [field]})).await;
    let types = fixture.result("crm.type.list", json!({})).await["types"].clone();
    assert_eq!((&types[1]["id"], &types[1]["entityTypeId"]), (&json!(2), &json!(1030)));
    let own = |entity: &str| json!({"moduleId": "crm", "filter": {"entityId": entity}});
    let fields = fixture.result("userfieldconfig.list", own("CRM_2")).await["fields"].clone();
    assert_eq!(fields[0]["fieldName"], "UF_CRM_2_NOTE");
    assert_eq!(fixture.result("userfieldconfig.list", own("CRM_1030")).await["fields"], json!([]));
    let fields = fixture.result("crm.item.fields", json!({"entityTypeId": 1030})).await["fields"].clone();
    assert!(fields.get("ufCrm2Note").is_some() && fields.get("xmlId").is_some() && fields.get("originId").is_none());
}

#[rstest]
#[case::empty_text(json!(""))]
#[case::null(Value::Null)]
#[tokio::test]
async fn single_values_are_cleared_where_the_bugs_are_not(#[case] nothing: Value) {
    let fixture = portal().await;
    written(&fixture, "comments", json!("x")).await;
    assert_eq!(written(&fixture, "comments", nothing).await, json!(""));
}

#[tokio::test]
async fn without_the_bugs_crm_item_update_clears_too() {
    let fixture = portal().await;
    fixture.control("bitrix24/settings", json!({"clear_bugs": false})).await;
    written(&fixture, "UF_CRM_MANY", json!([81])).await;
    assert_eq!(written(&fixture, "UF_CRM_MANY", json!([])).await, json!([]));
}

#[tokio::test]
async fn a_clients_none_is_a_text() {
    let fixture = portal().await;
    fixture.batch(json!({"a": "crm.deal.update?id=1&fields[COMMENTS]=None"})).await;
    assert_eq!(fixture.result("crm.deal.get", json!({"id": 1})).await["COMMENTS"], "None");
}

#[tokio::test]
async fn adds_and_deletes_answer_in_four_shapes() {
    let fixture = Fixture::start().await;
    assert_eq!(fixture.result("crm.lead.add", json!({"fields": {"TITLE": "a"}})).await, json!(1));
    let item =
        fixture.result("crm.item.add", json!({"entityTypeId": 1, "fields": {"title": "b"}})).await["item"].clone();
    assert_eq!((&item["id"], &item["title"], &item["opportunity"]), (&json!(2), &json!("b"), &json!(0.0)));
    assert_eq!(fixture.result("crm.lead.delete", json!({"id": 1})).await, json!(true));
    assert_eq!(fixture.result("crm.item.delete", json!({"entityTypeId": 1, "id": 2})).await, json!([]));
}

#[tokio::test]
async fn nothing_guards_against_adding_twice() {
    let fixture = Fixture::start().await;
    let body = json!({"fields": {"TITLE": "a", "ORIGINATOR_ID": "kopru", "ORIGIN_ID": "r1"}});
    for _ in 0..2 {
        let add = fixture.request(reqwest::Method::POST, "rest/1/abcdef/crm.lead.add").header("Idempotency-Key", "k");
        assert_eq!(json_of(add.json(&body).send().await.unwrap()).await.0, 200);
    }
    let params = json!({"entityTypeId": 1, "filter": {"=originatorId": "kopru", "=originId": "r1"}});
    assert_eq!(fixture.rest("crm.item.list", params).await.1["total"], 2);
}

#[tokio::test]
async fn the_sample_update_answers_the_whole_item() {
    let fixture = portal().await;
    let others = vec![json!({"entity": "deal", "fields": {}}); 350];
    fixture.control("bitrix24/seed", json!({"records": others})).await;
    let sample = r#"{"entityTypeId":2,"id":351,"useOriginalUfNames":"Y","fields":{"title":"A & B","opportunity":1200.5,"isManualOpportunity":"Y","UF_CRM_MANY":["81","82"]}}"#;
    let (status, answer) = fixture.raw("crm.item.update.json", sample).await;
    let item = &answer["result"]["item"];
    assert_eq!(
        (status, &item["id"], &item["title"], &item["opportunity"]),
        (200, &json!(351), &json!("A & B"), &json!(1200.5))
    );
    assert_eq!(item["UF_CRM_MANY"], json!([81, 82]));
    let time = answer["time"].as_object().unwrap();
    let names =
        ["start", "finish", "duration", "processing", "date_start", "date_finish", "operating_reset_at", "operating"];
    assert!(names.iter().all(|name| time.contains_key(*name)));
}

#[tokio::test]
async fn query_and_body_are_merged_and_the_body_wins() {
    let fixture = portal().await;
    let request = fixture.request(reqwest::Method::POST, "rest/1/abcdef/crm.deal.update?id=99&fields[TITLE]=query");
    let answer = request.header("content-type", "application/json").body(r#"{"id":1}"#).send().await.unwrap();
    assert_eq!(json_of(answer).await.0, 200);
    assert_eq!(fixture.inspect("bitrix24/records/deal").await[0]["fields"]["TITLE"], "query");
}

#[tokio::test]
async fn files_that_an_update_does_not_name_again_are_gone() {
    let fixture = portal().await;
    let field = |name: &str, multiple: bool| json!({"entity": "deal", "field_name": format!("UF_CRM_{name}"), "type": "file", "multiple": multiple, "label": name});
    fixture.control("bitrix24/seed", json!({"user_fields": [field("FILE", false), field("FILES", true)]})).await;
    let new = |name: &str| json!([name, "SGVsbG8="]);
    let files = written(&fixture, "UF_CRM_FILES", json!([new("a.pdf"), new("b.pdf")])).await;
    let second = files[1]["id"].clone();
    let files = written(&fixture, "UF_CRM_FILES", json!([{"id": second}, new("f.pdf")])).await;
    assert_eq!((files.as_array().unwrap().len(), &files[0]["id"]), (2, &second));
    let single = written(&fixture, "UF_CRM_FILE", new("a.pdf")).await;
    assert_eq!(written(&fixture, "UF_CRM_FILE", json!({"id": single["id"]})).await, single);
    assert_eq!(written(&fixture, "UF_CRM_FILE", json!("")).await, json!(""));
}

#[tokio::test]
async fn an_import_takes_twenty_each_for_itself() {
    let fixture = Fixture::start().await;
    let field =
        json!({"entity": "deal", "field_name": "UF_CRM_WHY", "type": "string", "mandatory": true, "label": "Neden"});
    fixture.control("bitrix24/seed", json!({"user_fields": [field]})).await;
    let import = async |data: Value| {
        let params = json!({"entityTypeId": 2, "useOriginalUfNames": "Y", "data": data});
        fixture.rest("crm.item.batchImport", params).await
    };
    let (_, answer) = import(json!([{"title": "a", "UF_CRM_WHY": "x"}, {"title": "b"}])).await;
    let refused =
        json!({"error": "CRM_FIELD_ERROR_REQUIRED", "error_description": "Required field \"Neden\" is not filled"});
    assert_eq!(answer["result"], json!({"items": [{"item": {"id": 1}}, refused]}));
    let (status, answer) = import(json!(vec![json!({}); 21])).await;
    assert_eq!((status, &answer["error"]), (400, &json!("MAX_IMPORT_BATCH_SIZE_EXCEEDED")));
}

#[tokio::test]
async fn a_body_may_be_multipart() {
    let fixture = portal().await;
    let body = "--x\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n1\r\n\
        --x\r\nContent-Disposition: form-data; name=\"fields[TITLE]\"\r\n\r\nA & B #1 +90\r\n--x--\r\n";
    let request = fixture.request(reqwest::Method::POST, "rest/1/abcdef/crm.deal.update");
    let answer = request.header("content-type", "multipart/form-data; boundary=x").body(body).send().await.unwrap();
    assert_eq!(json_of(answer).await.0, 200);
    assert_eq!(fixture.inspect("bitrix24/records/deal").await[0]["fields"]["TITLE"], "A & B #1 +90");
}
