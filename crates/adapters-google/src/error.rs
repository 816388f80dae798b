//! Google's answers by meaning.

use kopru_http_client::{Failure, HttpError, Reply};
use kopru_ports::spreadsheets::{SheetsError, SheetsErrorKind};
use kopru_ports::tokens::TokenErrorKind;
use kopru_ports::{PortError, Retry};

use crate::wire::{ErrorBody, ErrorDetail};

pub(crate) const ADAPTER: &str = "google";

pub(crate) fn error(kind: SheetsErrorKind, retry: Retry) -> SheetsError {
    PortError::new(ADAPTER, kind, retry)
}

/// Reads, and writes of given cells, may be repeated: what may have happened may happen again.
pub(crate) fn of_call(cause: HttpError) -> SheetsError {
    let kind =
        if cause.failure == Failure::Unreadable { SheetsErrorKind::Invalid } else { SheetsErrorKind::Unavailable };
    error(kind, Retry::After(None)).caused_by(cause)
}

pub(crate) fn of_token(cause: PortError<TokenErrorKind>) -> SheetsError {
    let kind = match cause.kind {
        TokenErrorKind::NotConnected | TokenErrorKind::ReconnectRequired => SheetsErrorKind::ReconnectRequired,
        _ => SheetsErrorKind::Unavailable,
    };
    error(kind, cause.retry).caused_by(cause)
}

/// An answer that is no success
/// ([Sheets](https://developers.google.com/workspace/sheets/api/troubleshoot-api-errors),
/// [Drive](https://developers.google.com/workspace/drive/api/guides/handle-errors)).
pub(crate) fn of_reply(reply: &Reply) -> SheetsError {
    use SheetsErrorKind::{Invalid, NotAllowed, NotFound, RateLimited, ReconnectRequired, Unavailable};
    let body = reply.json::<ErrorBody>().ok().map(|body| body.error);
    let reason = body.as_ref().map(reason).unwrap_or_default();
    let limited = ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RESOURCE_EXHAUSTED"]
        .contains(&reason.as_str());
    let (kind, retry) = match reply.status {
        429 => (RateLimited, Retry::After(reply.retry_after())),
        403 if limited => (RateLimited, Retry::After(reply.retry_after())),
        401 => (ReconnectRequired, Retry::Never),
        403 => (NotAllowed, Retry::Never),
        404 | 410 => (NotFound, Retry::Never),
        400..500 => (Invalid, Retry::Never),
        _ => (Unavailable, Retry::After(reply.retry_after())),
    };
    let found = error(kind, retry);
    match body {
        Some(body) if !body.message.is_empty() => found.detail(body.message),
        _ => found,
    }
}

fn reason(detail: &ErrorDetail) -> String {
    let listed =
        detail.errors.iter().chain(&detail.details).map(|entry| &entry.reason).find(|reason| !reason.is_empty());
    listed.unwrap_or(&detail.status).clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const DRIVE: &str = r#"{"error":{"code":403,"message":"x","errors":[{"domain":"usageLimits","reason":"userRateLimitExceeded","message":"x"}]}}"#;
    const SHEETS: &str = r#"{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"RATE_LIMIT_EXCEEDED"}]}}"#;

    #[rstest]
    #[case(403, DRIVE, SheetsErrorKind::RateLimited, Retry::After(None))]
    #[case(429, SHEETS, SheetsErrorKind::RateLimited, Retry::After(None))]
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
        let reply =
            Reply { status, headers: kopru_http_client::header::HeaderMap::new(), body: body.as_bytes().to_vec() };
        let found = of_reply(&reply);
        assert_eq!((found.kind, found.retry), (kind, retry));
    }
}
