//! Graph's answers by meaning.

use std::time::Duration;

use kopru_domain::message::Trouble;
use kopru_http_client::{Failure, HttpError, Reply};
use kopru_ports::messages::SendError;
use kopru_ports::tokens::TokenErrorKind;
use kopru_ports::{PortError, Retry};

use crate::wire::ErrorBody;

pub(crate) const ADAPTER: &str = "microsoft";

/// How long a mailbox is left alone where Graph does not say.
const PAUSE: Duration = Duration::from_secs(10);

const NEVER: Retry = Retry::Never;
const AFTER: Retry = Retry::After(None);
pub(crate) const UNKNOWN: Retry = Retry::OutcomeUnknown;

/// Exchange's names (<https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/responsecode>), which
/// Graph passes on, and a few of Graph's own; where a name is in no list, the status tells enough.
const NAMES: &[(&[&str], Trouble, Retry)] = &[
    (&["ErrorSendAsDenied"], Trouble::SenderNotOurs, NEVER),
    (&["ErrorInvalidRecipients"], Trouble::RecipientInvalid, NEVER),
    (&["ErrorMessageSizeExceeded"], Trouble::EmailTooLarge, NEVER),
    (&["ErrorExceededMessageLimit", "ErrorQuotaExceeded", "ErrorSubmissionQuotaExceeded"], Trouble::DailyCap, AFTER),
    (&["ErrorMimeContentInvalid", "ErrorMimeContentInvalidBase64String"], Trouble::ContentRefused, NEVER),
    (&["ErrorAccountDisabled", "ErrorAccountSuspend"], Trouble::AccountSuspended, NEVER),
    (&["MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI"], Trouble::AccountMissing, NEVER),
    // A draft is changed by somebody at the same moment, or not seen yet where it is to be sent.
    (&["ErrorIrresolvableConflict", "ErrorItemNotFound"], Trouble::ProviderDown, AFTER),
];

pub(crate) fn error(kind: Trouble, retry: Retry) -> SendError {
    PortError::new(ADAPTER, kind, retry)
}

/// A call that was not answered as it should be.
pub(crate) fn of_call(cause: HttpError) -> SendError {
    let found = match cause.failure {
        Failure::NotSent => error(Trouble::ProviderDown, AFTER),
        Failure::Unknown | Failure::Unreadable => error(Trouble::OutcomeUnknown, UNKNOWN),
    };
    found.caused_by(cause)
}

/// Without a token nothing was asked.
pub(crate) fn of_token(cause: PortError<TokenErrorKind>) -> SendError {
    let (kind, retry) = match (cause.kind, cause.retry) {
        (TokenErrorKind::NotConnected, _) => (Trouble::NotConfigured, NEVER),
        (TokenErrorKind::ReconnectRequired | TokenErrorKind::Misconfigured, _) => (Trouble::CredentialsRefused, NEVER),
        (_, Retry::After(pause)) => (Trouble::ProviderDown, Retry::After(pause)),
        _ => (Trouble::ProviderDown, AFTER),
    };
    error(kind, retry).caused_by(cause)
}

/// An answer that is no success.
pub(crate) fn of_reply(reply: &Reply) -> SendError {
    let name = name_of(reply);
    let known = name.as_deref().and_then(|name| NAMES.iter().find(|(names, ..)| names.contains(&name)));
    let (kind, retry) = match known {
        // A gateway repeats the names of what it could not reach.
        Some((_, kind, retry)) if (400..500).contains(&reply.status) => (*kind, *retry),
        _ => of_status(reply.status),
    };
    let retry = match (kind, retry) {
        (Trouble::RateLimited, Retry::After(_)) => Retry::After(Some(reply.retry_after().unwrap_or(PAUSE))),
        (_, Retry::After(_)) => Retry::After(reply.retry_after()),
        (_, other) => other,
    };
    let found = error(kind, retry);
    match name {
        Some(name) => found.detail(name),
        None => found,
    }
}

/// Where there is no name that is known. What is refused was not carried out; of anything else nobody knows.
fn of_status(status: u16) -> (Trouble, Retry) {
    match status {
        401 | 403 => (Trouble::CredentialsRefused, NEVER),
        413 => (Trouble::EmailTooLarge, NEVER),
        429 => (Trouble::RateLimited, AFTER),
        408 => (Trouble::OutcomeUnknown, UNKNOWN),
        400..500 => (Trouble::Unexplained, NEVER),
        _ => (Trouble::OutcomeUnknown, UNKNOWN),
    }
}

