//! Section 2: writing to the CRM, trap by trap.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Fixture, json_of};

#[rstest]
#[case::unknown_method("crm.nope.get", json!({}), 404, "ERROR_METHOD_NOT_FOUND", "Method not found!")]
#[case::old_not_found("crm.lead.get", json!({"id": 99}), 400, "", "Not found")]
#[case::old_no_id("crm.lead.update", json!({"fields": {}}), 400, "", "ID is not defined or invalid.")]
#[case::item_not_found("crm.item.get", json!({"entityTypeId": 2, "id": 99}), 400, "NOT_FOUND", "Item not found")]
#[case::old_invoice("crm.item.list", json!({"entityTypeId": 5}), 400, "ENTITY_TYPE_NOT_SUPPORTED", "Entity type 5 is not supported")]
#[case::stage_not_in_directory("crm.item.add", json!({"entityTypeId": 2, "fields": {"stageId": "NOPE"}}), 400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "Invalid value for field \"Deal Stage\"")]
#[case::scalar_for_a_list("crm.item.add", json!({"entityTypeId": 2, "fields": {"contactIds": 5}}), 400, "100", "Expected iterable value for multiple field")]
#[case::bad_filter("crm.item.list", json!({"entityTypeId": 1, "filter": {"nope": 1}}), 400, "INVALID_ARG_VALUE", "Invalid filter: field 'nope' is not allowed in filter")]
#[tokio::test]
async fn refusals(
    #[case] method: &str,
    #[case] params: Value,
    #[case] status: u16,
    #[case] code: &str,
    #[case] text: &str,
) {
    let fixture = Fixture::start().await;
    let expected = json!({"error": code, "error_description": text});
    assert_eq!(fixture.rest(method, params).await, (status, expected));
}

#[tokio::test]
async fn the_method_is_checked_before_the_secret() {
    let fixture = Fixture::start().await;
    let status = async |path: &str| {
        let answer = fixture.request(Method::GET, path).send().await.unwrap();
        let (status, body) = json_of(answer).await;
        (status, body["error"].as_str().unwrap_or_default().to_owned())
    };
    let not_found = (404, "ERROR_METHOD_NOT_FOUND".to_owned());
    assert_eq!(status("bitrix24/rest/1/wrong/crm.nope.get").await, not_found);
    assert_eq!(status("bitrix24/rest/1/wrong/profile").await, (401, "INVALID_CREDENTIALS".to_owned()));
    assert_eq!(status("bitrix24/rest/profile").await, (401, "NO_AUTH_FOUND".to_owned()));
    fixture.control("bitrix24/tokens", json!({"token": "old", "expired": true})).await;
    assert_eq!(status("bitrix24/rest/profile?auth=old").await, (401, "expired_token".to_owned()));
    fixture.control("bitrix24/tokens", json!({"token": "new"})).await;
    assert_eq!(status("bitrix24/rest//profile.json?auth=new").await, (200, String::new()));
}

#[tokio::test]
async fn numbers_and_dates_read_as_text_or_as_numbers() {
    let fixture = Fixture::start().await;
    let fields = json!({"OPPORTUNITY": "15000", "ASSIGNED_BY_ID": 2, "CLOSEDATE": "2024-07-23"});
    let id = fixture.add("deal", fields).await;
    let old = fixture.result("CRM.Deal.Get.json", json!({"ID": id})).await;
    assert_eq!(old["OPPORTUNITY"], "15000.00");
    assert_eq!(old["ASSIGNED_BY_ID"], "2");
    assert_eq!(old["CLOSEDATE"], "2024-07-23T03:00:00+03:00");
    let new = fixture.result("crm.item.Get", json!({"entityTypeId": 2, "id": id})).await;
    assert_eq!(new["item"]["opportunity"], json!(15000.0));
    assert_eq!(new["item"]["assignedById"], 2);
    assert_eq!(new["item"]["stageId"], "NEW");
}

#[tokio::test]
async fn unknown_and_read_only_fields_are_passed_over_in_silence() {
    let fixture = Fixture::start().await;
    let id = fixture.add("lead", json!({"TITLE": "a", "NOPE": 1, "DATE_CREATE": "2001-01-01"})).await;
    let fields = json!({"TITLE": "upper names are unknown here", "createdBy": 3, "nope": 1});
    let params = json!({"entityTypeId": 1, "id": id, "fields": fields});
    let item = fixture.result("crm.item.update", params).await["item"].clone();
    assert_eq!((&item["title"], &item["createdBy"]), (&json!("a"), &json!(1)));
    let lead = fixture.result("crm.lead.get", json!({"id": id})).await;
    assert!(!lead["DATE_CREATE"].as_str().unwrap().starts_with("2001"));
}

