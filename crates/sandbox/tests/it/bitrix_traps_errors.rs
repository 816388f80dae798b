//! Section 5: errors in the portal's own envelope, alone and within a batch.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::Fixture;

#[rstest]
#[case("QUERY_LIMIT_EXCEEDED", 503)]
#[case("OPERATION_TIME_LIMIT", 429)]
#[case("OVERLOAD_LIMIT", 503)]
#[case::case_varies("EXPIRED_TOKEN", 401)]
#[case::no_paid_plan("ACCESS_DENIED", 403)]
#[case::no_right_on_the_item("ACCESS_DENIED", 400)]
#[case("PORTAL_DELETED", 410)]
#[case("METHOD_CONFIRM_WAITING", 401)]
#[case("UPDATE_DYNAMIC_ITEM_RESTRICTED", 400)]
#[case("INTERNAL_SERVER_ERROR", 500)]
#[case::an_error_with_200("WRONG_ENCODING", 200)]
#[tokio::test]
async fn any_code_is_answered_on_demand_with_any_status_and_without_effect(#[case] code: &str, #[case] status: u16) {
    let fixture = Fixture::start().await;
    let fault = json!({"vendor": "bitrix24", "matching": "crm.lead.add", "kind": "error", "code": code, "status": status,
        "description": "Доступ запрещён"});
    fixture.control("faults", fault).await;
    let expected = json!({"error": code, "error_description": "Доступ запрещён"});
    assert_eq!(fixture.rest("crm.lead.add", json!({"fields": {}})).await, (status, expected));
    assert_eq!(fixture.inspect("bitrix24/records/lead").await, json!([]));
}

#[tokio::test]
async fn one_command_of_a_batch_is_limited_alone() {
    let fixture = Fixture::start().await;
    let fault = json!({"vendor": "bitrix24", "matching": "crm.lead.add", "kind": "error", "code": "QUERY_LIMIT_EXCEEDED",
        "description": "Too many requests", "skip": 1});
    fixture.control("faults", fault).await;
    let add = "crm.lead.add?fields[TITLE]=a";
    let answer = fixture.batch(json!({"a": add, "b": add, "c": add})).await;
    let refused = json!({"b": {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"}});
    assert_eq!((&answer["result"], &answer["result_error"]), (&json!({"a": 1, "c": 2}), &refused));
}

#[rstest]
#[case::fields_are_no_array("crm.lead.add", r#"{"fields":"x"}"#, "", "Parameter 'fields' must be array.")]
#[case::no_id("crm.lead.update", r#"{"id":"x","fields":{}}"#, "", "ID is not defined or invalid.")]
#[case::gone("crm.company.delete", r#"{"id":7}"#, "", "Not found")]
#[case::item_gone("crm.item.delete", r#"{"entityTypeId":2,"id":9999}"#, "NOT_FOUND", "Item not found")]
#[case::no_parameter("crm.item.get", r#"{"entityTypeId":2}"#, "100", "Could not find value for parameter {id}")]
#[case::broken_json(
    "crm.item.get",
    r#"{"entityTypeId":2,"id":1"#,
    "100",
    "Could not find value for parameter {entityTypeId}"
)]
#[case::scalar_for_a_list(
    "crm.item.add",
    r#"{"entityTypeId":2,"fields":{"observers":1}}"#,
    "100",
    "Expected iterable value for multiple field"
)]
#[tokio::test]
async fn errors_are_400_with_a_code_or_with_none(
    #[case] method: &str,
    #[case] body: &'static str,
    #[case] code: &str,
    #[case] text: &str,
) {
    let fixture = Fixture::start().await;
    let expected: Value = json!({"error": code, "error_description": text});
    assert_eq!(fixture.raw(method, body).await, (400, expected));
}
