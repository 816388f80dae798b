//! Resend's answers by meaning.

use std::time::Duration;

use kopru_domain::message::Trouble;
use kopru_http_client::{Failure, HttpError, Reply};
use kopru_ports::messages::SendError;
use kopru_ports::{PortError, Retry};

use crate::wire::ErrorBody;

pub(crate) const ADAPTER: &str = "resend";

/// How long Resend is left alone where it does not say: its limit is of a second.
const PAUSE: Duration = Duration::from_secs(1);

const NEVER: Retry = Retry::Never;
const AFTER: Retry = Retry::After(None);
const UNKNOWN: Retry = Retry::OutcomeUnknown;

/// Resend's names (<https://resend.com/docs/api-reference/errors>): they alone tell three kinds of 429 apart. What was
/// asked before with the same key, and is under way or was another e-mail, may have been sent.
const NAMES: &[(&[&str], Trouble, Retry)] = &[
    (
        &["missing_api_key", "invalid_api_key", "restricted_api_key", "invalid_permission"],
        Trouble::CredentialsRefused,
        NEVER,
    ),
    (&["suspended_api_key"], Trouble::AccountSuspended, NEVER),
    (&["daily_quota_exceeded", "monthly_quota_exceeded", "email_above_quota"], Trouble::DailyCap, AFTER),
    (&["rate_limit_exceeded"], Trouble::RateLimited, AFTER),
    (
        &["concurrent_idempotent_requests", "resource_locked", "invalid_idempotent_request"],
        Trouble::OutcomeUnknown,
        UNKNOWN,
    ),
    (&["application_error", "internal_server_error"], Trouble::OutcomeUnknown, UNKNOWN),
    (&["service_unavailable"], Trouble::ProviderDown, AFTER),
    (&["invalid_from_address"], Trouble::SenderInvalid, NEVER),
    (&["invalid_to_address"], Trouble::RecipientInvalid, NEVER),
    (&["invalid_attachment"], Trouble::MediaRefused, NEVER),
    (&["invalid_parameter", "missing_required_field", "missing_required_parameter"], Trouble::ContentRefused, NEVER),
];

pub(crate) fn error(kind: Trouble, retry: Retry) -> SendError {
    PortError::new(ADAPTER, kind, retry)
}

/// A call that was not answered as it should be: what was sent may have been carried out.
pub(crate) fn of_call(cause: HttpError) -> SendError {
    let found = match cause.failure {
        Failure::NotSent => error(Trouble::ProviderDown, AFTER),
        Failure::Unknown | Failure::Unreadable => error(Trouble::OutcomeUnknown, UNKNOWN),
    };
    found.caused_by(cause)
}