#[tokio::test]
async fn an_update_without_news_changes_nothing() {
    let fixture = Fixture::start().await;
    let id = fixture.add("lead", json!({"TITLE": "a", "OPPORTUNITY": 5})).await;
    let update = json!({"entityTypeId": 1, "id": id, "fields": {"title": "a", "opportunity": "5.00"}});
    fixture.result("crm.item.update", update).await;
    let update = json!({"id": id, "fields": {"TITLE": "b"}});
    fixture.result("crm.lead.update", update).await;
    let changes = fixture.inspect("bitrix24/records/lead").await[0]["changes"].clone();
    let fields: Vec<&Value> = changes.as_array().unwrap().iter().map(|change| &change["fields"]).collect();
    assert_eq!(fields, [&json!({"TITLE": ["a", "b"]})]);
}

async fn with_tags(fixture: &Fixture) -> u64 {
    let field = json!({"entity": "lead", "field_name": "UF_CRM_TAGS", "type": "enumeration", "multiple": true,
        "label": "Etiketler", "items": [{"id": 81, "value": "A"}, {"id": 82, "value": "B"}]});
    let record = json!({"entity": "lead", "fields": {"TITLE": "a", "UF_CRM_TAGS": [81, 82]}});
    let seed = json!({"user_fields": [field], "records": [record]});
    fixture.control("bitrix24/seed", seed).await["ids"][0].as_u64().unwrap()
}

#[tokio::test]
async fn an_option_outside_the_list_is_dropped_with_success() {
    let fixture = Fixture::start().await;
    let id = with_tags(&fixture).await;
    let fields = json!({"UF_CRM_TAGS": [82, 999, "B"]});
    let params = json!({"entityTypeId": 1, "id": id, "useOriginalUfNames": "Y", "fields": fields});
    let item = fixture.result("crm.item.update", params).await["item"].clone();
    assert_eq!(item["UF_CRM_TAGS"], json!([82]));
}

#[tokio::test]
async fn a_list_is_emptied_by_the_old_method_only() {
    let fixture = Fixture::start().await;
    let id = with_tags(&fixture).await;
    let params = json!({"entityTypeId": 1, "id": id, "useOriginalUfNames": "Y", "fields": {"UF_CRM_TAGS": []}});
    let item = fixture.result("crm.item.update", params).await["item"].clone();
    assert_eq!(item["UF_CRM_TAGS"], json!([81, 82]), "issue 269");
    let command = format!("crm.lead.update?id={id}&fields[UF_CRM_TAGS][]=&fields[TITLE]=b");
    fixture.batch(json!({"a": command})).await;
    let lead = fixture.result("crm.lead.get", json!({"id": id})).await;
    assert_eq!((&lead["UF_CRM_TAGS"], &lead["TITLE"]), (&json!([]), &json!("b")));
}

#[tokio::test]
async fn a_company_is_cleared_by_the_old_method_only() {
    let fixture = Fixture::start().await;
    let id = fixture.add("company", json!({"TITLE": "a", "COMMENTS": "x"})).await;
    let params = json!({"entityTypeId": 4, "id": id, "fields": {"comments": ""}});
    let item = fixture.result("crm.item.update", params).await["item"].clone();
    assert_eq!(item["comments"], "x", "issue 145");
    fixture.result("crm.company.update", json!({"id": id, "fields": {"COMMENTS": ""}})).await;
    let company = fixture.result("crm.company.get", json!({"id": id})).await;
    assert_eq!(company["COMMENTS"], "");
}

#[tokio::test]
async fn phones_are_rows_with_ids_for_both_generations() {
    let fixture = Fixture::start().await;
    let phones = json!([{"VALUE": "+90 532", "VALUE_TYPE": "MOBILE"}, {"VALUE": "+90 212"}]);
    let id = fixture.add("contact", json!({"NAME": "A", "PHONE": phones})).await;
    let contact = fixture.result("crm.contact.get", json!({"id": id})).await;
    assert_eq!(contact["PHONE"][1]["VALUE_TYPE"], "WORK");
    let (first, second) = (contact["PHONE"][0]["ID"].clone(), contact["PHONE"][1]["ID"].clone());
    // An ID without a VALUE deletes.
    fixture.result("crm.contact.update", json!({"id": id, "fields": {"PHONE": [{"ID": second}]}})).await;
    let fm = json!({first.as_str().unwrap(): {"typeId": "PHONE", "valueType": "HOME", "value": "+90 533"},
        "n0": {"typeId": "EMAIL", "value": "a@example.com"}});
    let params = json!({"entityTypeId": 3, "id": id, "fields": {"fm": fm}});
    let item = fixture.result("crm.item.update", params).await["item"].clone();
    let rows: Vec<&Value> = item["fm"].as_array().unwrap().iter().map(|row| &row["value"]).collect();
    assert_eq!(rows, ["+90 533", "a@example.com"]);
    let find = json!({"type": "PHONE", "values": ["90533"]});
    assert_eq!(fixture.result("crm.duplicate.findbycomm", find).await, json!({"CONTACT": [id]}));
    let none = json!({"type": "PHONE", "values": ["1"]});
    assert_eq!(fixture.result("crm.duplicate.findbycomm", none).await, json!([]));
}

