//! What is known after a portal answered badly, or not at all.

use std::time::Duration;

use kopru_domain::EntityKind;
use kopru_ports::crm::{CommandOutcome, CrmCommand, CrmErrorKind, CrmWriter as _, WriteRequest};
use kopru_ports::delivery::Urgency;
use kopru_ports::{Clock as _, Retry};
use rstest::rstest;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

use crate::portal::{Portal, bytes, error, html, result};
use crate::world::{World, company, create, done, title, update};

const PATIENT: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_secs(1);

fn two() -> Vec<CrmCommand> {
    vec![create("r1", [title("a")]), update("5", [title("b")])]
}

fn refused(kind: CrmErrorKind, message: &str) -> CommandOutcome {
    CommandOutcome::Refused { kind, message: message.to_owned(), field: None }
}

#[tokio::test]
async fn an_error_without_a_code_is_an_error() {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.lead.update", bytes(400, r#"{"error":"","error_description":"Not found"}"#));
    let found = world.write(vec![update("5", [title("a")])]).await.unwrap();
    assert_eq!(found, [refused(CrmErrorKind::NotFound, "Not found")]);
}

#[tokio::test]
async fn each_command_of_a_batch_has_an_outcome_of_its_own() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let answer = r#"{"result":{
        "result":{"c0":351,"c3":true},
        "result_error":{
            "c1":{"error":"","error_description":"Not found"},
            "c2":{"error":"OPERATION_TIME_LIMIT","error_description":"Method is blocked due to operation time limit."},
            "c5":{"error":"ACCESS_DENIED","error_description":"Access denied."}},
        "result_total":[],"result_next":[],"result_time":{"c0":{"operating":0.31}}},"time":{}}"#;
    portal.answer("batch", bytes(200, answer));
    let change = |id: &str| update(id, [title("a")]);
    let found = world
        .write(vec![create("r1", [title("a")]), change("2"), change("3"), change("4"), change("5"), change("6")])
        .await
        .unwrap();
    let expected = [
        done("351"),
        refused(CrmErrorKind::NotFound, "Not found"),
        CommandOutcome::Later(Some(Duration::from_secs(10))),
        done("4"),
        CommandOutcome::Unknown,
        refused(CrmErrorKind::NotAllowed, "Access denied."),
    ];
    assert_eq!(found, expected);
    let of_method = world
        .gate
        .passes
        .lock()
        .unwrap()
        .last()
        .unwrap()
        .charges
        .iter()
        .map(|charge| charge.limit.scope.clone())
        .find(|scope| scope.ends_with("crm.lead.update"))
        .unwrap();
    let refusals = world.gate.refusals.lock().unwrap().clone();
    assert_eq!(
        refusals,
        [(of_method, world.clock.now() + Duration::from_secs(10))],
        "one method's time is not the portal's"
    );
}

#[rstest]
#[case::all_refused(
    r#"{"result":{"result":[],"result_error":{"c0":{"error":"","error_description":"x"},"c1":{"error":"100","error_description":"x"}},"result_total":[],"result_next":[],"result_time":[]}}"#,
    [refused(CrmErrorKind::InvalidValue, "x"), refused(CrmErrorKind::InvalidValue, "x")]
)]
#[case::all_done(
    r#"{"result":{"result":{"c0":7,"c1":true},"result_error":[],"result_total":[],"result_next":[],"result_time":[]}}"#,
    [done("7"), done("5")]
)]
#[case::nothing_said(
    r#"{"result":{"result":[],"result_error":[],"result_total":[],"result_next":[],"result_time":[]}}"#,
    [CommandOutcome::Unknown, CommandOutcome::Unknown]
)]
#[case::made_without_an_id(
    r#"{"result":{"result":{"c0":null,"c1":null},"result_error":[]}}"#,
    [CommandOutcome::Unknown, done("5")]
)]
#[case::another_shape(r#"{"result":true}"#, [CommandOutcome::Unknown, CommandOutcome::Unknown])]
#[tokio::test]
async fn empty_maps_are_lists(#[case] answer: &str, #[case] expected: [CommandOutcome; 2]) {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("batch", bytes(200, answer));
    assert_eq!(world.write(two()).await.unwrap(), expected);
}

