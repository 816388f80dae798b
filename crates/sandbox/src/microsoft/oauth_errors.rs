//! What the identity platform refuses, with its AADSTS numbers.
//! <https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes>

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{clock, random};

/// Number, RFC 6749's code, HTTP status and text.
const KNOWN: [(u32, &str, u16, &str); 15] = [
    (700_016, "unauthorized_client", 400, "Application with this identifier was not found in the directory."),
    (7_000_215, "invalid_client", 401, "Invalid client secret provided."),
    (7_000_218, "invalid_client", 401, "The request body must contain the following parameter: 'client_secret'."),
    (900_144, "invalid_request", 400, "The request body must contain a parameter that is not there."),
    (70_003, "unsupported_grant_type", 400, "The app requested an unsupported grant type."),
    (70_000, "invalid_grant", 400, "The provided authorization code or refresh token is malformed or not valid."),
    (70_008, "invalid_grant", 400, "The provided authorization code or refresh token has expired due to inactivity."),
    (54_005, "invalid_grant", 400, "OAuth2 Authorization code was already redeemed."),
    (501_481, "invalid_grant", 400, "The Code_Verifier does not match the code_challenge supplied."),
    (50_011, "invalid_grant", 400, "The reply URL does not match the one of the authorization request."),
    (
        50_173,
        "invalid_grant",
        400,
        "The provided grant has expired due to it being revoked. The user might have changed or reset their password.",
    ),
    (
        65_001,
        "invalid_grant",
        400,
        "The user or administrator has not consented to use the application with these scopes.",
    ),
    (50_076, "interaction_required", 400, "Due to a configuration change you must use multi-factor authentication."),
    (90_033, "temporarily_unavailable", 503, "A transient error has occurred. Please try again."),
    (90_000, "server_error", 500, "A server error has occurred."),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OAuthError(u32);

pub(super) fn aadsts(number: u32) -> OAuthError {
    OAuthError(number)
}

impl OAuthError {
    /// The first of those that bear this name.
    pub fn named(code: &str) -> Option<Self> {
        KNOWN.iter().find(|(_, known, ..)| *known == code).map(|(number, ..)| Self(*number))
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let found = KNOWN.iter().find(|(number, ..)| *number == self.0);
        let (_, code, status, text) = found.copied().unwrap_or((self.0, "server_error", 500, ""));
        let (trace, correlation) = (random::uuid(), random::uuid());
        let time = clock::real_now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = json!({
            "error": code,
            "error_description":
                format!("AADSTS{}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}", self.0),
            "error_codes": [self.0],
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": correlation,
        });
        (status, Json(body)).into_response()
    }
}
