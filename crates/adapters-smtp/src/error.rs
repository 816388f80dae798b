//! Servers' answers by meaning: by the phase of a conversation, and by the codes of RFC 5321 (4.2) and RFC 3463.

use std::error::Error as _;
use std::time::Duration;

use kopru_domain::message::Trouble;
use kopru_ports::messages::SendError;
use kopru_ports::{PortError, Retry};
use lettre::transport::smtp::Error;

pub(crate) const ADAPTER: &str = "smtp";

/// How long a server is left alone that asks for a pause: none says for how long.
const PAUSE: Duration = Duration::from_mins(1);
/// So much of a server's words is kept.
const MOST_SIGNS: usize = 200;

const NEVER: Retry = Retry::Never;
const AFTER: Retry = Retry::After(None);
const UNKNOWN: Retry = Retry::OutcomeUnknown;

/// How far a conversation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Connection, TLS, EHLO, and whatever is said between two e-mails.
    Hello,
    /// Credentials.
    Auth,
    /// MAIL.
    Sender,
    /// RCPT.
    Recipient,
    /// DATA, until the server waits for the bytes.
    Data,
    /// The bytes, and the answer to their final dot.
    Message,
}

/// Class, subject and detail (RFC 3463).
type Enhanced = Option<(u16, u16, u16)>;

pub(crate) fn error(kind: Trouble, retry: Retry) -> SendError {
    PortError::new(ADAPTER, kind, retry)
}

/// There was no answer, or none that can be read: only what has its bytes may have been taken.
pub(crate) fn broken(phase: Phase) -> SendError {
    match phase {
        Phase::Message => error(Trouble::OutcomeUnknown, UNKNOWN),
        _ => error(Trouble::ProviderDown, AFTER),
    }
}

/// What is not as it should be. The cause itself is not kept: it repeats addresses.
pub(crate) fn of_answer(phase: Phase, cause: &Error) -> SendError {
    match cause.status() {
        Some(code) => {
            let text = cause.source().map(ToString::to_string).unwrap_or_default();
            of_reply(phase, code.into(), &text)
        }
        None if phase == Phase::Hello => broken(phase).detail(told(&cause.to_string())),
        None => broken(phase),
    }
}

fn of_reply(phase: Phase, code: u16, text: &str) -> SendError {
    let enhanced = enhanced(text);
    let (kind, retry) = match code {
        400..500 => for_now(phase, code, enhanced),
        _ => for_good(phase, code, enhanced),
    };
    // An answer to credentials could repeat them.
    let shown = if phase == Phase::Auth { text.split(' ').next().filter(|_| enhanced.is_some()) } else { Some(text) };
    error(kind, retry).detail(told(&format!("{code} {}", shown.unwrap_or_default())))
}

/// 4xx.
fn for_now(phase: Phase, code: u16, enhanced: Enhanced) -> (Trouble, Retry) {
    match (phase, code, enhanced) {
        // Exchange's word for too many connections is 432; of submission, 4.7 is about pace.
        (_, 432, _) | (_, _, Some((_, 7, _))) => (Trouble::RateLimited, Retry::After(Some(PAUSE))),
        // More recipients than the server takes: all are to get it.
        (_, _, Some((_, 5, 3))) => (Trouble::RecipientInvalid, NEVER),
        (Phase::Recipient | Phase::Message, _, Some((_, 2, _))) | (Phase::Recipient | Phase::Message, 452, None) => {
            (Trouble::MailboxBusy, AFTER)
        }
        _ => (Trouble::ProviderDown, AFTER),
    }
}

