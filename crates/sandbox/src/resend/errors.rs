//! Resend's error body, and the names that alone tell errors apart:
//! <https://resend.com/docs/api-reference/errors>.

use axum::{
    Json,
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use serde_json::json;

/// Name, HTTP status and usual text. A `validation_error` comes with more than one status.
const NAMES: [(&str, u16, &str); 21] = [
    ("invalid_idempotency_key", 400, "The key must be between 1-256 chars."),
    ("validation_error", 422, "We found an error with one or more fields in the request."),
    ("missing_api_key", 401, "Missing API key in the authorization header."),
    ("restricted_api_key", 401, "This API key is restricted to only send emails."),
    ("invalid_api_key", 403, "API key is invalid."),
    ("suspended_api_key", 403, "This API key is suspended."),
    ("invalid_permission", 403, "This API key may not do that."),
    ("email_above_quota", 403, "You have reached your email sending quota."),
    ("not_found", 404, "The requested endpoint does not exist."),
    ("method_not_allowed", 405, "Method is not allowed for the requested path."),
    ("invalid_idempotent_request", 409, "Same idempotency key used with a different request payload."),
    ("concurrent_idempotent_requests", 409, "Same idempotency key used while original request is still in progress."),
    ("resource_locked", 409, "The resource is locked by another request."),
    ("invalid_attachment", 422, "Attachment must have either a `content` or `path`."),
    ("invalid_parameter", 422, "The parameter must be a valid UUID."),
    ("missing_required_field", 422, "The request body is missing one or more required fields."),
    ("rate_limit_exceeded", 429, "Too many requests. Please limit the number of requests per second."),
    ("daily_quota_exceeded", 429, "You have reached your daily email sending quota."),
    ("monthly_quota_exceeded", 429, "You have reached your monthly email sending quota."),
    ("application_error", 500, "An unexpected error occurred."),
    ("service_unavailable", 503, "The service is unavailable."),
];

/// A refusal of the request as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    status: u16,
    name: String,
    pub message: String,
}

impl ApiError {
    pub fn saying(self, message: impl Into<String>) -> Self {
        Self { message: message.into(), ..self }
    }
}

pub(crate) fn refused(name: &str) -> ApiError {
    on_demand(None, name, "")
}

/// What is wrong with a field of the body.
pub(super) fn invalid(message: impl Into<String>) -> ApiError {
    refused("validation_error").saying(message)
}

/// What the team may not send.
pub(super) fn forbidden(message: impl Into<String>) -> ApiError {
    on_demand(Some(403), "validation_error", &message.into())
}

pub(super) fn malformed(message: &str) -> ApiError {
    on_demand(Some(400), "validation_error", message)
}

pub(super) fn missing(field: &str) -> ApiError {
    refused("missing_required_field").saying(format!("Missing `{field}` field."))
}

/// An error of that name; its status and text are the usual ones where none are given.
pub(crate) fn on_demand(status: Option<u16>, name: &str, message: &str) -> ApiError {
    let known = NAMES.iter().find(|(known, ..)| *known == name);
    let (usual, text) = known.map_or((500, ""), |(_, status, text)| (*status, *text));
    let message = if message.is_empty() { text } else { message };
    ApiError { status: status.unwrap_or(usual), name: name.to_owned(), message: message.to_owned() }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = Json(json!({"statusCode": self.status, "name": self.name, "message": self.message}));
        if self.name == "rate_limit_exceeded" {
            return (status, [(RETRY_AFTER, "1")], body).into_response();
        }
        (status, body).into_response()
    }
}