#[rstest]
#[case::gateway(html(504))]
#[case::page_of_success(html(200))]
#[case::internal(error(500, "INTERNAL_SERVER_ERROR", "Internal server error"))]
#[case::cut_off(bytes(200, r#"{"result":{"result":{"c0":3"#))]
#[case::nothing(ResponseTemplate::new(502))]
#[tokio::test]
async fn an_answer_that_says_nothing_leaves_every_command_unknown(#[case] answer: ResponseTemplate) {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("batch", answer.clone()).answer("crm.lead.add", answer);
    assert_eq!(world.write(two()).await.unwrap(), [CommandOutcome::Unknown, CommandOutcome::Unknown]);
    assert_eq!(world.write(vec![create("r1", [title("a")])]).await.unwrap(), [CommandOutcome::Unknown]);
}

#[tokio::test]
async fn a_time_out_after_sending_leaves_every_command_unknown() {
    let (world, portal) = World::with_leads(SHORT).await;
    portal.answer("batch", result(json!({})).set_delay(SHORT * 10));
    assert_eq!(world.write(two()).await.unwrap(), [CommandOutcome::Unknown, CommandOutcome::Unknown]);
}

#[rstest]
#[case::before_an_answer(b"")]
#[case::within_it(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"result\":")]
#[tokio::test]
async fn a_reset_after_sending_leaves_every_command_unknown(#[case] answer: &'static [u8]) {
    let (world, _portal) = World::with_leads(PATIENT).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    world.connect(&format!("http://{}/rest/1/s3cret/", listener.local_addr().unwrap())).await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 4096]).await.unwrap();
        stream.write_all(answer).await.unwrap();
        stream.set_zero_linger().unwrap();
    });
    assert_eq!(world.write(two()).await.unwrap(), [CommandOutcome::Unknown, CommandOutcome::Unknown]);
}

#[tokio::test]
async fn without_a_connection_nothing_was_done() {
    let (world, _portal) = World::with_leads(PATIENT).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    world.connect(&format!("http://{}/rest/1/s3cret/", listener.local_addr().unwrap())).await;
    drop(listener);
    let error = world.write(two()).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (CrmErrorKind::Unavailable, Retry::After(None)));
}

#[rstest]
#[case::too_many(503, "QUERY_LIMIT_EXCEEDED", CrmErrorKind::RateLimited, Retry::After(Some(Duration::from_secs(2))))]
#[case::blocked(503, "OVERLOAD_LIMIT", CrmErrorKind::RateLimited, Retry::After(Some(Duration::from_mins(15))))]
#[case::operating(429, "OPERATION_TIME_LIMIT", CrmErrorKind::RateLimited, Retry::After(Some(Duration::from_secs(10))))]
#[case::expired(401, "expired_token", CrmErrorKind::Credentials, Retry::Never)]
#[case::deleted_webhook(401, "INVALID_CREDENTIALS", CrmErrorKind::Credentials, Retry::Never)]
#[case::closed(403, "ACCESS_DENIED", CrmErrorKind::PortalClosed, Retry::Never)]
#[case::scope(403, "insufficient_scope", CrmErrorKind::ScopeMissing, Retry::Never)]
#[tokio::test]
async fn a_refusal_of_the_request_as_a_whole_is_an_error(
    #[case] status: u16,
    #[case] code: &str,
    #[case] kind: CrmErrorKind,
    #[case] retry: Retry,
) {
    let (world, portal) = World::with_leads(PATIENT).await;
    let answer = error(status, code, "in words");
    portal.answer("batch", answer.clone()).answer("crm.lead.add", answer);
    for commands in [two(), vec![create("r1", [title("a")])]] {
        let error = world.write(commands).await.unwrap_err();
        assert_eq!((error.kind, error.retry, error.detail.as_deref()), (kind, retry, Some("in words")));
    }
}

