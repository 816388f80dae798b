//! The token endpoint's answers by meaning.

use kopru_http_client::{Failure, HttpError, Reply};
use kopru_ports::oauth::OAuthErrorKind;
use kopru_ports::{PortError, Retry};

use crate::consent::NEEDED;
use crate::error::ADAPTER;
use crate::wire::{TokenRefusal, Tokens};

pub(crate) type OAuthError = PortError<OAuthErrorKind>;

/// What the token endpoint answers. What a gateway says is no refusal.
pub(crate) fn read(reply: &Reply) -> Result<Tokens, OAuthError> {
    let unavailable = |retry| Err(failed(OAuthErrorKind::Unavailable, retry));
    let unreadable = |cause| failed(OAuthErrorKind::Protocol, Retry::OutcomeUnknown).caused_by(cause);
    match reply.status {
        200..300 => reply.json().map_err(unreadable),
        429 | 503 => unavailable(Retry::After(reply.retry_after())),
        400..500 => Err(refused(&reply.json::<TokenRefusal>().map_err(unreadable)?.error)),
        _ => unavailable(Retry::OutcomeUnknown),
    }
}

/// A refusal by its code
/// (<https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow#error-codes-for-token-endpoint-errors>):
/// of the grant where a new consent helps, otherwise of our client.
fn refused(code: &str) -> OAuthError {
    match code {
        "invalid_grant" | "interaction_required" | "consent_required" | "login_required" => {
            failed(OAuthErrorKind::InvalidGrant, Retry::Never)
        }
        "temporarily_unavailable" | "server_error" => failed(OAuthErrorKind::Unavailable, Retry::After(None)),
        _ => failed(OAuthErrorKind::Misconfigured, Retry::Never).detail(code),
    }
}

/// Graph's own scopes are told with its address or without it, and in any case.
pub(crate) fn whole(scope: &str) -> String {
    let is_it = |needed: &&&str| {
        let short = needed.rsplit('/').next().unwrap_or_default();
        scope.eq_ignore_ascii_case(needed) || scope.eq_ignore_ascii_case(short)
    };
    NEEDED.iter().find(is_it).map_or_else(|| scope.to_owned(), |needed| (*needed).to_owned())
}

pub(crate) fn lost(cause: HttpError) -> OAuthError {
    let retry = if cause.failure == Failure::NotSent { Retry::After(None) } else { Retry::OutcomeUnknown };
    failed(OAuthErrorKind::Unavailable, retry).caused_by(cause)
}

pub(crate) fn failed(kind: OAuthErrorKind, retry: Retry) -> OAuthError {
    PortError::new(ADAPTER, kind, retry)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kopru_http_client::header::HeaderMap;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Mail.Send", "https://graph.microsoft.com/Mail.Send")]
    #[case("https://graph.microsoft.com/mail.readwrite", "https://graph.microsoft.com/Mail.ReadWrite")]
    #[case("openid", "openid")]
    #[case("Mail.ReadWrite.Shared", "Mail.ReadWrite.Shared")]
    fn a_scope_has_one_spelling(#[case] told: &str, #[case] expected: &str) {
        assert_eq!(whole(told), expected);
    }

    #[rstest]
    #[case(400, r#"{"error":"invalid_grant"}"#, OAuthErrorKind::InvalidGrant, Retry::Never)]
    #[case(400, r#"{"error":"interaction_required"}"#, OAuthErrorKind::InvalidGrant, Retry::Never)]
    #[case(401, r#"{"error":"invalid_client"}"#, OAuthErrorKind::Misconfigured, Retry::Never)]
    #[case(400, r#"{"error":"unauthorized_client"}"#, OAuthErrorKind::Misconfigured, Retry::Never)]
    #[case(400, r#"{"error":"temporarily_unavailable"}"#, OAuthErrorKind::Unavailable, Retry::After(None))]
    #[case(400, "<html>", OAuthErrorKind::Protocol, Retry::OutcomeUnknown)]
    #[case(200, "{}", OAuthErrorKind::Protocol, Retry::OutcomeUnknown)]
    #[case(429, "", OAuthErrorKind::Unavailable, Retry::After(Some(Duration::from_secs(7))))]
    #[case(503, "<html>", OAuthErrorKind::Unavailable, Retry::After(Some(Duration::from_secs(7))))]
    #[case(500, r#"{"error":"server_error"}"#, OAuthErrorKind::Unavailable, Retry::OutcomeUnknown)]
    #[case(302, "", OAuthErrorKind::Unavailable, Retry::OutcomeUnknown)]
    fn refusals_are_read_by_meaning(
        #[case] status: u16,
        #[case] body: &str,
        #[case] kind: OAuthErrorKind,
        #[case] retry: Retry,
    ) {
        let headers: HeaderMap = [("retry-after".parse().unwrap(), "7".parse().unwrap())].into_iter().collect();
        let error = read(&Reply { status, headers, body: body.as_bytes().to_vec() }).unwrap_err();
        assert_eq!((error.kind, error.retry), (kind, retry));
    }
}
