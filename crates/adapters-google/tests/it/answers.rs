//! What Google's answers mean.

use std::time::Duration;

use kopru_domain::CellValue;
use kopru_ports::gate::Charge;
use kopru_ports::spreadsheets::{CellWrite, SheetsError, SheetsErrorKind, Spreadsheets as _};
use kopru_ports::tokens::TokenErrorKind;
use kopru_ports::{Clock as _, Retry};
use rstest::rstest;
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::scripted::{html, legacy, ok, rpc};
use crate::world::{PATIENT, World, connection, tab};

const SHORT: Duration = Duration::from_secs(1);

async fn write(world: &World) -> Result<(), SheetsError> {
    let cell = CellWrite { row: 1, column: 0, value: CellValue::from("x"), note: String::new() };
    let written = world.sheets.write(&tab(), &[cell]).await;
    assert!(!format!("{written:?}").contains("s3cret"), "a secret is told: {written:?}");
    written
}

async fn list(world: &World) -> Result<(), SheetsError> {
    world.sheets.list(&connection(), None, None).await.map(drop)
}

fn unauthenticated() -> ResponseTemplate {
    rpc(401, "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED")
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_the_call_repeated() {
    let world = World::start(PATIENT).await;
    world.google.answer(unauthenticated()).answer(ok(json!({})));
    write(&world).await.unwrap();
    let tokens: Vec<String> = world.google.asked().into_iter().map(|asked| asked.token).collect();
    assert_eq!(tokens, ["s3cret-1", "s3cret-2"]);
    assert_eq!(*world.tokens.refused.lock().unwrap(), ["s3cret-1"]);
    assert!(world.tokens.refused_again.lock().unwrap().is_empty(), "the connection lives");
    assert_eq!(world.gate.passes.lock().unwrap().len(), 2, "the repetition counts, too");
}

#[tokio::test]
async fn after_two_refused_tokens_the_person_has_to_connect_again() {
    let world = World::start(PATIENT).await;
    world.google.answer(unauthenticated()).answer(unauthenticated());
    let error = write(&world).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (SheetsErrorKind::ReconnectRequired, Retry::Never));
    assert_eq!(world.google.asked().len(), 2);
    assert_eq!(*world.tokens.refused.lock().unwrap(), ["s3cret-1"]);
    assert_eq!(*world.tokens.refused_again.lock().unwrap(), ["s3cret-2"], "and that is kept");
}

#[rstest]
#[case(TokenErrorKind::NotConnected, Retry::Never, SheetsErrorKind::ReconnectRequired)]
#[case(TokenErrorKind::ReconnectRequired, Retry::Never, SheetsErrorKind::ReconnectRequired)]
#[case(TokenErrorKind::Unavailable, Retry::After(None), SheetsErrorKind::Unavailable)]
#[case(TokenErrorKind::Misconfigured, Retry::Never, SheetsErrorKind::Unavailable)]
#[tokio::test]
async fn without_a_token_nothing_is_asked(
    #[case] kind: TokenErrorKind,
    #[case] retry: Retry,
    #[case] expected: SheetsErrorKind,
) {
    let world = World::start(PATIENT).await;
    *world.tokens.failing.lock().unwrap() = Some((kind, retry));
    let error = write(&world).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (expected, retry));
    assert_eq!(world.google.asked(), []);
}