#[rstest]
#[case::too_many(503, "QUERY_LIMIT_EXCEEDED", &[0], Duration::from_secs(2))]
#[case::blocked(503, "OVERLOAD_LIMIT", &[0], Duration::from_mins(15))]
#[case::one_methods_time(429, "OPERATION_TIME_LIMIT", &[1, 2], Duration::from_secs(10))]
#[case::something_else(400, "ERROR_CORE", &[], Duration::ZERO)]
#[tokio::test]
async fn the_gate_is_told_that_the_portal_refuses(
    #[case] status: u16,
    #[case] code: &str,
    #[case] refused: &[usize],
    #[case] pause: Duration,
) {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("batch", error(status, code, "in words"));
    world.write(two()).await.unwrap_err();
    let pass = world.gate.passes.lock().unwrap().last().unwrap().clone();
    let scopes: Vec<String> = pass.charges.into_iter().map(|charge| charge.limit.scope).collect();
    assert!(scopes[0].starts_with("bitrix24:127.0.0.1:"), "{scopes:?}");
    assert!(scopes[1].starts_with("bitrix24-time:127.0.0.1:") && scopes[2].ends_with(":crm.lead.update"), "{scopes:?}");
    let expected: Vec<_> = refused.iter().map(|at| (scopes[*at].clone(), world.clock.now() + pause)).collect();
    // A batch that is blocked rests until the moment that its last answer told.
    let refusals = world.gate.refusals.lock().unwrap();
    let told: Vec<_> = refusals.iter().filter(|(scope, _)| !scope.ends_with(":batch")).cloned().collect();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_closed_gate_is_a_pause_without_a_call() {
    let (world, portal) = World::with_leads(PATIENT).await;
    *world.gate.closed_until.lock().unwrap() = Some(world.clock.now() + Duration::from_mins(1));
    let error = world.write(two()).await.unwrap_err();
    let pause = Some(Duration::from_mins(1));
    assert_eq!((error.kind, error.retry), (CrmErrorKind::RateLimited, Retry::After(pause)));
    assert_eq!(portal.calls(), []);
}

#[tokio::test]
async fn without_settings_nothing_is_connected() {
    let world = World::new(PATIENT);
    let error = world.write(two()).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (CrmErrorKind::NotConnected, Retry::Never));
    world.connect("https://acme.example/rest/s3cret").await;
    let error = world.write(two()).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (CrmErrorKind::InvalidValue, Retry::Never));
}

/// Reads change nothing: whatever became of one, the write was not begun.
#[rstest]
#[case::gateway(html(504))]
#[case::slow(result(json!({ "ID": "5" })).set_delay(SHORT * 10))]
#[tokio::test]
async fn a_read_that_failed_may_be_repeated(#[case] answer: ResponseTemplate) {
    let (world, portal) = World::with_leads(SHORT).await;
    portal.answer("crm.lead.get", answer);
    let change = ("PHONE", crate::world::phones(&[]), crate::world::phones(&["+4930123"]));
    let error = world.write(vec![update("5", [change])]).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (CrmErrorKind::Unavailable, Retry::After(None)));
}

#[tokio::test]
async fn nothing_is_begun_after_the_deadline() {
    let (world, portal) = World::with_leads(PATIENT).await;
    assert_eq!(
        world.write_by(two(), Duration::ZERO).await.unwrap(),
        [CommandOutcome::Later(None), CommandOutcome::Later(None)]
    );
    assert_eq!(portal.calls(), []);
}

#[tokio::test]
async fn what_the_deadline_cuts_off_is_certainly_not_done() {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.pace(world.clock.clone(), Duration::from_secs(40));
    portal.answer("crm.lead.add", result(json!(7))).answer("crm.lead.add", result(json!(8)));
    // Texts that look like references: each goes alone.
    let alone = |origin: &str| create(origin, [title("$result[x]")]);
    let found = world.write_by(vec![alone("r1"), alone("r2")], Duration::from_secs(30)).await.unwrap();
    assert_eq!(found, [done("7"), CommandOutcome::Later(None)]);
    assert_eq!(portal.calls().len(), 1);
}

#[tokio::test]
async fn after_the_first_group_a_refusal_leaves_the_others_for_later() {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.lead.add", result(json!(7)));
    portal.answer("crm.lead.update", error(503, "QUERY_LIMIT_EXCEEDED", "Too many requests"));
    let commands =
        vec![create("r1", [title("a")]), update("5", [title("$result[x]")]), update("6", [title("$next[x]")])];
    let found = world.write(commands).await.unwrap();
    assert_eq!(found, [done("7"), CommandOutcome::Later(None), CommandOutcome::Later(None)]);
}

#[tokio::test]
async fn one_record_without_a_right_does_not_stop_the_others() {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.lead.update", error(400, "ACCESS_DENIED", "Access denied."));
    portal.answer("crm.lead.update", result(json!(true)));
    let found =
        world.write(vec![update("5", [title("$result[x]")]), update("6", [title("$result[x]")])]).await.unwrap();
    assert_eq!(found, [refused(CrmErrorKind::NotAllowed, "Access denied."), done("6")]);
}

#[tokio::test]
async fn a_company_never_reaches_anothers_portal() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let request = WriteRequest {
        urgency: Urgency::Bulk,
        company: "other".parse().unwrap(),
        portal: world.portal().await,
        commands: two(),
        deadline: world.clock.now() + Duration::from_mins(1),
    };
    let error = world.bitrix.write(request).await.unwrap_err();
    assert_eq!(error.kind, CrmErrorKind::NotConnected);
    assert_eq!(portal.calls(), []);
}

