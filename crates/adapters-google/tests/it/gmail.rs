//! What exactly goes to Gmail, and what its answers mean.

use std::sync::Arc;
use std::time::Duration;

use kopru_adapters_google::{Gmail, GoogleConsent};
use kopru_domain::message::{MessageStatus, Trouble};
use kopru_http_client::Method;
use kopru_oauth::TokenSessions;
use kopru_ports::emails::{Doubt, EmailSender as _};
use kopru_ports::gate::Charge;
use kopru_ports::messages::{Report, SendError};
use kopru_ports::oauth::OAuthProvider as _;
use kopru_ports::tokens::TokenErrorKind;
use kopru_ports::{Clock as _, Retry};
use kopru_ports_testkit::OpenGate;
use rstest::rstest;
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::memory::Memory;
use crate::sandbox::{Simulated, config};
use crate::scripted::{Asked, html, legacy, ok, rpc};
use crate::world::{FROM, PATIENT, World, connection, email, http, integrations};

const SHORT: Duration = Duration::from_secs(1);

fn taken() -> ResponseTemplate {
    ok(json!({ "id": "18c0ffee", "threadId": "18c0ffee", "labelIds": ["SENT"] }))
}

/// What went wrong, which tells neither a token nor an address.
async fn refused(world: &World) -> SendError {
    let error = world.gmail.send(email()).await.unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(!told.contains("s3cret") && !told.contains('@'), "too much is told: {told}");
    error
}

async fn bodies(world: &World) -> Vec<Vec<u8>> {
    world.google.server.received_requests().await.unwrap().into_iter().map(|request| request.body).collect()
}

#[tokio::test]
async fn an_email_goes_as_it_is_with_its_unseen_recipients() {
    let world = World::start(PATIENT).await;
    world.google.answer(taken());
    let report = world.gmail.send(email()).await.unwrap();
    let expected = Report { provider_id: "18c0ffee".into(), status: MessageStatus::Sent, trouble: None, code: None };
    assert_eq!(report, expected);
    let bytes = email().email.mime(&email().envelope);
    assert!(String::from_utf8_lossy(&bytes).contains("\r\nBcc: <arsiv@example.com>\r\n"), "Gmail reads it there");
    let asked = Asked {
        method: "POST".into(),
        path: "/upload/gmail/v1/users/me/messages/send".into(),
        query: [("uploadType".to_owned(), "media".to_owned())].into(),
        token: "s3cret-1".into(),
        if_match: None,
        body: json!(null),
        upload: Some(("message/rfc822".into(), bytes.len())),
    };
    assert_eq!(world.google.asked(), [asked]);
    assert_eq!(bodies(&world).await, [bytes]);
}