#[rstest]
#[case::sheets(rpc(403, "PERMISSION_DENIED", ""), SheetsErrorKind::NotAllowed, Retry::Never)]
#[case::scope(
    rpc(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
    SheetsErrorKind::NotAllowed,
    Retry::Never
)]
#[case::drive(legacy(403, "global", "insufficientPermissions"), SheetsErrorKind::NotAllowed, Retry::Never)]
#[case::drive_limit(
    legacy(403, "usageLimits", "userRateLimitExceeded"),
    SheetsErrorKind::RateLimited,
    Retry::After(Some(Duration::from_secs(30)))
)]
#[case::sheets_limit(
    rpc(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"),
    SheetsErrorKind::RateLimited,
    Retry::After(Some(Duration::from_secs(30)))
)]
#[case::gone(rpc(404, "NOT_FOUND", ""), SheetsErrorKind::NotFound, Retry::Never)]
#[case::wrong(rpc(400, "INVALID_ARGUMENT", ""), SheetsErrorKind::Invalid, Retry::Never)]
#[case::internal(rpc(500, "INTERNAL", ""), SheetsErrorKind::Unavailable, Retry::After(None))]
#[tokio::test]
async fn an_error_is_read_by_its_meaning(
    #[case] answer: ResponseTemplate,
    #[case] kind: SheetsErrorKind,
    #[case] retry: Retry,
) {
    let world = World::start(PATIENT).await;
    world.google.answer(answer.clone()).answer(answer);
    for error in [write(&world).await.unwrap_err(), list(&world).await.unwrap_err()] {
        assert_eq!((error.kind, error.retry, error.detail.as_deref()), (kind, retry, Some("in words")));
    }
}

/// Reads and writes of given cells may be repeated, whatever became of them.
#[rstest]
#[case::gateway(html(502))]
#[case::unavailable(html(503))]
#[case::page_of_success(html(200))]
#[case::cut_off(ResponseTemplate::new(200).set_body_string("{\"files\": [{\"id\""))]
#[case::slow(ok(json!({})).set_delay(SHORT * 10))]
#[tokio::test]
async fn what_says_nothing_may_be_asked_again(#[case] answer: ResponseTemplate) {
    let world = World::start(SHORT).await;
    world.google.answer(answer);
    let error = list(&world).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (SheetsErrorKind::Unavailable, Retry::After(None)));
}

#[tokio::test]
async fn a_write_that_was_not_answered_may_be_made_again() {
    let world = World::start(SHORT).await;
    world.google.answer(ok(json!({})).set_delay(SHORT * 10)).answer(html(504));
    for _ in 0..2 {
        let error = write(&world).await.unwrap_err();
        assert_eq!((error.kind, error.retry), (SheetsErrorKind::Unavailable, Retry::After(None)));
    }
}

#[rstest]
#[case::as_asked(Some("7"), 7)]
#[case::by_ourselves(None, 30)]
#[tokio::test]
async fn a_used_up_quota_closes_the_projects_and_the_persons_gate(#[case] asked: Option<&str>, #[case] seconds: u64) {
    let world = World::start(PATIENT).await;
    let answer = rpc(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED");
    world.google.answer(asked.map_or(answer.clone(), |pause| answer.insert_header("retry-after", pause)));
    let error = write(&world).await.unwrap_err();
    assert_eq!(error.retry, Retry::After(Some(Duration::from_secs(seconds))));
    let until = world.clock.now() + Duration::from_secs(seconds);
    let scopes = ["google:client:sheets-write", "google:client:sheets-write:108"];
    assert_eq!(*world.gate.refusals.lock().unwrap(), scopes.map(|scope| (scope.to_owned(), until)));
}

#[tokio::test]
async fn a_closed_gate_is_a_pause_without_a_call() {
    let world = World::start(PATIENT).await;
    *world.gate.closed_until.lock().unwrap() = Some(world.clock.now() + Duration::from_mins(1));
    let error = write(&world).await.unwrap_err();
    let pause = Some(Duration::from_mins(1));
    assert_eq!((error.kind, error.retry), (SheetsErrorKind::RateLimited, Retry::After(pause)));
    assert_eq!(world.google.asked(), []);
}

/// Google counts a sliding minute: what a bucket gives within one is never more than the quota.
#[tokio::test]
async fn a_minutes_calls_stay_within_the_quota() {
    let world = World::start(PATIENT).await;
    world.google.answer(ok(json!({})));
    write(&world).await.unwrap();
    let pass = world.gate.passes.lock().unwrap().remove(0);
    let a_minute: Vec<f64> =
        pass.charges.iter().map(|Charge { limit, .. }| (limit.burst + limit.per_second * 60.0).round()).collect();
    assert_eq!(a_minute, [300.0, 60.0]);
}
