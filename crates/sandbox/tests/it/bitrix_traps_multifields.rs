//! Section 2.6: phones and e-mails, with the documentation's own requests.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::Fixture;

/// The contact 5 of the samples, with the phones 223 (work) and 224 (home).
async fn contact_5() -> Fixture {
    let fixture = Fixture::start().await;
    let others = vec![json!({"VALUE": "+49300"}); 22];
    let phones = json!([{"VALUE": "+49301", "VALUE_TYPE": "WORK"}, {"VALUE": "+49302", "VALUE_TYPE": "HOME"}]);
    for rows in [json!(others), json!([]), json!([]), json!([]), phones] {
        fixture.add("contact", json!({"NAME": "A", "PHONE": rows})).await;
    }
    fixture
}

/// (id, kind, value) of the rows of contact 5.
async fn rows(fixture: &Fixture) -> Value {
    let item = fixture.result("crm.item.get", json!({"entityTypeId": 3, "id": 5})).await["item"].clone();
    item["fm"].as_array().unwrap().iter().map(|row| json!([row["id"], row["valueType"], row["value"]])).collect()
}

fn both_and(new: &Value) -> Value {
    let mut rows = vec![json!([223, "WORK", "+49301"]), json!([224, "HOME", "+49302"])];
    rows.extend(new.as_array().unwrap().clone());
    json!(rows)
}

#[tokio::test]
async fn the_old_method_edits_deletes_and_adds_by_id_in_one_call() {
    let fixture = contact_5().await;
    let sample = r#"{"id":5,"fields":{"PHONE":[{"ID":223,"VALUE":"+4930123","VALUE_TYPE":"WORK"},{"ID":224,"DELETE":"Y"},{"VALUE":"+4930999","VALUE_TYPE":"MOBILE"}]},"params":{"REGISTER_SONET_EVENT":"N"}}"#;
    let (status, answer) = fixture.raw("crm.contact.update", sample).await;
    assert_eq!((status, &answer["result"]), (200, &json!(true)));
    assert_eq!(rows(&fixture).await, json!([[223, "WORK", "+4930123"], [225, "MOBILE", "+4930999"]]));
}

#[tokio::test]
async fn crm_item_update_edits_deletes_and_adds_by_key_in_one_call() {
    let fixture = contact_5().await;
    let sample = r#"{"entityTypeId":3,"id":5,"fields":{"fm":{"223":{"typeId":"PHONE","valueType":"WORK","value":"+4930123"},"224":{"typeId":"PHONE","value":""},"n0":{"typeId":"PHONE","valueType":"MOBILE","value":"+4930999"}}}}"#;
    assert_eq!(fixture.raw("crm.item.update", sample).await.0, 200);
    assert_eq!(rows(&fixture).await, json!([[223, "WORK", "+4930123"], [225, "MOBILE", "+4930999"]]));
}

#[rstest]
#[case::no_id_adds_another_one(r#"[{"VALUE":"+49303","VALUE_TYPE":"MOBILE"}]"#, json!([[225, "MOBILE", "+49303"]]))]
#[case::an_empty_list_does_nothing("[]", json!([]))]
#[case::a_text_does_nothing(r#""+49303""#, json!([]))]
#[tokio::test]
async fn the_old_method_never_replaces_what_it_is_not_given(#[case] phone: &str, #[case] new: Value) {
    let fixture = contact_5().await;
    let phone: Value = serde_json::from_str(phone).unwrap();
    fixture.result("crm.contact.update", json!({"id": 5, "fields": {"PHONE": phone}})).await;
    assert_eq!(rows(&fixture).await, both_and(&new));
}

#[rstest]
#[case::delete_flag(r#"{"id":5,"fields":{"PHONE":[{"ID":224,"DELETE":"Y"}]}}"#)]
#[case::empty_value(r#"{"id":5,"fields":{"PHONE":[{"ID":224,"VALUE":""}]}}"#)]
#[case::an_id_without_a_value(r#"{"id":5,"fields":{"PHONE":[{"ID":224}]}}"#)]
#[tokio::test]
async fn three_ways_to_delete_by_the_old_method(#[case] body: &'static str) {
    let fixture = contact_5().await;
    assert_eq!(fixture.raw("crm.contact.update", body).await.0, 200);
    assert_eq!(rows(&fixture).await, json!([[223, "WORK", "+49301"]]));
}

