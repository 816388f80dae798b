//! Google's answers by meaning.

use std::time::Duration;

use kopru_http_client::{HttpError, Reply};
use kopru_ports::spreadsheets::{SheetsError, SheetsErrorKind};
use kopru_ports::tokens::TokenErrorKind;
use kopru_ports::{PortError, Retry};

use crate::wire::{ErrorBody, ErrorDetail, Reason};

pub(crate) const ADAPTER: &str = "google";

/// How long Google is left alone when it refuses without saying how long; its windows are minutes.
const PAUSE: Duration = Duration::from_secs(30);

pub(crate) fn error(kind: SheetsErrorKind, retry: Retry) -> SheetsError {
    PortError::new(ADAPTER, kind, retry)
}

/// Reads, and writes of given cells, may be repeated: what may have happened may happen again. An answer
/// that is not Google's JSON is a gateway's page.
pub(crate) fn of_call(cause: HttpError) -> SheetsError {
    error(SheetsErrorKind::Unavailable, Retry::After(None)).caused_by(cause)
}

pub(crate) fn of_token(cause: PortError<TokenErrorKind>) -> SheetsError {
    let kind = match cause.kind {
        TokenErrorKind::NotConnected | TokenErrorKind::ReconnectRequired => SheetsErrorKind::ReconnectRequired,
        _ => SheetsErrorKind::Unavailable,
    };
    error(kind, cause.retry).caused_by(cause)
}

/// Our own Cloud project has the interface switched off: its operator mends that, no person can.
const DISABLED: [&str; 2] = ["SERVICE_DISABLED", "accessNotConfigured"];
/// How long it is left alone until then.
const SWITCHED_OFF: Duration = Duration::from_mins(5);

/// Drive's limits, which come as 403.
const LIMITS: [&str; 5] =
    ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded", "RATE_LIMIT_EXCEEDED"];

/// An answer that is no success
/// ([Sheets](https://developers.google.com/workspace/sheets/api/troubleshoot-api-errors),
/// [Drive](https://developers.google.com/workspace/drive/api/guides/handle-errors)).
pub(crate) fn of_reply(reply: &Reply) -> SheetsError {
    use SheetsErrorKind::{Invalid, NotAllowed, NotFound, RateLimited, ReconnectRequired, Unavailable};
    let body = detail(reply);
    let says = |words: &[&str]| {
        body.as_ref().is_some_and(|body| reasons(body).any(|entry| words.contains(&entry.reason.as_str())))
    };
    let (kind, retry) = match reply.status {
        status if status == 429 || status == 403 && says(&LIMITS) => {
            (RateLimited, Retry::After(Some(reply.retry_after().unwrap_or(PAUSE))))
        }
        401 => (ReconnectRequired, Retry::Never),
        // What to switch on is in the message.
        403 if says(&DISABLED) => (Unavailable, Retry::After(Some(SWITCHED_OFF))),
        403 => (NotAllowed, Retry::Never),
        404 | 410 => (NotFound, Retry::Never),
        408 => (Unavailable, Retry::After(reply.retry_after())),
        400..500 => (Invalid, Retry::Never),
        _ => (Unavailable, Retry::After(reply.retry_after())),
    };
    let found = error(kind, retry);
    match body {
        Some(body) if !body.message.is_empty() => found.detail(body.message),
        _ => found,
    }
}

/// Whether one person's calls were too many, and not the whole project's: others may go on.
pub(crate) fn is_of_one_person(reply: &Reply) -> bool {
    let personal =
        |entry: &Reason| entry.reason == "userRateLimitExceeded" || entry.metadata.quota_limit.ends_with("PerUser");
    detail(reply).is_some_and(|body| reasons(&body).any(personal))
}

fn detail(reply: &Reply) -> Option<ErrorDetail> {
    reply.json::<ErrorBody>().ok().map(|body| body.error)
}

/// The causes for machines, in either of Google's two shapes.
fn reasons(detail: &ErrorDetail) -> impl Iterator<Item = &Reason> {
    detail.errors.iter().chain(&detail.details)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const DRIVE: &str = r#"{"error":{"code":403,"message":"x","errors":[{"domain":"usageLimits","reason":"userRateLimitExceeded","message":"x"}]}}"#;
    const SHEETS: &str = r#"{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"RATE_LIMIT_EXCEEDED","metadata":{"quota_limit":"ReadRequestsPerMinutePerProject"}}]}}"#;
    const PERSON: &str = r#"{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"reason":"RATE_LIMIT_EXCEEDED","metadata":{"quota_limit":"ReadRequestsPerMinutePerUser"}}]}}"#;
    const DISABLED: &str = r#"{"error":{"code":403,"message":"x","status":"PERMISSION_DENIED","details":[{"reason":"SERVICE_DISABLED"}]}}"#;
    const NOT_CONFIGURED: &str =
        r#"{"error":{"code":403,"message":"x","errors":[{"domain":"usageLimits","reason":"accessNotConfigured"}]}}"#;
    const SCOPE: &str =
        r#"{"error":{"code":403,"message":"x","errors":[{"domain":"global","reason":"insufficientPermissions"}]}}"#;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, headers: kopru_http_client::header::HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    #[rstest]
    #[case(403, DRIVE, SheetsErrorKind::RateLimited, Retry::After(Some(PAUSE)))]
    #[case(429, SHEETS, SheetsErrorKind::RateLimited, Retry::After(Some(PAUSE)))]
    #[case(403, DISABLED, SheetsErrorKind::Unavailable, Retry::After(Some(SWITCHED_OFF)))]
    #[case(403, NOT_CONFIGURED, SheetsErrorKind::Unavailable, Retry::After(Some(SWITCHED_OFF)))]
    #[case(403, SCOPE, SheetsErrorKind::NotAllowed, Retry::Never)]
    #[case(403, r#"{"error":{"code":403,"status":"PERMISSION_DENIED"}}"#, SheetsErrorKind::NotAllowed, Retry::Never)]
    #[case(404, r#"{"error":{"code":404,"status":"NOT_FOUND"}}"#, SheetsErrorKind::NotFound, Retry::Never)]
    #[case(400, r#"{"error":{"code":400,"status":"INVALID_ARGUMENT"}}"#, SheetsErrorKind::Invalid, Retry::Never)]
    #[case(401, "{}", SheetsErrorKind::ReconnectRequired, Retry::Never)]
    #[case(502, "<html>", SheetsErrorKind::Unavailable, Retry::After(None))]
    #[case(503, "", SheetsErrorKind::Unavailable, Retry::After(None))]
    fn answers_are_read_by_meaning(
        #[case] status: u16,
        #[case] body: &str,
        #[case] kind: SheetsErrorKind,
        #[case] retry: Retry,
    ) {
        let found = of_reply(&reply(status, body));
        assert_eq!((found.kind, found.retry), (kind, retry));
    }

    #[rstest]
    #[case(403, DRIVE, true)]
    #[case(429, PERSON, true)]
    #[case(429, SHEETS, false)]
    #[case(429, "", false)]
    fn one_persons_limit_is_told_from_the_projects(#[case] status: u16, #[case] body: &str, #[case] personal: bool) {
        assert_eq!(is_of_one_person(&reply(status, body)), personal);
    }
}
