//! Graph's errors: <https://learn.microsoft.com/en-us/graph/errors>.

use axum::{
    Json,
    http::{StatusCode, header::RETRY_AFTER, header::WWW_AUTHENTICATE},
    response::{IntoResponse, Response},
};
use serde_json::json;

pub(crate) use super::oauth_errors::OAuthError;
use crate::{clock, random};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    status: u16,
    code: String,
    message: String,
    retry_after: Option<u32>,
}

/// An error on demand; a 429 or a 503 asks for a pause.
pub(crate) fn on_demand(status: u16, code: &str, message: &str) -> ApiError {
    let retry_after = matches!(status, 429 | 503).then_some(1);
    ApiError { status, code: code.to_owned(), message: message.to_owned(), retry_after }
}

/// A token that is none, or no more.
pub(crate) fn unauthenticated(message: &str) -> ApiError {
    on_demand(401, "InvalidAuthenticationToken", message)
}

pub(super) fn denied() -> ApiError {
    on_demand(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
}

pub(super) fn not_found() -> ApiError {
    on_demand(404, "ErrorItemNotFound", "The specified object was not found in the store.")
}

pub(super) fn bad(code: &str, message: &str) -> ApiError {
    on_demand(400, code, message)
}

pub(super) fn too_large() -> ApiError {
    on_demand(413, "RequestEntityTooLarge", "The request is too large. Upload large attachments in a session.")
}

/// <https://learn.microsoft.com/en-us/graph/throttling-limits#outlook-service-limits>
pub(super) fn throttled(limit: &str, retry_after: u32) -> ApiError {
    let message = format!("Application is over its {limit} limit.");
    ApiError { retry_after: Some(retry_after), ..on_demand(429, "ApplicationThrottled", &message) }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let request = random::uuid();
        let inner = json!({
            "date": clock::real_now().strftime("%Y-%m-%dT%H:%M:%S").to_string(), "request-id": request,
            "client-request-id": request,
        });
        let body = json!({"error": {"code": self.code, "message": self.message, "innerError": inner}});
        let mut answer = (status, [("request-id", request)], Json(body)).into_response();
        if let Some(seconds) = self.retry_after {
            answer.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            answer.headers_mut().insert(WWW_AUTHENTICATE, axum::http::HeaderValue::from_static("Bearer realm=\"\""));
        }
        answer
    }
}