/// 5xx. Exchange: <https://learn.microsoft.com/exchange/mail-flow-best-practices/non-delivery-reports-in-exchange-online>,
/// Gmail: <https://support.google.com/a/answer/3726730>.
fn for_good(phase: Phase, code: u16, enhanced: Enhanced) -> (Trouble, Retry) {
    let kind = match (phase, code, enhanced) {
        (Phase::Hello, ..) => return (Trouble::ProviderDown, AFTER),
        // 5.7.30: Exchange takes no passwords any more.
        (Phase::Auth, ..) | (_, 530 | 534 | 535, _) | (_, _, Some((_, 7, 8 | 9 | 30 | 57 | 139))) => {
            Trouble::CredentialsRefused
        }
        (_, _, Some((_, 4, 5) | (_, 1, 90))) => return (Trouble::DailyCap, AFTER),
        (_, _, Some((_, 7, 60) | (_, 2, 252))) => Trouble::SenderNotOurs,
        (Phase::Recipient | Phase::Message, _, Some((_, 2, 2))) => Trouble::MailboxBusy,
        (_, 552, Some((_, 7, _))) => Trouble::ContentRefused,
        (_, _, Some((_, 3, 4) | (_, 2, 3))) | (_, 552, _) => Trouble::EmailTooLarge,
        (Phase::Sender, 501, _) | (Phase::Sender, _, Some((_, 1, 7 | 8))) => Trouble::SenderInvalid,
        // Postfix says so of the sender once it hears the recipient.
        (Phase::Sender, 550 | 553 | 554, _) | (Phase::Recipient, 553, Some((_, 7, 1))) => Trouble::SenderNotOurs,
        (Phase::Recipient, ..) | (Phase::Message, _, Some((_, 1, _))) => Trouble::RecipientInvalid,
        (Phase::Message, ..) => Trouble::ContentRefused,
        (Phase::Sender | Phase::Data, ..) => Trouble::Unexplained,
    };
    (kind, NEVER)
}

fn enhanced(text: &str) -> Enhanced {
    let mut parts = text.split(' ').next()?.split('.').map(|part| part.parse().ok());
    let found = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(found)
}

