//! Bitrix24's errors by meaning. Sources disagree about statuses, so the code counts first, in any case
//! ([error codes](https://apidocs.bitrix24.com/api-reference/errors.html)).

use std::time::Duration;

use kopru_ports::crm::{CrmError, CrmErrorKind};
use kopru_ports::{PortError, Retry};

pub(crate) const ADAPTER: &str = "bitrix24";

/// What the portal leaks until the next calls go through.
const A_MOMENT: Duration = Duration::from_secs(2);
/// The refusal does not say how long: the shortest pause after which it makes sense to ask again.
const OPERATING: Duration = Duration::from_secs(10);
/// An individual block, lifted by the vendor's support.
const BLOCKED: Duration = Duration::from_mins(15);

pub(crate) fn error(kind: CrmErrorKind, retry: Retry) -> CrmError {
    PortError::new(ADAPTER, kind, retry)
}

/// What an error code means. `text` is looked at only where the code is empty, as old methods leave it.
pub(crate) fn classify(status: u16, code: &str, text: &str) -> (CrmErrorKind, Retry) {
    use CrmErrorKind::{
        Credentials, InvalidValue, NotAllowed, NotFound, NotOffered, PortalClosed, RateLimited, ScopeMissing,
        Unavailable,
    };
    match code.to_ascii_lowercase().as_str() {
        "query_limit_exceeded" => (RateLimited, Retry::After(Some(A_MOMENT))),
        "operation_time_limit" => (RateLimited, Retry::After(Some(OPERATING))),
        "overload_limit" => (RateLimited, Retry::After(Some(BLOCKED))),
        "expired_token"
        | "invalid_token"
        | "no_auth_found"
        | "invalid_credentials"
        | "application_not_found"
        | "error_oauth"
        | "authorization_error"
        | "wrong_auth_type"
        | "method_confirm_waiting"
        | "method_confirm_denied" => (Credentials, Retry::Never),
        "insufficient_scope" | "user_access_error" | "access_error" | "allowed_only_intranet_user" => {
            (ScopeMissing, Retry::Never)
        }
        "access_denied" if status == 403 => (PortalClosed, Retry::Never),
        "access_denied" => (NotAllowed, Retry::Never),
        "payment_required" | "portal_deleted" => (PortalClosed, Retry::Never),
        "crm_feature_restriction_error"
        | "create_dynamic_item_restricted"
        | "update_dynamic_item_restricted"
        // The module is not there: no record is gone.
        | "error_method_not_found"
        | "error_manifest_is_not_available" => (NotOffered, Retry::Never),
        "not_found" | "entity_type_not_supported" => (NotFound, Retry::Never),
        // Ours to mend, and no value's fault.
        "invalid_request" | "error_batch_length_exceeded" | "error_batch_method_not_allowed" => {
            (Unavailable, Retry::After(None))
        }
        // The answer could not be written; what was asked for may be done.
        "internal_server_error" | "error_unexpected_answer" | "wrong_encoding" => (Unavailable, Retry::OutcomeUnknown),
        "" | "0" | "error_core" if text.to_lowercase().contains("not found") => (NotFound, Retry::Never),
        "" | "0" | "error_core" if text.to_lowercase().contains("access denied") => (NotAllowed, Retry::Never),
        _ if status == 401 => (Credentials, Retry::Never),
        _ if status == 429 => (RateLimited, Retry::After(Some(OPERATING))),
        _ if status >= 500 => (Unavailable, Retry::OutcomeUnknown),
        _ => (InvalidValue, Retry::Never),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CrmErrorKind::{
        Credentials, InvalidValue, NotAllowed, NotFound, NotOffered, PortalClosed, RateLimited, ScopeMissing,
        Unavailable,
    };
    use rstest::rstest;

    const UNKNOWN: Retry = Retry::OutcomeUnknown;

    fn after(pause: Duration) -> Retry {
        Retry::After(Some(pause))
    }

    /// Every code of the vendor's pages and clients, whatever its letters' case.
    #[rstest]
    #[case(503, "QUERY_LIMIT_EXCEEDED", "Too many requests", RateLimited, after(A_MOMENT))]
    #[case(200, "QUERY_LIMIT_EXCEEDED", "Too many requests", RateLimited, after(A_MOMENT))]
    #[case(
        429,
        "OPERATION_TIME_LIMIT",
        "Method is blocked due to operation time limit.",
        RateLimited,
        after(OPERATING)
    )]
    #[case(503, "OVERLOAD_LIMIT", "", RateLimited, after(BLOCKED))]
    #[case(200, "OVERLOAD_LIMIT", "", RateLimited, after(BLOCKED))]
    #[case(401, "expired_token", "The access token provided has expired.", Credentials, Retry::Never)]
    #[case(401, "invalid_token", "", Credentials, Retry::Never)]
    #[case(401, "NO_AUTH_FOUND", "Wrong authorization data", Credentials, Retry::Never)]
    #[case(401, "INVALID_CREDENTIALS", "Invalid request credentials", Credentials, Retry::Never)]
    #[case(403, "INVALID_CREDENTIALS", "Invalid request credentials", Credentials, Retry::Never)]
    #[case(401, "APPLICATION_NOT_FOUND", "", Credentials, Retry::Never)]
    #[case(401, "ERROR_OAUTH", "", Credentials, Retry::Never)]
    #[case(401, "authorization_error", "", Credentials, Retry::Never)]
    #[case(403, "WRONG_AUTH_TYPE", "", Credentials, Retry::Never)]
    #[case(401, "METHOD_CONFIRM_WAITING", "", Credentials, Retry::Never)]
    #[case(403, "METHOD_CONFIRM_DENIED", "", Credentials, Retry::Never)]
    #[case(401, "whatever", "", Credentials, Retry::Never)]
    #[case(403, "insufficient_scope", "", ScopeMissing, Retry::Never)]
    #[case(401, "insufficient_scope", "", ScopeMissing, Retry::Never)]
    #[case(403, "user_access_error", "", ScopeMissing, Retry::Never)]
    #[case(403, "ACCESS_ERROR", "", ScopeMissing, Retry::Never)]
    #[case(403, "allowed_only_intranet_user", "", ScopeMissing, Retry::Never)]
    #[case(400, "ACCESS_DENIED", "Access denied.", NotAllowed, Retry::Never)]
    #[case(403, "ACCESS_DENIED", "REST API is available only on commercial plans", PortalClosed, Retry::Never)]
    #[case(402, "PAYMENT_REQUIRED", "", PortalClosed, Retry::Never)]
    #[case(500, "PORTAL_DELETED", "", PortalClosed, Retry::Never)]
    #[case(403, "PORTAL_DELETED", "", PortalClosed, Retry::Never)]
    #[case(410, "PORTAL_DELETED", "", PortalClosed, Retry::Never)]
    #[case(400, "CREATE_DYNAMIC_ITEM_RESTRICTED", "", NotOffered, Retry::Never)]
    #[case(400, "UPDATE_DYNAMIC_ITEM_RESTRICTED", "", NotOffered, Retry::Never)]
    #[case(400, "CRM_FEATURE_RESTRICTION_ERROR", "", NotOffered, Retry::Never)]
    #[case(404, "ERROR_METHOD_NOT_FOUND", "Method not found!", NotOffered, Retry::Never)]
    #[case(404, "ERROR_MANIFEST_IS_NOT_AVAILABLE", "", NotOffered, Retry::Never)]
    #[case(400, "INVALID_REQUEST", "Https required", Unavailable, Retry::After(None))]
    #[case(400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded", Unavailable, Retry::After(None))]
    #[case(405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "", Unavailable, Retry::After(None))]
    #[case(400, "NOT_FOUND", "Item not found", NotFound, Retry::Never)]
    #[case(400, "ENTITY_TYPE_NOT_SUPPORTED", "", NotFound, Retry::Never)]
    #[case(400, "INVALID_ARG_VALUE", "", InvalidValue, Retry::Never)]
    #[case(400, "ERROR_ARGUMENT", "", InvalidValue, Retry::Never)]
    #[case(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "Invalid value for field \"Stage\"", InvalidValue, Retry::Never)]
    #[case(400, "CRM_FIELD_ERROR_REQUIRED", "", InvalidValue, Retry::Never)]
    #[case(400, "100", "Expected iterable value for multiple field", InvalidValue, Retry::Never)]
    #[case(400, "", "Not found", NotFound, Retry::Never)]
    #[case(400, "", "Access denied.", NotAllowed, Retry::Never)]
    #[case(400, "", "ID is not defined or invalid.", InvalidValue, Retry::Never)]
    #[case(400, "", "Parameter 'fields' must be array.", InvalidValue, Retry::Never)]
    #[case(400, "ERROR_CORE", "Disk resource exhausted", InvalidValue, Retry::Never)]
    #[case(400, "0", "Not found", NotFound, Retry::Never)]
    #[case(400, "Communication type is not defined", "Parameter 'type' is required.", InvalidValue, Retry::Never)]
    #[case(500, "INTERNAL_SERVER_ERROR", "", Unavailable, UNKNOWN)]
    #[case(500, "ERROR_UNEXPECTED_ANSWER", "", Unavailable, UNKNOWN)]
    #[case(200, "WRONG_ENCODING", "", Unavailable, UNKNOWN)]
    #[case(502, "whatever", "", Unavailable, UNKNOWN)]
    #[case(429, "whatever", "", RateLimited, after(OPERATING))]
    fn codes_mean_what_the_documentation_says(
        #[case] status: u16,
        #[case] code: &str,
        #[case] text: &str,
        #[case] kind: CrmErrorKind,
        #[case] retry: Retry,
    ) {
        for spelled in [code.to_owned(), code.to_lowercase(), code.to_uppercase()] {
            assert_eq!(classify(status, &spelled, text), (kind, retry), "{spelled}");
        }
    }
}
