//! The error envelope and its codes: <https://apidocs.bitrix24.com/error-codes.html>.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub(crate) struct RestError {
    pub status: StatusCode,
    pub code: String,
    pub description: String,
}

impl RestError {
    pub fn new(status: StatusCode, code: &str, description: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), description: description.into() }
    }

    /// A refusal without a status is 400 on the real portal.
    pub fn bad(code: &str, description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, description)
    }

    /// The old CRM methods fail with an empty code and only a text.
    pub fn legacy(description: impl Into<String>) -> Self {
        Self::bad("", description)
    }

    pub fn body(&self) -> Value {
        json!({"error": self.code, "error_description": self.description})
    }
}

impl IntoResponse for RestError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}

pub(crate) fn expired_token() -> RestError {
    let text = "The access token provided has expired.";
    RestError::new(StatusCode::UNAUTHORIZED, "expired_token", text)
}

pub(super) fn https_required() -> RestError {
    RestError::bad("INVALID_REQUEST", "Https required.")
}

pub(super) fn method_not_found() -> RestError {
    RestError::new(StatusCode::NOT_FOUND, "ERROR_METHOD_NOT_FOUND", "Method not found!")
}

pub(super) fn query_limit() -> RestError {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    RestError::new(status, "QUERY_LIMIT_EXCEEDED", "Too many requests")
}

pub(super) fn operation_time_limit() -> RestError {
    let text = "Method is blocked due to operation time limit.";
    RestError::new(StatusCode::TOO_MANY_REQUESTS, "OPERATION_TIME_LIMIT", text)
}

pub(super) fn missing(parameter: &str) -> RestError {
    RestError::bad("100", format!("Could not find value for parameter {{{parameter}}}"))
}

pub(super) fn item_not_found() -> RestError {
    RestError::bad("NOT_FOUND", "Item not found")
}
