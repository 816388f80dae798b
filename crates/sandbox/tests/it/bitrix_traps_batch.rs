//! Sections 3 and 6: what a batch makes of its texts, and lists.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::Fixture;

async fn with_leads(count: usize) -> Fixture {
    let fixture = Fixture::start().await;
    let records: Vec<Value> =
        (1..=count).map(|n| json!({"entity": "lead", "fields": {"TITLE": format!("L{n}")}})).collect();
    fixture.control("bitrix24/seed", json!({"records": records})).await;
    fixture
}

#[rstest]
#[case::percent("A%20%26%20B", "A & B")]
#[case::plus_is_a_space("A+B", "A B")]
#[case::plus_encoded("%2B90", "+90")]
#[case::raw_hash_truncates("A#B", "A")]
#[case::raw_question_mark("A?B", "A?B")]
#[case::raw_ampersand_ends_the_value("A&B", "A")]
#[case::true_is_a_text("true", "true")]
#[case::reference_in_a_text("[$result[get][TITLE] ]", "[L1 ]")]
#[case::reference_to_nothing_stays("$result[nope][TITLE]", "$result[nope][TITLE]")]
#[case::path_that_breaks_off_gives_what_was_found("$result[get][TITLE][0][ID]", "L1")]
#[case::total("$total[list]", "1")]
#[tokio::test]
async fn a_commands_text_is_read_by_phps_rules(#[case] text: &str, #[case] title: &str) {
    let fixture = with_leads(1).await;
    let commands = json!({"get": "crm.lead.get?id=1", "list": "crm.lead.list", "set": format!("crm.lead.update?id=1&fields[TITLE]={text}")});
    let answer = fixture.batch(commands).await;
    assert_eq!(answer["result"]["set"], json!(true), "{answer}");
    assert_eq!(fixture.inspect("bitrix24/records/lead").await[0]["fields"]["TITLE"], title);
}

#[tokio::test]
async fn brackets_may_be_encoded_and_empty() {
    let fixture = with_leads(1).await;
    let commands = json!(["crm.lead.update?id=1&fields%5BTITLE%5D=a", "crm.lead.list?filter[@ID][]=1&filter[@ID][]=2"]);
    let answer = fixture.batch(commands).await;
    assert_eq!((&answer["result"][0], &answer["result"][1][0]["TITLE"]), (&json!(true), &json!("a")));
}

#[tokio::test]
async fn what_is_no_text_is_skipped_and_what_is_no_method_is_an_error() {
    let fixture = with_leads(1).await;
    let answer = fixture
        .batch(json!({"a": ["crm.lead.get", {"id": 1}], "b": "?id=1", "c": "#", "d": "crm.lead.get?id=1"}))
        .await;
    assert_eq!(answer["result"]["d"]["ID"], "1");
    let refused: Vec<&String> = answer["result_error"].as_object().unwrap().keys().collect();
    assert_eq!(refused, ["b", "c"], "a is nowhere");
    assert_eq!(answer["result_error"]["b"]["error"], "ERROR_METHOD_NOT_FOUND");
}

#[tokio::test]
async fn maps_are_lists_where_php_has_lists() {
    let fixture = with_leads(1).await;
    let listed = fixture.batch(json!(["crm.lead.get?id=1", "crm.lead.get?id=1"])).await;
    assert!(listed["result"].is_array() && listed["result_time"].is_array());
    assert_eq!(listed["result_error"], json!([]));
    let gap = fixture.batch(json!(["crm.lead.get?id=1", "crm.lead.get?id=9", "crm.lead.get?id=1"])).await;
    assert!(gap["result"].is_object() && gap["result_error"].is_object());
}

#[tokio::test]
async fn a_batch_that_failed_throughout_is_a_success() {
    let fixture = Fixture::start().await;
    let (status, answer) = fixture.raw("batch", r#"{"halt":0,"cmd":{"a":"crm.lead.get?id=9"}}"#).await;
    assert_eq!((status, &answer["result"]["result"]), (200, &json!([])));
    assert_eq!(answer["result"]["result_error"]["a"], json!({"error": "", "error_description": "Not found"}));
}

#[tokio::test]
async fn a_batch_that_was_not_let_in_has_the_ordinary_error() {
    let fixture = Fixture::start().await;
    let request = fixture.request(reqwest::Method::POST, "rest/batch").json(&json!({"cmd": ["profile"], "auth": "x"}));
    let (status, answer) = crate::support::json_of(request.send().await.unwrap()).await;
    assert_eq!((status, &answer["error"], answer.get("result")), (401, &json!("invalid_token"), None));
}

#[rstest]
#[case::first(json!(0), 50, Some(50))]
#[case::unaligned_is_rounded_down(json!(70), 50, Some(100))]
#[case::last(json!("100"), 20, None)]
#[tokio::test]
async fn a_page_is_always_fifty(#[case] start: Value, #[case] rows: usize, #[case] next: Option<u64>) {
    let fixture = with_leads(120).await;
    for method in ["crm.lead.list", "crm.item.list"] {
        let params = json!({"entityTypeId": 1, "start": start, "limit": 500, "select": ["ID", "id"]});
        let (_, answer) = fixture.rest(method, params).await;
        let list = answer["result"].as_array().or(answer["result"]["items"].as_array()).unwrap();
        assert_eq!(
            (list.len(), answer["next"].as_u64(), answer["total"].as_u64()),
            (rows, next, Some(120)),
            "{method}"
        );
    }
}

#[tokio::test]
async fn a_walk_by_id_is_chained_within_one_batch() {
    let fixture = with_leads(120).await;
    let page = |after: &str| format!("crm.lead.list?order[ID]=ASC&filter[>ID]={after}&select[]=ID&start=-1");
    let pages = json!({"p0": page("0"), "p1": page("$result[p0][49][ID]"), "p2": page("$result[p1][49][ID]")});
    let answer = fixture.batch(pages).await;
    let pages = answer["result"].as_object().unwrap().values();
    let ids: Vec<&Value> = pages.flat_map(|page| page.as_array().unwrap()).map(|lead| &lead["ID"]).collect();
    assert_eq!(ids.len(), 120);
    assert_eq!((ids[119], &answer["result_next"]), (&json!("120"), &json!([])));
}

#[tokio::test]
async fn conditions_are_nested_with_or_in_item_lists_only() {
    let fixture = with_leads(9).await;
    let params =
        json!({"entityTypeId": 1, "filter": {"0": {"logic": "OR", "0": {"=title": "L1"}, "1": {"%title": "9"}}}});
    let found = fixture.result("crm.item.list", params).await["items"].clone();
    assert_eq!(found.as_array().unwrap().iter().map(|item| &item["id"]).collect::<Vec<_>>(), [1, 9]);
    let old = json!({"filter": {"0": {"logic": "OR", "0": {"=TITLE": "L1"}, "1": {"%TITLE": "9"}}}});
    assert_eq!(fixture.rest("crm.lead.list", old).await.1["total"], 9, "the old methods look away");
}