#[tokio::test]
async fn a_row_is_found_by_its_origin() {
    let fixture = Fixture::start().await;
    for origin in ["r1", "r2"] {
        let fields = json!({"ORIGINATOR_ID": "kopru", "ORIGIN_ID": origin});
        fixture.add("lead", fields).await;
    }
    let params = json!({"entityTypeId": 1, "filter": {"=originatorId": "kopru", "=originId": "r2"}, "select": ["id"]});
    let found = fixture.result("crm.item.list", params).await;
    assert_eq!(found["items"], json!([{"id": 2, "entityTypeId": 1}]));
    let params = json!({"entityTypeId": 1, "filter": {"@id": [1, 2, 9]}});
    assert_eq!(fixture.result("crm.item.list", params).await["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn lists_come_in_pages_of_fifty() {
    let fixture = Fixture::start().await;
    let record =
        |n| json!({"entity": "lead", "fields": {"TITLE": format!("L{n}"), "EMAIL": [{"VALUE": "a@example.com"}]}});
    let records: Vec<Value> = (1..=60).map(record).collect();
    fixture.control("bitrix24/seed", json!({"records": records})).await;
    let (_, first) = fixture.rest("crm.lead.list", json!({"select": ["ID", "EMAIL"]})).await;
    assert_eq!((first["next"].as_u64(), first["total"].as_u64()), (Some(50), Some(60)));
    assert_eq!(first["result"][0]["EMAIL"][0]["VALUE"], "a@example.com");
    let walk = json!({"start": -1, "order": {"ID": "ASC"}, "filter": {">ID": 55}, "select": ["ID"]});
    let (_, last) = fixture.rest("crm.lead.list", walk).await;
    assert_eq!(last["result"].as_array().unwrap().len(), 5);
    assert_eq!((last.get("next"), &last["total"]), (None, &json!(0)));
}

#[tokio::test]
async fn fields_are_described_in_the_portals_language() {
    let fixture = Fixture::start().await;
    with_tags(&fixture).await;
    fixture.control("bitrix24/settings", json!({"language": "tr"})).await;
    let old = fixture.result("crm.lead.fields", json!({})).await;
    assert_eq!(old["LAST_NAME"]["title"], "Soyad");
    assert_eq!(old["STATUS_ID"]["statusType"], "STATUS");
    assert_eq!(old["UF_CRM_TAGS"]["title"], "UF_CRM_TAGS", "the label is in formLabel");
    assert_eq!(old["UF_CRM_TAGS"]["formLabel"], "Etiketler");
    let new = fixture.result("crm.item.fields", json!({"entityTypeId": 1})).await["fields"].clone();
    assert_eq!(new["stageId"]["upperName"], "STATUS_ID");
    assert_eq!(new["ufCrm_TAGS"]["items"][0], json!({"ID": "81", "VALUE": "A"}));
    assert!(new.get("fm").is_none(), "fm is not listed");
    let statuses = fixture.result("crm.status.list", json!({"filter": {"ENTITY_ID": "STATUS"}})).await;
    let codes: Vec<&Value> = statuses.as_array().unwrap().iter().map(|status| &status["STATUS_ID"]).collect();
    assert_eq!(codes, ["NEW", "IN_PROCESS", "PROCESSED", "CONVERTED", "JUNK"]);
}

#[tokio::test]
async fn a_smart_process_has_stages_of_its_own() {
    let fixture = Fixture::start().await;
    fixture.control("bitrix24/seed", json!({"types": [{"entity_type_id": 133, "title": "Servis"}]})).await;
    let item =
        fixture.result("crm.item.add", json!({"entityTypeId": 133, "fields": {"title": "x"}})).await["item"].clone();
    let category = item["categoryId"].as_i64().unwrap();
    assert_eq!(item["stageId"], format!("DT133_{category}:NEW"));
    let missing = fixture.rest("crm.item.list", json!({"entityTypeId": 134})).await;
    assert_eq!(missing.1["error"], "NOT_FOUND");
}

#[tokio::test]
async fn a_get_with_an_encoded_query_works_and_a_broken_body_is_no_parameters() {
    let fixture = Fixture::start().await;
    let id = fixture.add("lead", json!({"TITLE": "a"})).await;
    let path = format!("bitrix24/rest/1/abcdef/crm.lead.update?id={id}&fields%5BTITLE%5D=b+c");
    assert_eq!(json_of(fixture.request(Method::GET, &path).send().await.unwrap()).await.0, 200);
    assert_eq!(fixture.inspect("bitrix24/records/lead").await[0]["fields"]["TITLE"], "b c");
    let broken = fixture.request(Method::POST, "bitrix24/rest/1/abcdef/crm.item.get").body("{\"id\":");
    let (status, answer) = json_of(broken.send().await.unwrap()).await;
    assert_eq!((status, &answer["error"]), (400, &json!("100")));
}