/// An answer that is no success.
pub(crate) fn of_reply(reply: &Reply) -> SendError {
    let name = name_of(reply);
    let known = name.as_deref().and_then(|name| meaning(name, reply.status));
    let (kind, retry) = known.unwrap_or_else(|| of_status(reply.status));
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

/// Resend's name of an error. Its text is not taken: it repeats addresses.
pub(crate) fn name_of(reply: &Reply) -> Option<String> {
    let name = reply.json::<ErrorBody>().ok()?.name;
    let is_name = (1..=64).contains(&name.len()) && name.bytes().all(|sign| sign.is_ascii_lowercase() || sign == b'_');
    is_name.then_some(name)
}

/// `validation_error` is said of the request (400, 422) and of a domain that may not send (403).
fn meaning(name: &str, status: u16) -> Option<(Trouble, Retry)> {
    match (name, status) {
        ("validation_error", 403) => Some((Trouble::DomainUnverified, NEVER)),
        ("validation_error", _) => Some((Trouble::ContentRefused, NEVER)),
        _ => {
            let found = NAMES.iter().find(|(names, ..)| names.contains(&name));
            found.map(|(_, trouble, retry)| (*trouble, *retry))
        }
    }
}

/// Where there is no name that is known. What is refused was not carried out, and neither was what a gateway
/// had no room for; of anything else nobody knows.
fn of_status(status: u16) -> (Trouble, Retry) {
    match status {
        401 | 403 => (Trouble::CredentialsRefused, NEVER),
        413 => (Trouble::EmailTooLarge, NEVER),
        429 => (Trouble::RateLimited, AFTER),
        408 | 503 => (Trouble::ProviderDown, AFTER),
        409 => (Trouble::OutcomeUnknown, UNKNOWN),
        400..500 => (Trouble::Unexplained, NEVER),
        _ => (Trouble::OutcomeUnknown, UNKNOWN),
    }
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
    #[case(401, "missing_api_key", Trouble::CredentialsRefused, NEVER)]
    #[case(403, "invalid_api_key", Trouble::CredentialsRefused, NEVER)]
    #[case(403, "suspended_api_key", Trouble::AccountSuspended, NEVER)]
    #[case(403, "validation_error", Trouble::DomainUnverified, NEVER)]
    #[case(422, "validation_error", Trouble::ContentRefused, NEVER)]
    #[case(400, "validation_error", Trouble::ContentRefused, NEVER)]
    #[case(422, "missing_required_field", Trouble::ContentRefused, NEVER)]
    #[case(422, "invalid_attachment", Trouble::MediaRefused, NEVER)]
    #[case(429, "rate_limit_exceeded", Trouble::RateLimited, Retry::After(Some(PAUSE)))]
    #[case(429, "daily_quota_exceeded", Trouble::DailyCap, AFTER)]
    #[case(429, "monthly_quota_exceeded", Trouble::DailyCap, AFTER)]
    #[case(409, "concurrent_idempotent_requests", Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(409, "invalid_idempotent_request", Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(500, "application_error", Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(503, "service_unavailable", Trouble::ProviderDown, AFTER)]
    #[case(422, "what_is_new", Trouble::Unexplained, NEVER)]
    #[case(500, "what_is_new", Trouble::OutcomeUnknown, UNKNOWN)]
    fn names_are_read(#[case] status: u16, #[case] name: &str, #[case] kind: Trouble, #[case] retry: Retry) {
        let body = format!(r#"{{"statusCode":{status},"name":"{name}","message":"to ayse@example.com"}}"#);
        assert_eq!(found(status, &body, &[]), (kind, retry, Some(name.to_owned())));
    }

    #[rstest]
    #[case(401, "", Trouble::CredentialsRefused, NEVER)]
    #[case(404, "<html>", Trouble::Unexplained, NEVER)]
    #[case(409, "", Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(413, "<html>", Trouble::EmailTooLarge, NEVER)]
    #[case(408, "", Trouble::ProviderDown, AFTER)]
    #[case(429, "<html>", Trouble::RateLimited, Retry::After(Some(PAUSE)))]
    #[case(503, "<html>", Trouble::ProviderDown, AFTER)]
    #[case(500, "{}", Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(502, "<html>", Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(302, "", Trouble::OutcomeUnknown, UNKNOWN)]
    fn without_a_name_the_status_speaks(
        #[case] status: u16,
        #[case] body: &str,
        #[case] kind: Trouble,
        #[case] retry: Retry,
    ) {
        assert_eq!(found(status, body, &[]), (kind, retry, None));
    }

    #[test]
    fn the_pause_that_is_asked_for_is_kept() {
        for name in ["rate_limit_exceeded", "daily_quota_exceeded"] {
            let body = format!(r#"{{"name":"{name}"}}"#);
            assert_eq!(found(429, &body, &[("retry-after", "7")]).1, Retry::After(Some(Duration::from_secs(7))));
        }
    }

    #[test]
    fn a_name_means_one_thing_and_no_text_is_one() {
        let names: Vec<&str> = NAMES.iter().flat_map(|(names, ..)| *names).copied().collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert_eq!(found(422, r#"{"name":"To ayse@example.com"}"#, &[]).2, None);
    }

    #[test]
    fn what_has_no_effect_is_asked_again() {
        let again = error(Trouble::OutcomeUnknown, UNKNOWN).sent_nothing();
        assert_eq!((again.kind, again.retry), (Trouble::ProviderDown, AFTER));
        let refused = error(Trouble::CredentialsRefused, NEVER).sent_nothing();
        assert_eq!((refused.kind, refused.retry), (Trouble::CredentialsRefused, NEVER));
    }
}
