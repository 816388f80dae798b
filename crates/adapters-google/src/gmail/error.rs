//! What Google's answers mean for an e-mail.

use jiff::Timestamp;
use kopru_domain::message::Trouble;
use kopru_http_client::Reply;
use kopru_ports::messages::SendError;
use kopru_ports::{PortError, Retry};

use crate::error::{ADAPTER, Failure, Meaning, detail, pause, reasons};
use crate::wire::ErrorDetail;

const NEVER: Retry = Retry::Never;

/// The account's day is spent, or the project's. Of the account only the words tell.
const SPENT: &str = "dailyLimitExceeded";
const SPENT_IN_WORDS: [&str; 2] = ["mail sending", "sending limit exceeded"];

pub(super) fn error(kind: Trouble, retry: Retry) -> SendError {
    PortError::new(ADAPTER, kind, retry)
}

/// A call that was not answered, or not made at all.
pub(super) fn of_failure(failure: Failure) -> SendError {
    use Meaning::{AlreadyExists, Conflict, Deleted, Invalid, NotConnected, NotFound};
    let retry = failure.retry;
    failure.map(|meaning| match (meaning, retry) {
        (_, Retry::OutcomeUnknown) => Trouble::OutcomeUnknown,
        (Meaning::RateLimited, _) => Trouble::RateLimited,
        (_, Retry::After(_)) => Trouble::ProviderDown,
        (NotConnected, _) => Trouble::NotConfigured,
        (NotFound | Deleted | AlreadyExists | Conflict | Invalid, _) => Trouble::Unexplained,
        _ => Trouble::CredentialsRefused,
    })
}

/// An answer that is no success (<https://developers.google.com/workspace/gmail/api/guides/handle-errors>). Where Google
/// or a gateway failed, the e-mail may have gone, whenever they want to be asked again. What is told is Google's name of
/// it: its words repeat addresses.
pub(super) fn of_reply(reply: &Reply, now: Timestamp) -> SendError {
    let body = detail(reply);
    let mut found = match reply.status {
        400 => error(of_request(body.as_ref()), NEVER),
        403 | 429 if body.as_ref().is_some_and(is_spent) => {
            error(Trouble::DailyCap, Retry::After(pause(reply, body.as_ref(), now)))
        }
        413 => error(Trouble::EmailTooLarge, NEVER),
        300..400 | 408 | 500.. => error(Trouble::OutcomeUnknown, Retry::OutcomeUnknown),
        _ => of_failure(crate::error::of_reply(reply, now)),
    };
    found.detail = body.as_ref().and_then(name_of);
    found
}

/// All that Google does not take has one name (`invalidArgument`): the words alone tell more.
fn of_request(body: Option<&ErrorDetail>) -> Trouble {
    let words = body.map(|body| body.message.to_ascii_lowercase()).unwrap_or_default();
    let says = |part: &str| words.contains(part);
    match () {
        () if says("recipient address") || says("invalid to header") => Trouble::RecipientInvalid,
        () if says("mail service not enabled") => Trouble::AccountMissing,
        () => Trouble::ContentRefused,
    }
}

fn is_spent(body: &ErrorDetail) -> bool {
    let words = body.message.to_ascii_lowercase();
    reasons(body).any(|entry| entry.reason == SPENT) || SPENT_IN_WORDS.iter().any(|part| words.contains(part))
}

