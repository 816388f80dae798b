//! Google's two error shapes: google.rpc (Sheets) and the older one (Drive).
//! <https://cloud.google.com/apis/design/errors>

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

#[derive(Debug, Clone)]
pub(crate) struct ApiError {
    code: u16,
    status: &'static str,
    message: String,
    /// The machine-readable cause, in `details` or in `errors`.
    reason: &'static str,
    legacy: bool,
}

impl ApiError {
    fn new(code: u16, status: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, status, message: message.into(), reason, legacy: false }
    }

    /// In the shape that Drive uses.
    pub fn legacy(self) -> Self {
        Self { legacy: true, ..self }
    }

    /// Names the part of the request that is at fault.
    pub fn within(mut self, part: &str) -> Self {
        self.message.insert_str(0, part);
        self
    }

    fn body(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if self.legacy {
            let reason = match self.reason {
                "ACCESS_TOKEN_SCOPE_INSUFFICIENT" => "insufficientPermissions",
                "" if self.code == 401 => "authError",
                "" => "invalid",
                other => other,
            };
            error["errors"] = json!([{"domain": "global", "reason": reason, "message": self.message}]);
        }
        if !self.legacy || self.code == 401 {
            error["status"] = json!(self.status);
        }
        if !self.legacy && !self.reason.is_empty() {
            error["details"] = json!([{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": self.reason,
                "domain": "googleapis.com",
            }]);
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

pub(super) fn quota(kind: &str) -> ApiError {
    let text = format!(
        "Quota exceeded for quota metric '{kind} requests' and limit '{kind} requests per minute' of service 'sheets.googleapis.com'."
    );
    ApiError::new(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", text)
}

/// What Google says of a key that its interface description lacks.
pub(super) fn unknown_query(name: &str) -> ApiError {
    invalid(format!(
        "Invalid JSON payload received. Unknown name \"{name}\": Cannot bind query parameter. Field '{name}' could not be found in request message."
    ))
}