/// The ids of another portal's records mean nothing in this one.
#[tokio::test]
async fn another_portal_than_the_records_own_is_not_written_to() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let request = WriteRequest {
        urgency: Urgency::Bulk,
        company: company(),
        portal: "former.bitrix24.com".to_owned(),
        commands: two(),
        deadline: world.clock.now() + Duration::from_mins(5),
    };
    assert_eq!(world.bitrix.write(request).await.unwrap_err().kind, CrmErrorKind::NotConnected);
    assert_eq!(portal.calls(), []);
}

/// A list that is none must not pass for an empty one: what is not found would be made again.
#[rstest]
#[case::page(html(200))]
#[case::no_list(bytes(200, r#"{"result":null}"#))]
#[case::refusal(error(503, "QUERY_LIMIT_EXCEEDED", "Too many requests"))]
#[tokio::test]
async fn a_search_that_failed_finds_not_nothing(#[case] answer: ResponseTemplate) {
    let (world, portal): (World, Portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.lead.list", answer);
    let origins = ["r1".to_owned()];
    let error = world.bitrix.find_by_origin(&world.among(EntityKind::Lead).await, &origins).await.unwrap_err();
    assert!(matches!(error.retry, Retry::After(_)), "{error}");
}

/// The batch itself is let in by any webhook: each of its commands is refused, and they wait for the scope together.
#[tokio::test]
async fn a_scope_that_is_missing_is_the_portals_trouble() {
    let (world, portal) = World::with_leads(PATIENT).await;
    let refused = json!({ "error": "insufficient_scope", "error_description": "crm" });
    let errors = json!({ "c0": refused, "c1": refused });
    portal.answer("batch", result(json!({ "result": [], "result_error": errors })));
    let error = world.write(two()).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (CrmErrorKind::ScopeMissing, Retry::Never));
    let errors = json!({ "c1": refused });
    portal.answer("batch", result(json!({ "result": { "c0": 7 }, "result_error": errors })));
    let later = CommandOutcome::Later(Some(Duration::from_mins(5)));
    assert_eq!(world.write(two()).await.unwrap(), [done("7"), later]);
}

/// A smart process is deleted, its module removed, or not part of the plan any more: leads go on.
#[rstest]
#[case::gone(400, "NOT_FOUND")]
#[case::not_in_the_plan(400, "CRM_FEATURE_RESTRICTION_ERROR")]
#[case::module_gone(404, "ERROR_METHOD_NOT_FOUND")]
#[tokio::test]
async fn one_kind_of_record_that_is_gone_does_not_stop_the_others(#[case] status: u16, #[case] code: &str) {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.item.fields", error(status, code, "in words"));
    portal.answer("crm.lead.update", result(json!(true)));
    let of_smart = CrmCommand { entity: EntityKind::Smart(134), ..update("5", [title("a")]) };
    let found = world.write(vec![of_smart, update("6", [title("b")])]).await.unwrap();
    assert_eq!(found, [refused(CrmErrorKind::NotOffered, "in words"), done("6")]);
}

#[tokio::test]
async fn one_kind_of_record_that_cannot_be_described_now_does_not_stop_the_others() {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.item.fields", error(500, "INTERNAL_SERVER_ERROR", "Internal server error"));
    portal.answer("crm.lead.update", result(json!(true)));
    let of_smart = || CrmCommand { entity: EntityKind::Smart(134), ..update("5", [title("a")]) };
    let found = world.write(vec![of_smart(), update("6", [title("b")])]).await.unwrap();
    assert_eq!(found, [CommandOutcome::Later(Some(Duration::from_secs(30))), done("6")]);
    portal.answer("crm.item.fields", error(500, "INTERNAL_SERVER_ERROR", "Internal server error"));
    let error = world.write(vec![of_smart()]).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (CrmErrorKind::Unavailable, Retry::After(None)));
}

#[rstest]
#[case::update("UPDATE_DYNAMIC_ITEM_RESTRICTED")]
#[case::feature("CRM_FEATURE_RESTRICTION_ERROR")]
#[tokio::test]
async fn what_the_plan_does_not_offer_is_one_records_refusal(#[case] code: &str) {
    let (world, portal) = World::with_leads(PATIENT).await;
    portal.answer("crm.lead.update", error(400, code, "in words"));
    let found = world.write(vec![update("5", [title("a")])]).await.unwrap();
    assert_eq!(found, [refused(CrmErrorKind::NotOffered, "in words")]);
}