/// Graph's name of an error. Its text is not taken: it repeats addresses.
fn name_of(reply: &Reply) -> Option<String> {
    let name = reply.json::<ErrorBody>().ok()?.error.code;
    let is_name = (1..=64).contains(&name.len()) && name.bytes().all(|sign| sign.is_ascii_alphanumeric());
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kopru_http_client::header::HeaderMap;
    use rstest::rstest;

    use super::*;

    fn found(status: u16, body: &str, headers: &[(&'static str, &str)]) -> (Trouble, Retry, Option<String>) {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let error = of_reply(&Reply { status, headers, body: body.as_bytes().to_vec() });
        (error.kind, error.retry, error.detail)
    }

    #[rstest]
    #[case(401, "InvalidAuthenticationToken", Trouble::CredentialsRefused, NEVER)]
    #[case(403, "ErrorAccessDenied", Trouble::CredentialsRefused, NEVER)]
    #[case(403, "ErrorSendAsDenied", Trouble::SenderNotOurs, NEVER)]
    #[case(400, "ErrorInvalidRecipients", Trouble::RecipientInvalid, NEVER)]
    #[case(400, "ErrorMimeContentInvalidBase64String", Trouble::ContentRefused, NEVER)]
    #[case(403, "ErrorAccountSuspend", Trouble::AccountSuspended, NEVER)]
    #[case(404, "MailboxNotEnabledForRESTAPI", Trouble::AccountMissing, NEVER)]
    #[case(404, "ErrorItemNotFound", Trouble::ProviderDown, AFTER)]
    #[case(409, "ErrorIrresolvableConflict", Trouble::ProviderDown, AFTER)]
    #[case(413, "RequestEntityTooLarge", Trouble::EmailTooLarge, NEVER)]
    #[case(400, "ErrorMessageSizeExceeded", Trouble::EmailTooLarge, NEVER)]
    #[case(429, "ErrorExceededMessageLimit", Trouble::DailyCap, AFTER)]
    #[case(403, "ErrorQuotaExceeded", Trouble::DailyCap, AFTER)]
    #[case(429, "ApplicationThrottled", Trouble::RateLimited, Retry::After(Some(PAUSE)))]
    #[case(500, "ErrorInternalServerError", Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(503, "ErrorServerBusy", Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(504, "ErrorSendAsDenied", Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(400, "WhatIsNew", Trouble::Unexplained, NEVER)]
    fn names_are_read(#[case] status: u16, #[case] name: &str, #[case] kind: Trouble, #[case] retry: Retry) {
        let body = format!(r#"{{"error":{{"code":"{name}","message":"to ayse@example.com"}}}}"#);
        assert_eq!(found(status, &body, &[]), (kind, retry, Some(name.to_owned())));
    }

    #[rstest]
    #[case(302, Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(401, Trouble::CredentialsRefused, NEVER)]
    #[case(404, Trouble::Unexplained, NEVER)]
    #[case(408, Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(413, Trouble::EmailTooLarge, NEVER)]
    #[case(429, Trouble::RateLimited, Retry::After(Some(PAUSE)))]
    #[case(502, Trouble::OutcomeUnknown, UNKNOWN)]
    fn without_a_name_the_status_speaks(#[case] status: u16, #[case] kind: Trouble, #[case] retry: Retry) {
        assert_eq!(found(status, "<html>", &[]), (kind, retry, None));
    }

    #[test]
    fn the_pause_that_is_asked_for_is_kept() {
        for name in ["ApplicationThrottled", "ErrorExceededMessageLimit"] {
            let body = format!(r#"{{"error":{{"code":"{name}"}}}}"#);
            assert_eq!(found(429, &body, &[("retry-after", "7")]).1, Retry::After(Some(Duration::from_secs(7))));
        }
    }

    #[test]
    fn a_name_means_one_thing_and_no_text_is_one() {
        let names: Vec<&str> = NAMES.iter().flat_map(|(names, ..)| *names).copied().collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert_eq!(found(400, r#"{"error":{"code":"To ayse@example.com"}}"#, &[]).2, None);
    }

    #[rstest]
    #[case(TokenErrorKind::NotConnected, NEVER, Trouble::NotConfigured, NEVER)]
    #[case(TokenErrorKind::ReconnectRequired, NEVER, Trouble::CredentialsRefused, NEVER)]
    #[case(TokenErrorKind::Misconfigured, NEVER, Trouble::CredentialsRefused, NEVER)]
    #[case(TokenErrorKind::Unavailable, Retry::After(Some(PAUSE)), Trouble::ProviderDown, Retry::After(Some(PAUSE)))]
    #[case(TokenErrorKind::Unavailable, UNKNOWN, Trouble::ProviderDown, AFTER)]
    fn without_a_token_nothing_is_unknown(
        #[case] kind: TokenErrorKind,
        #[case] retry: Retry,
        #[case] trouble: Trouble,
        #[case] expected: Retry,
    ) {
        let error = of_token(PortError::new("oauth", kind, retry));
        assert_eq!((error.kind, error.retry), (trouble, expected));
    }

    #[test]
    fn what_can_have_sent_nothing_is_asked_again() {
        let again = error(Trouble::OutcomeUnknown, UNKNOWN).sent_nothing();
        assert_eq!((again.kind, again.retry), (Trouble::ProviderDown, AFTER));
        let refused = error(Trouble::CredentialsRefused, NEVER).sent_nothing();
        assert_eq!((refused.kind, refused.retry), (Trouble::CredentialsRefused, NEVER));
    }
}
