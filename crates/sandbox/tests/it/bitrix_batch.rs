//! Section 3: batch, with the bytes of the documentation.

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::support::{Fixture, json_of};

#[tokio::test]
async fn the_sample_of_the_documentation() {
    let fixture = Fixture::start().await;
    let id = fixture.add("deal", json!({"TITLE": "old"})).await;
    let update = format!("crm.item.update?entityTypeId=2&id={id}&fields[title]=A%20%26%20B%20%23c");
    let answer = fixture.batch(json!({"c0": update, "c1": "crm.item.get?entityTypeId=2&id=9999"})).await;
    assert_eq!(answer["result"]["c0"]["item"]["title"], "A & B #c");
    let refused = json!({"c1": {"error": "NOT_FOUND", "error_description": "Item not found"}});
    assert_eq!(answer["result_error"], refused);
    assert_eq!(answer["result_total"], json!([]), "an empty map is a list in PHP");
    assert_eq!(answer["result_next"], json!([]));
    assert!(answer["result_time"]["c0"]["operating_reset_at"].is_i64());
    assert!(answer["result_time"].get("c1").is_none());
}

#[tokio::test]
async fn a_raw_hash_truncates_the_command() {
    let fixture = Fixture::start().await;
    let id = fixture.add("lead", json!({"TITLE": "old", "POST": "old"})).await;
    let command = format!("crm.lead.update?id={id}&fields[TITLE]=A #1&fields[POST]=new");
    fixture.batch(json!({"a": command})).await;
    let lead = fixture.result("crm.lead.get", json!({"id": id})).await;
    assert_eq!((&lead["TITLE"], &lead["POST"]), (&json!("A "), &json!("old")));
}

#[tokio::test]
async fn commands_past_fifty_are_refused_one_by_one() {
    let fixture = Fixture::start().await;
    let commands: Map<String, Value> =
        (0..52).map(|n| (format!("c{n}"), json!(format!("crm.lead.add?fields[TITLE]=L{n}")))).collect();
    let answer = fixture.batch(Value::Object(commands)).await;
    assert_eq!(answer["result"].as_object().unwrap().len(), 50);
    for late in ["c50", "c51"] {
        assert_eq!(answer["result_error"][late]["error"], "ERROR_BATCH_LENGTH_EXCEEDED");
    }
    assert_eq!(answer["result"]["c9"], 10, "in the order they were written, not by name");
}

#[tokio::test]
async fn halt_stops_after_the_first_failure_and_rolls_nothing_back() {
    let fixture = Fixture::start().await;
    let commands =
        json!({"a": "crm.lead.add?fields[TITLE]=1", "b": "crm.lead.get?id=99", "c": "crm.lead.add?fields[TITLE]=2"});
    let answer = fixture.result("batch", json!({"halt": 1, "cmd": commands})).await;
    assert_eq!(answer["result"], json!({"a": 1}));
    assert_eq!(answer["result_error"]["b"]["error_description"], "Not found");
    assert_eq!(fixture.inspect("bitrix24/records/lead").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_result_is_handed_on_and_text_that_looks_like_one_is_replaced() {
    let fixture = Fixture::start().await;
    let commands = json!({
        "add": "crm.contact.add?fields[NAME]=A&fields[PHONE][0][VALUE]=%2B4930123",
        "get": "crm.contact.get?id=$result[add]",
        "edit": "crm.contact.update?id=$result[add]&fields[PHONE][0][ID]=$result[get][PHONE][0][ID]&fields[PHONE][0][VALUE]=%2B4930999",
        "trap": "crm.lead.add?fields[TITLE]=see%20$result[get][NAME]%20!",
    });
    fixture.batch(commands).await;
    let contacts = fixture.inspect("bitrix24/records/contact").await;
    assert_eq!(contacts[0]["multi"]["PHONE"].as_array().unwrap().len(), 1);
    assert_eq!(contacts[0]["multi"]["PHONE"][0]["VALUE"], "+4930999");
    let leads = fixture.inspect("bitrix24/records/lead").await;
    assert_eq!(leads[0]["fields"]["TITLE"], "see A !");
}

#[tokio::test]
async fn nested_batches_and_unknown_methods_are_errors_of_their_command() {
    let fixture = Fixture::start().await;
    let answer = fixture.batch(json!(["batch?cmd[a]=profile", "crm.nonsense.get", "profile"])).await;
    let errors: Vec<&Value> = [0, 1].map(|index| &answer["result_error"][index]["error"]).into();
    assert_eq!(errors, ["ERROR_BATCH_METHOD_NOT_ALLOWED", "ERROR_METHOD_NOT_FOUND"]);
    assert_eq!(answer["result"]["2"]["ID"], "1", "a gap makes an object of a list");
}

#[tokio::test]
async fn a_form_body_carries_commands_encoded_twice() {
    let fixture = Fixture::start().await;
    let request = fixture.request(Method::POST, "bitrix24/rest//1/abcdef/batch.json?bx24_sdk_ver=2");
    let form = [("halt", "0"), ("cmd[x]", "crm.lead.add?fields%5BTITLE%5D=A%26B")];
    let (status, answer) = json_of(request.form(&form).send().await.unwrap()).await;
    assert_eq!((status, &answer["result"]["result"]["x"]), (200, &json!(1)));
    assert_eq!(fixture.inspect("bitrix24/records/lead").await[0]["fields"]["TITLE"], "A&B");
}
