//! Google's error shapes: google.rpc (Sheets), the older one (Drive), and both at once (Gmail).
//! <https://cloud.google.com/apis/design/errors>

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::state::Exhausted;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Rpc,
    Legacy,
    Both,
}

#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    code: u16,
    status: &'static str,
    message: String,
    /// The machine-readable cause, in `details` or in `errors`.
    reason: String,
    quota_limit: Option<String>,
    shape: Shape,
}

impl ApiError {
    fn new(code: u16, status: &'static str, reason: &str, message: impl Into<String>) -> Self {
        Self { code, status, message: message.into(), reason: reason.to_owned(), quota_limit: None, shape: Shape::Rpc }
    }

    /// In the shape that Drive uses.
    pub fn legacy(self) -> Self {
        Self { shape: Shape::Legacy, ..self }
    }

    /// In the shape that Gmail uses.
    pub fn in_both(self) -> Self {
        Self { shape: Shape::Both, ..self }
    }

    pub fn message(&self) -> String {
        self.message.clone()
    }

    /// Names the part of the request that is at fault.
    pub fn within(mut self, part: &str) -> Self {
        self.message.insert_str(0, part);
        self
    }

    /// Reasons of the newer kind are in capitals.
    fn has_details(&self) -> bool {
        let is_new = self.reason.starts_with(|letter: char| letter.is_ascii_uppercase());
        match self.shape {
            Shape::Rpc => !self.reason.is_empty(),
            Shape::Legacy => false,
            Shape::Both => is_new,
        }
    }

    fn body(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if self.shape != Shape::Rpc {
            let reason = match self.reason.as_str() {
                "ACCESS_TOKEN_SCOPE_INSUFFICIENT" => "insufficientPermissions",
                "" if self.code == 401 => "authError",
                "" => "invalid",
                other => other,
            };
            let domain = if reason.ends_with("Exceeded") { "usageLimits" } else { "global" };
            error["errors"] = json!([{"domain": domain, "reason": reason, "message": self.message}]);
        }
        if self.shape != Shape::Legacy || self.code == 401 {
            error["status"] = json!(self.status);
        }
        if self.has_details() {
            error["details"] = json!([{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": self.reason,
                "domain": "googleapis.com",
            }]);
            if let Some(limit) = &self.quota_limit {
                error["details"][0]["metadata"] = json!({"service": "sheets.googleapis.com", "quota_limit": limit});
            }
        }
        json!({"error": error})
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.body())).into_response()
    }
}

pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(400, "INVALID_ARGUMENT", "", message)
}

pub(crate) fn not_found() -> ApiError {
    ApiError::new(404, "NOT_FOUND", "", "Requested entity was not found.")
}

pub(crate) fn unauthenticated() -> ApiError {
    let text = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.";
    ApiError::new(401, "UNAUTHENTICATED", "", text)
}

pub(super) fn insufficient_scope() -> ApiError {
    let text = "Request had insufficient authentication scopes.";
    ApiError::new(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", text)
}

pub(super) fn quota(kind: &str, whose: Exhausted) -> ApiError {
    let (words, id) = match whose {
        Exhausted::Project => ("per minute", "PerMinutePerProject"),
        Exhausted::Person => ("per minute per user", "PerMinutePerUser"),
    };
    let text = format!(
        "Quota exceeded for quota metric '{kind} requests' and limit '{kind} requests {words}' of service 'sheets.googleapis.com'."
    );
    let quota_limit = Some(format!("{kind}Requests{id}"));
    ApiError { quota_limit, ..ApiError::new(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", text) }
}

/// The error as the interface at `path` writes it.
pub(crate) fn in_shape(error: ApiError, path: &str) -> ApiError {
    let is_legacy = ["/drive/", "/calendar/"].iter().any(|part| path.contains(part));
    if path.contains("/gmail/") {
        return error.in_both();
    }
    if is_legacy { error.legacy() } else { error }
}

/// An error on demand, with a reason of the caller's choice.
pub(crate) fn on_demand(code: u16, reason: &str, message: &str) -> ApiError {
    let status = match code {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ALREADY_EXISTS",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
    };
    ApiError::new(code, status, reason, message)
}

/// What Google says of a key that its interface description lacks.
pub(super) fn unknown_query(name: &str) -> ApiError {
    invalid(format!(
        "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. Field '{name}' could not be found in request message."
    ))
}
