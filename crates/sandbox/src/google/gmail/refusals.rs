//! What Gmail refuses, in its own words.
//! <https://developers.google.com/workspace/gmail/api/guides/handle-errors>

use super::super::errors::{ApiError, on_demand};

pub(super) fn refused(code: u16, reason: &str, message: &str) -> ApiError {
    on_demand(code, reason, message).in_both()
}

pub(super) fn invalid(message: &str) -> ApiError {
    refused(400, "invalidArgument", message)
}

pub(super) fn no_message() -> ApiError {
    invalid("'raw' RFC822 payload message string or uploading message via /upload/* URL required")
}

pub(super) fn not_found() -> ApiError {
    refused(404, "notFound", "Requested entity was not found.")
}

pub(super) fn delegation_denied(user: &str) -> ApiError {
    refused(403, "forbidden", &format!("Delegation denied for {user}"))
}