fn name_of(body: &ErrorDetail) -> Option<String> {
    let is_name = |name: &&String| {
        (1..=64).contains(&name.len()) && name.bytes().all(|sign| sign.is_ascii_alphanumeric() || sign == b'_')
    };
    reasons(body).map(|entry| &entry.reason).find(is_name).cloned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kopru_http_client::header::HeaderMap;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    const UNKNOWN: Retry = Retry::OutcomeUnknown;

    fn after(seconds: u64) -> Retry {
        Retry::After(Some(Duration::from_secs(seconds)))
    }

    fn found(status: u16, body: &str, headers: &[(&'static str, &str)]) -> (Trouble, Retry, Option<String>) {
        let headers: HeaderMap =
            headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        let error = of_reply(&Reply { status, headers, body: body.as_bytes().to_vec() }, Timestamp::UNIX_EPOCH);
        (error.kind, error.retry, error.detail)
    }

    #[rstest]
    #[case(400, "invalidArgument", "Recipient address required", Trouble::RecipientInvalid, NEVER)]
    #[case(400, "invalidArgument", "Invalid To header", Trouble::RecipientInvalid, NEVER)]
    #[case(400, "invalidArgument", "Invalid Cc header", Trouble::ContentRefused, NEVER)]
    #[case(400, "badRequest", "Bad Request", Trouble::ContentRefused, NEVER)]
    #[case(400, "failedPrecondition", "Mail service not enabled", Trouble::AccountMissing, NEVER)]
    #[case(401, "authError", "Invalid Credentials", Trouble::CredentialsRefused, NEVER)]
    #[case(403, "insufficientPermissions", "Insufficient Permission", Trouble::CredentialsRefused, NEVER)]
    #[case(403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "x", Trouble::CredentialsRefused, NEVER)]
    #[case(
        403,
        "domainPolicy",
        "The domain administrators have disabled Gmail apps.",
        Trouble::CredentialsRefused,
        NEVER
    )]
    #[case(403, "forbidden", "Delegation denied for ayse@example.com", Trouble::CredentialsRefused, NEVER)]
    #[case(403, "accessNotConfigured", "x", Trouble::ProviderDown, after(300))]
    #[case(403, "rateLimitExceeded", "Rate Limit Exceeded", Trouble::RateLimited, after(30))]
    #[case(403, "userRateLimitExceeded", "User Rate Limit Exceeded", Trouble::RateLimited, after(30))]
    #[case(429, "rateLimitExceeded", "Too many concurrent requests for user.", Trouble::RateLimited, after(30))]
    #[case(
        429,
        "rateLimitExceeded",
        "User-rate limit exceeded.  Retry after 1970-01-01T00:15:00.000Z",
        Trouble::RateLimited,
        after(900)
    )]
    #[case(
        429,
        "rateLimitExceeded",
        "User-rate limit exceeded.  Retry after 1970-01-01T01:00:00.000Z (Mail sending)",
        Trouble::DailyCap,
        after(3600)
    )]
    #[case(403, "dailyLimitExceeded", "Daily Limit Exceeded", Trouble::DailyCap, Retry::After(None))]
    #[case(403, "forbidden", "Daily user sending limit exceeded.", Trouble::DailyCap, Retry::After(None))]
    #[case(404, "notFound", "Requested entity was not found.", Trouble::Unexplained, NEVER)]
    #[case(408, "timeout", "x", Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(413, "uploadTooLarge", "x", Trouble::EmailTooLarge, NEVER)]
    #[case(500, "backendError", "Backend Error", Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(503, "backendError", "Mail sending failed", Trouble::OutcomeUnknown, UNKNOWN)]
    fn answers_are_read_by_meaning(
        #[case] status: u16,
        #[case] reason: &str,
        #[case] message: &str,
        #[case] kind: Trouble,
        #[case] retry: Retry,
    ) {
        let errors =
            json!({ "code": status, "message": message, "errors": [{ "domain": "global", "reason": reason }] });
        let details = json!({ "code": status, "message": message, "details": [{ "reason": reason }] });
        for error in [errors, details] {
            let body = json!({ "error": error }).to_string();
            assert_eq!(found(status, &body, &[]), (kind, retry, Some(reason.to_owned())));
        }
    }

    #[rstest]
    #[case(302, "", Trouble::OutcomeUnknown, UNKNOWN)]
    #[case(400, "<html>", Trouble::ContentRefused, NEVER)]
    #[case(401, "", Trouble::CredentialsRefused, NEVER)]
    #[case(413, "<html>", Trouble::EmailTooLarge, NEVER)]
    #[case(429, "<html>", Trouble::RateLimited, after(30))]
    #[case(502, "<html>", Trouble::OutcomeUnknown, UNKNOWN)]
    fn without_a_reason_the_status_speaks(
        #[case] status: u16,
        #[case] body: &str,
        #[case] kind: Trouble,
        #[case] retry: Retry,
    ) {
        assert_eq!(found(status, body, &[]), (kind, retry, None));
    }

    #[test]
    fn the_pause_that_is_asked_for_is_kept_where_nothing_was_sent() {
        let pause = [("retry-after", "7")];
        assert_eq!(found(429, "", &pause).1, after(7));
        let spent = json!({ "error": { "message": "x", "errors": [{ "reason": SPENT }] } }).to_string();
        assert_eq!(found(403, &spent, &pause).1, after(7));
        assert_eq!(found(503, "", &pause).1, UNKNOWN, "it may have gone all the same");
    }

    #[test]
    fn words_are_no_name() {
        let body = json!({ "error": { "message": "x", "errors": [{ "reason": "To ayse@example.com" }] } }).to_string();
        assert_eq!(found(400, &body, &[]).2, None);
    }

    #[rstest]
    #[case(Meaning::NotConnected, NEVER, Trouble::NotConfigured)]
    #[case(Meaning::ReconnectRequired, NEVER, Trouble::CredentialsRefused)]
    #[case(Meaning::RateLimited, after(5), Trouble::RateLimited)]
    #[case(Meaning::Unavailable, Retry::After(None), Trouble::ProviderDown)]
    #[case(Meaning::Unavailable, NEVER, Trouble::CredentialsRefused)]
    #[case(Meaning::Unavailable, UNKNOWN, Trouble::OutcomeUnknown)]
    fn what_was_not_answered_is_read_by_what_is_known(
        #[case] meaning: Meaning,
        #[case] retry: Retry,
        #[case] expected: Trouble,
    ) {
        let error = of_failure(crate::error::error(meaning, retry));
        assert_eq!((error.kind, error.retry), (expected, retry));
    }
}
