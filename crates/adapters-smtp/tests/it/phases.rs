//! What is known of an e-mail whose conversation broke off, phase by phase.

use std::time::Duration;

use kopru_adapters_smtp::SmtpOptions;
use kopru_domain::message::Trouble;
use kopru_ports::Retry;
use rstest::rstest;
use serde_json::json;

use crate::world::{PATIENT, Server, options, send};

const AGAIN: Retry = Retry::After(None);
const SOON: Retry = Retry::After(Some(Duration::from_mins(1)));
const NEVER: Retry = Retry::Never;
/// So long an answer is waited for that does not come.
const SHORT: Duration = Duration::from_millis(700);

/// And goes when it is tried again.
#[rstest]
#[tokio::test]
async fn before_the_bytes_nothing_was_sent(
    #[values("CONNECT", "EHLO", "AUTH", "MAIL FROM", "RCPT TO", "DATA")] phase: &str,
    #[values("reset_before", "reset_after", "garbage", "hang_before", "hang_after")] kind: &str,
) {
    let server = Server::open().await;
    server.fault(phase, kind, &json!({})).await;
    let impatient = server.smtp(SmtpOptions { before: SHORT, ..options() });
    let error = send(&impatient).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Trouble::ProviderDown, AGAIN));
    assert_eq!(server.stats().await.0, 0);
    send(&server.smtp(options())).await.unwrap();
    assert_eq!(server.stats().await.0, 1);
}

/// Whatever became of it.
#[rstest]
#[case::cut_amid_the_bytes("MESSAGE", "reset_before", 0)]
#[case::silent_amid_the_bytes("MESSAGE", "hang_before", 0)]
#[case::cut_before("END-OF-DATA", "reset_before", 0)]
#[case::cut_after("END-OF-DATA", "reset_after", 1)]
#[case::silent_before("END-OF-DATA", "hang_before", 0)]
#[case::silent_after("END-OF-DATA", "hang_after", 1)]
#[case::nonsense("END-OF-DATA", "garbage", 1)]
#[tokio::test]
async fn with_the_bytes_on_their_way_nobody_knows(#[case] phase: &str, #[case] kind: &str, #[case] taken: u64) {
    let server = Server::open().await;
    server.fault(phase, kind, &json!({})).await;
    let error = send(&server.smtp(SmtpOptions { message: SHORT, ..options() })).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Trouble::OutcomeUnknown, Retry::OutcomeUnknown));
    assert_eq!(server.stats().await.0, taken);
}

#[rstest]
#[case("CONNECT", 554, "5.7.1 Listed", Trouble::ProviderDown, AGAIN)]
#[case("CONNECT", 421, "4.3.2 Not now", Trouble::ProviderDown, AGAIN)]
#[case("EHLO", 550, "5.0.0 No", Trouble::ProviderDown, AGAIN)]
#[case("AUTH", 535, "5.7.8 No", Trouble::CredentialsRefused, NEVER)]
#[case("AUTH", 550, "5.7.30 Basic authentication is not supported", Trouble::CredentialsRefused, NEVER)]
#[case("AUTH", 454, "4.7.0 Too many login attempts", Trouble::RateLimited, SOON)]
#[case("MAIL FROM", 553, "5.7.1 Not yours", Trouble::SenderNotOurs, NEVER)]
#[case("MAIL FROM", 450, "4.7.0 Too fast", Trouble::RateLimited, SOON)]
#[case("MAIL FROM", 421, "4.4.2 Timeout", Trouble::ProviderDown, AGAIN)]
#[case("RCPT TO", 452, "4.2.2 Full", Trouble::MailboxBusy, AGAIN)]
#[case("RCPT TO", 550, "5.1.1 Nobody", Trouble::RecipientInvalid, NEVER)]
#[case("DATA", 451, "4.3.0 Later", Trouble::ProviderDown, AGAIN)]
#[case("END-OF-DATA", 451, "4.3.0 Later", Trouble::ProviderDown, AGAIN)]
#[case("END-OF-DATA", 550, "5.7.60 Not yours", Trouble::SenderNotOurs, NEVER)]
#[case("END-OF-DATA", 554, "5.6.0 No", Trouble::ContentRefused, NEVER)]
#[case("END-OF-DATA", 552, "5.3.4 Too large", Trouble::EmailTooLarge, NEVER)]
#[tokio::test]
async fn what_is_refused_was_not_sent(
    #[case] phase: &str,
    #[case] status: u16,
    #[case] body: &str,
    #[case] kind: Trouble,
    #[case] retry: Retry,
) {
    let server = Server::open().await;
    server.fault(phase, "status", &json!({ "status": status, "body": body })).await;
    let smtp = server.smtp(options());
    let error = send(&smtp).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (kind, retry));
    assert_eq!(server.stats().await.0, 0);
    send(&smtp).await.unwrap();
    assert_eq!(server.stats().await.0, 1);
}

/// A server that takes its time is waited for.
#[tokio::test]
async fn a_slow_answer_is_an_answer() {
    let server = Server::open().await;
    server.fault("END-OF-DATA", "slow", &json!({ "ms": 1500 })).await;
    send(&server.smtp(SmtpOptions { message: PATIENT, ..options() })).await.unwrap();
}
