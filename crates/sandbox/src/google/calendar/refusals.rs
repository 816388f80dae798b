//! What Calendar refuses, in its own words.
//! <https://developers.google.com/workspace/calendar/api/guides/errors>

use super::super::errors::{ApiError, on_demand};

pub(super) fn refused(code: u16, reason: &str, message: &str) -> ApiError {
    on_demand(code, reason, message).legacy()
}

pub(super) fn invalid(message: &str) -> ApiError {
    refused(400, "invalid", message)
}

pub(super) fn required(message: &str) -> ApiError {
    refused(400, "required", message)
}

pub(super) fn not_found() -> ApiError {
    refused(404, "notFound", "Not Found")
}

pub(super) fn duplicate() -> ApiError {
    refused(409, "duplicate", "The requested identifier already exists.")
}

pub(super) fn deleted() -> ApiError {
    refused(410, "deleted", "Resource has been deleted")
}

pub(super) fn condition_not_met() -> ApiError {
    refused(412, "conditionNotMet", "Precondition Failed")
}