#[tokio::test]
async fn an_account_is_what_the_settings_say() {
    let world = World::start(PATIENT).await;
    let company = connection().company;
    let account = world.gmail.account(&company).await.unwrap();
    assert_eq!(account.from, Some(FROM.parse().unwrap()));
    assert_eq!((account.sender.per_second, account.most_bytes, account.doubt), (1.0, 36_700_160, Doubt::Ask));
    let settings = json!({ "messages_per_minute": 150, "from": "b@example.com" });
    world.integrations.settings.lock().unwrap().insert(company.clone(), settings.to_string().into());
    let account = world.gmail.account(&company).await.unwrap();
    assert_eq!((account.from, account.sender.per_second), (Some("b@example.com".parse().unwrap()), 2.5));
    let misspelt = json!({ "form": "b@example.com" }).to_string();
    world.integrations.settings.lock().unwrap().insert(company.clone(), misspelt.into());
    assert_eq!(world.gmail.account(&company).await.unwrap_err().kind, Trouble::NotConfigured);
    assert_eq!(refused(&world).await.kind, Trouble::NotConfigured);
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_the_same_email_goes() {
    let world = World::start(PATIENT).await;
    world.google.answer(legacy(401, "global", "authError")).answer(taken());
    world.gmail.send(email()).await.unwrap();
    let tokens: Vec<String> = world.google.asked().into_iter().map(|asked| asked.token).collect();
    assert_eq!(tokens, ["s3cret-1", "s3cret-2"]);
    let bodies = bodies(&world).await;
    assert_eq!(bodies[0], bodies[1]);
    assert!(world.tokens.refused_again.lock().unwrap().is_empty(), "the connection lives");
}

#[tokio::test]
async fn after_two_refused_tokens_the_account_has_to_be_connected_again() {
    let world = World::start(PATIENT).await;
    world.google.answer(legacy(401, "global", "authError")).answer(legacy(401, "global", "authError"));
    let error = refused(&world).await;
    assert_eq!((error.kind, error.retry), (Trouble::CredentialsRefused, Retry::Never));
    assert_eq!(*world.tokens.refused.lock().unwrap(), ["s3cret-1"]);
    assert_eq!(*world.tokens.refused_again.lock().unwrap(), ["s3cret-2"], "and that is kept");
}

#[rstest]
#[case(TokenErrorKind::NotConnected, Retry::Never, Trouble::NotConfigured)]
#[case(TokenErrorKind::ReconnectRequired, Retry::Never, Trouble::CredentialsRefused)]
#[case(TokenErrorKind::Unavailable, Retry::After(None), Trouble::ProviderDown)]
#[case(TokenErrorKind::Misconfigured, Retry::Never, Trouble::CredentialsRefused)]
#[tokio::test]
async fn without_a_token_nothing_is_sent(
    #[case] kind: TokenErrorKind,
    #[case] retry: Retry,
    #[case] expected: Trouble,
) {
    let world = World::start(PATIENT).await;
    *world.tokens.failing.lock().unwrap() = Some((kind, retry));
    let error = refused(&world).await;
    assert_eq!((error.kind, error.retry), (expected, retry));
    assert_eq!(world.google.asked(), []);
}

#[tokio::test]
async fn a_refusal_has_googles_name_of_it() {
    let world = World::start(PATIENT).await;
    let errors =
        json!([{ "domain": "global", "reason": "invalidArgument", "message": "Invalid To header: a@example.com" }]);
    let body = json!({ "error": { "code": 400, "message": "Invalid To header: a@example.com", "errors": errors } });
    world.google.answer(ResponseTemplate::new(400).set_body_json(body));
    let error = refused(&world).await;
    assert_eq!((error.kind, error.retry), (Trouble::RecipientInvalid, Retry::Never));
    assert_eq!(error.detail.as_deref(), Some("invalidArgument"));
}

/// What cannot be read was sent all the same.
#[rstest]
#[case::gateway(html(502))]
#[case::busy(html(503).insert_header("retry-after", "5"))]
#[case::internal(rpc(500, "INTERNAL", ""))]
#[case::page_of_success(html(200))]
#[case::no_id(ok(json!({})))]
#[case::cut_off(ResponseTemplate::new(200).set_body_string("{\"id\": \"18"))]
#[case::slow(taken().set_delay(SHORT * 10))]
#[tokio::test]
async fn what_says_nothing_may_have_gone(#[case] answer: ResponseTemplate) {
    let world = World::start(SHORT).await;
    world.google.answer(answer);
    let error = refused(&world).await;
    assert_eq!((error.kind, error.retry), (Trouble::OutcomeUnknown, Retry::OutcomeUnknown));
}

#[tokio::test]
async fn a_closed_gate_is_a_pause_without_a_call() {
    let world = World::start(PATIENT).await;
    *world.gate.closed_until.lock().unwrap() = Some(world.clock.now() + Duration::from_mins(1));
    let error = refused(&world).await;
    assert_eq!((error.kind, error.retry), (Trouble::RateLimited, Retry::After(Some(Duration::from_mins(1)))));
    assert_eq!(world.google.asked(), []);
}

/// Google counts a sliding minute, and 100 units for each e-mail.
#[rstest]
#[case::project("rateLimitExceeded", &["google:client:gmail", "google:client:gmail:108"])]
#[case::account("userRateLimitExceeded", &["google:client:gmail:108"])]
#[tokio::test]
async fn emails_spend_from_the_projects_and_the_accounts_quota(#[case] reason: &str, #[case] closed: &[&str]) {
    let world = World::start(PATIENT).await;
    world.google.answer(legacy(403, "usageLimits", reason));
    assert_eq!(refused(&world).await.kind, Trouble::RateLimited);
    let pass = world.gate.passes.lock().unwrap().remove(0);
    let units_a_minute =
        |Charge { limit, cost }: &Charge| ((limit.burst + limit.per_second * 60.0) * 100.0 / cost).round();
    assert_eq!(pass.charges.iter().map(units_a_minute).collect::<Vec<_>>(), [1_200_000.0, 15_000.0]);
    let refusals = world.gate.refusals.lock().unwrap();
    assert_eq!(refusals.iter().map(|(scope, _)| scope.as_str()).collect::<Vec<_>>(), closed);
}

/// One account's day is not the project's.
#[tokio::test]
async fn a_spent_day_stops_the_account_alone_until_the_time_that_is_told() {
    let world = World::start(PATIENT).await;
    let until = world.clock.now() + Duration::from_hours(2);
    let message = format!("User-rate limit exceeded.  Retry after {until} (Mail sending)");
    let errors = json!([{ "domain": "usageLimits", "reason": "rateLimitExceeded", "message": message }]);
    let body = json!({ "error": { "code": 429, "message": message, "errors": errors } });
    world.google.answer(ResponseTemplate::new(429).set_body_json(body));
    let error = refused(&world).await;
    assert_eq!((error.kind, error.retry), (Trouble::DailyCap, Retry::After(Some(Duration::from_hours(2)))));
    assert_eq!(*world.gate.refusals.lock().unwrap(), [("google:client:gmail:108".to_owned(), until)]);
}

#[tokio::test]
async fn from_the_consent_to_the_mailbox() {
    let simulated = Simulated::start().await;
    let (at, clock) = (config(&simulated.sandbox), simulated.clock.clone());
    let consent = Arc::new(GoogleConsent::for_gmail(at.clone(), http(PATIENT), clock.clone()).unwrap());
    assert_eq!(consent.needed_scopes(), ["https://www.googleapis.com/auth/gmail.send"]);
    let store = Arc::new(Memory::of(simulated.grant(&consent).await));
    let sessions = Arc::new(TokenSessions::new(store, consent, clock.clone()));
    let kept = integrations(&json!({}));
    let gmail = Gmail::new(at, kept, http(PATIENT), sessions, Arc::<OpenGate>::default(), clock);
    let report = gmail.send(email()).await.unwrap();
    let mail = simulated.control(Method::GET, "mail", json!({})).await;
    let reached = json!(["isil@example.com", "arsiv@example.com"]);
    assert_eq!((&mail[0]["id"], &mail[0]["reached"]), (&json!(report.provider_id), &reached));
    assert_eq!((&mail[0]["subject"], &mail[0]["bcc"]), (&json!("Teklif"), &json!(["arsiv@example.com"])));
    simulated.sandbox.stop().await;
}