/// A server's words without addresses, in one line.
fn told(text: &str) -> String {
    let words = text.split(|sign: char| sign.is_whitespace() || sign.is_control());
    let words = words.filter(|word| !word.is_empty() && !word.contains('@'));
    words.collect::<Vec<_>>().join(" ").chars().take(MOST_SIGNS).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::Phase::{Auth, Data, Hello, Message, Recipient, Sender};
    use super::*;

    const SOON: Retry = Retry::After(Some(PAUSE));

    #[rstest]
    #[case(Hello, 421, "4.7.0 Try again later", Trouble::RateLimited, SOON)]
    #[case(Hello, 554, "5.7.1 Listed", Trouble::ProviderDown, AFTER)]
    #[case(Auth, 535, "5.7.8 Bad credentials", Trouble::CredentialsRefused, NEVER)]
    #[case(Auth, 534, "5.7.9 Application-specific password required", Trouble::CredentialsRefused, NEVER)]
    #[case(Auth, 550, "5.7.30 Basic authentication is not supported", Trouble::CredentialsRefused, NEVER)]
    #[case(Auth, 504, "Unrecognized", Trouble::CredentialsRefused, NEVER)]
    #[case(Auth, 454, "4.7.0 Too many login attempts", Trouble::RateLimited, SOON)]
    #[case(Auth, 451, "4.3.0 Directory away", Trouble::ProviderDown, AFTER)]
    #[case(Sender, 530, "5.7.57 Client not authenticated", Trouble::CredentialsRefused, NEVER)]
    #[case(Sender, 550, "5.7.30 Basic authentication is not supported", Trouble::CredentialsRefused, NEVER)]
    #[case(Sender, 553, "5.7.1 Not owned by user", Trouble::SenderNotOurs, NEVER)]
    #[case(Sender, 501, "5.1.7 Bad sender", Trouble::SenderInvalid, NEVER)]
    #[case(Sender, 552, "5.3.4 Too large", Trouble::EmailTooLarge, NEVER)]
    #[case(Sender, 503, "5.5.1 Bad sequence", Trouble::Unexplained, NEVER)]
    #[case(Sender, 451, "4.3.0 Try again", Trouble::ProviderDown, AFTER)]
    #[case(Sender, 452, "4.3.1 Insufficient storage", Trouble::ProviderDown, AFTER)]
    #[case(Sender, 432, "4.3.2 Concurrent connections", Trouble::RateLimited, SOON)]
    #[case(Recipient, 550, "5.1.1 No such user", Trouble::RecipientInvalid, NEVER)]
    #[case(Recipient, 550, "no", Trouble::RecipientInvalid, NEVER)]
    #[case(Recipient, 554, "5.7.1 Relay access denied", Trouble::RecipientInvalid, NEVER)]
    #[case(Recipient, 553, "5.7.1 Sender address rejected", Trouble::SenderNotOurs, NEVER)]
    #[case(Recipient, 552, "5.2.2 Mailbox full", Trouble::MailboxBusy, NEVER)]
    #[case(Recipient, 452, "4.2.2 Mailbox full", Trouble::MailboxBusy, AFTER)]
    #[case(Recipient, 452, "Full", Trouble::MailboxBusy, AFTER)]
    #[case(Recipient, 452, "4.5.3 Too many recipients", Trouble::RecipientInvalid, NEVER)]
    #[case(Recipient, 450, "4.7.1 Too many", Trouble::RateLimited, SOON)]
    #[case(Data, 451, "", Trouble::ProviderDown, AFTER)]
    #[case(Data, 554, "No valid recipients", Trouble::Unexplained, NEVER)]
    #[case(Message, 550, "5.7.60 No permission to send as this sender", Trouble::SenderNotOurs, NEVER)]
    #[case(Message, 554, "5.2.252 SendAsDenied", Trouble::SenderNotOurs, NEVER)]
    #[case(Message, 550, "5.7.1 Unsolicited", Trouble::ContentRefused, NEVER)]
    #[case(Message, 550, "5.4.5 Daily user sending limit exceeded", Trouble::DailyCap, AFTER)]
    #[case(Message, 550, "5.1.90 Daily limit for recipients", Trouble::DailyCap, AFTER)]
    #[case(Message, 550, "5.1.1 No such user", Trouble::RecipientInvalid, NEVER)]
    #[case(Message, 552, "Too large", Trouble::EmailTooLarge, NEVER)]
    #[case(Message, 552, "5.7.0 Blocked content", Trouble::ContentRefused, NEVER)]
    #[case(Message, 554, "Spam", Trouble::ContentRefused, NEVER)]
    #[case(Message, 451, "4.3.0 Try again", Trouble::ProviderDown, AFTER)]
    #[case(Message, 421, "4.4.2 Timeout", Trouble::ProviderDown, AFTER)]
    fn codes_have_their_meaning(
        #[case] phase: Phase,
        #[case] code: u16,
        #[case] text: &str,
        #[case] kind: Trouble,
        #[case] retry: Retry,
    ) {
        let error = of_reply(phase, code, text);
        assert_eq!((error.kind, error.retry), (kind, retry));
        assert!(error.detail.unwrap().starts_with(&code.to_string()));
    }

    #[test]
    fn only_what_has_its_bytes_may_have_been_taken() {
        for phase in [Hello, Auth, Sender, Recipient, Data] {
            assert_eq!((broken(phase).kind, broken(phase).retry), (Trouble::ProviderDown, AFTER));
        }
        assert_eq!((broken(Message).kind, broken(Message).retry), (Trouble::OutcomeUnknown, UNKNOWN));
    }

    #[rstest]
    #[case(Recipient, "5.1.1 <ayse@example.com>: no\r\nsuch user", "550 5.1.1 no such user")]
    #[case(Auth, "5.7.8 AUTH PLAIN AHMzY3JldA==", "550 5.7.8")]
    #[case(Auth, "AHMzY3JldA==", "550")]
    #[case(Auth, "AHMzY3JldA== 5.7.8", "550")]
    fn no_address_and_no_secret_is_told(#[case] phase: Phase, #[case] text: &str, #[case] expected: &str) {
        assert_eq!(of_reply(phase, 550, text).detail.as_deref(), Some(expected));
    }

    #[test]
    fn of_many_words_the_first_are_told() {
        assert_eq!(told(&"ş".repeat(1000)).chars().count(), MOST_SIGNS);
    }
}