#[rstest]
#[case::without_a_type_nothing_happens(json!({"223": {"value": "+49309"}, "224": {"value": ""}, "n0": {"value": "+49303"}}), json!([]))]
#[case::a_list_only_adds(json!([{"typeId": "PHONE", "value": "+49303"}]), json!([[225, "WORK", "+49303"]]))]
#[case::an_unknown_id_makes_a_new_row(json!({"999": {"typeId": "PHONE", "valueType": "HOME", "value": "+49303"}}), json!([[225, "HOME", "+49303"]]))]
#[case::a_text_is_no_phones(json!("+49303"), json!([]))]
#[case::an_unknown_type_is_stored_as_it_is(json!({"n0": {"typeId": "FOO", "value": "x"}}), json!([[225, "WORK", "x"]]))]
#[tokio::test]
async fn crm_item_update_takes_any_shape_with_success(#[case] fm: Value, #[case] new: Value) {
    let fixture = contact_5().await;
    let params = json!({"entityTypeId": 3, "id": 5, "fields": {"fm": fm}});
    assert_eq!(fixture.rest("crm.item.update", params).await.0, 200);
    assert_eq!(rows(&fixture).await, both_and(&new));
}

#[tokio::test]
async fn an_id_that_is_not_there_leaves_its_reference_in_the_text() {
    let fixture = contact_5().await;
    let edit = "crm.contact.update?id=2&fields[PHONE][0][ID]=$result[g][PHONE][0][ID]&fields[PHONE][0][VALUE]=%2B49309";
    let answer = fixture.batch(json!({"g": "crm.contact.get?id=2", "e": edit})).await;
    assert_eq!(answer["result"]["e"], json!(true));
    let second = fixture.inspect("bitrix24/records/contact").await[1]["multi"]["PHONE"].clone();
    assert_eq!(second[0]["VALUE"], "+49309", "what was no id has added a row");
}

#[tokio::test]
async fn an_invalid_email_is_an_error_of_the_old_methods() {
    let fixture = contact_5().await;
    let (status, answer) =
        fixture.raw("crm.contact.update", r#"{"id":5,"fields":{"EMAIL":[{"VALUE":"nobody"}]}}"#).await;
    assert_eq!((status, &answer["error"]), (400, &json!("ERROR_CORE")));
}

#[tokio::test]
async fn phones_are_not_listed_and_not_selected_by_name() {
    let fixture = contact_5().await;
    let fields = fixture.result("crm.item.fields", json!({"entityTypeId": 3})).await["fields"].clone();
    assert!(fields.get("fm").is_none() && fields.get("phone").is_none());
    let list = async |select: Value| {
        let params = json!({"entityTypeId": 3, "filter": {"id": 5}, "select": select});
        fixture.result("crm.item.list", params).await["items"][0].clone()
    };
    assert!(list(json!(["id", "fm"])).await.get("fm").is_none());
    assert_eq!(list(json!(["*"])).await["fm"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn phones_are_found_by_their_digits_and_a_crowd_of_one_type_hides_the_next() {
    let fixture = contact_5().await;
    fixture.add("company", json!({"TITLE": "C", "PHONE": [{"VALUE": "+49 301"}]})).await;
    let find = json!({"type": "PHONE", "values": ["49-301"]});
    assert_eq!(fixture.result("crm.duplicate.findbycomm", find.clone()).await, json!({"CONTACT": [5], "COMPANY": [1]}));
    let lead = json!({"entity": "lead", "fields": {"PHONE": [{"VALUE": "49301"}]}});
    fixture.control("bitrix24/seed", json!({"records": vec![lead; 21]})).await;
    let found = fixture.result("crm.duplicate.findbycomm", find).await;
    assert_eq!((found["LEAD"].as_array().unwrap().len(), found.get("CONTACT")), (20, None));
}
