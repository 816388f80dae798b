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
    use CrmErrorKind::{Credentials, InvalidValue, NotAllowed, NotFound, PortalClosed, RateLimited, Unavailable};
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
            (NotAllowed, Retry::Never)
        }
        "access_denied" if status == 403 => (PortalClosed, Retry::Never),
        "access_denied" => (NotAllowed, Retry::Never),
        "payment_required" | "portal_deleted" | "crm_feature_restriction_error" => (PortalClosed, Retry::Never),
        "not_found" | "error_method_not_found" | "entity_type_not_supported" => (NotFound, Retry::Never),
        "internal_server_error" | "error_unexpected_answer" => (Unavailable, Retry::OutcomeUnknown),
        "" | "0" | "error_core" if text.to_lowercase().contains("not found") => (NotFound, Retry::Never),
        "" | "0" | "error_core" if text.to_lowercase().contains("access denied") => (NotAllowed, Retry::Never),
        _ if status == 401 => (Credentials, Retry::Never),
        _ if status >= 500 => (Unavailable, Retry::OutcomeUnknown),
        _ => (InvalidValue, Retry::Never),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CrmErrorKind::{Credentials, InvalidValue, NotAllowed, NotFound, PortalClosed, RateLimited, Unavailable};
    use rstest::rstest;

    #[rstest]
    #[case(503, "QUERY_LIMIT_EXCEEDED", "Too many requests", RateLimited)]
    #[case(200, "query_limit_exceeded", "", RateLimited)]
    #[case(429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", RateLimited)]
    #[case(503, "OVERLOAD_LIMIT", "", RateLimited)]
    #[case(401, "expired_token", "The access token provided has expired.", Credentials)]
    #[case(403, "INVALID_CREDENTIALS", "", Credentials)]
    #[case(401, "whatever", "", Credentials)]
    #[case(403, "ACCESS_DENIED", "REST API is available only on commercial plans", PortalClosed)]
    #[case(400, "ACCESS_DENIED", "Access denied.", NotAllowed)]
    #[case(403, "insufficient_scope", "", NotAllowed)]
    #[case(400, "NOT_FOUND", "Item not found", NotFound)]
    #[case(400, "", "Not found", NotFound)]
    #[case(400, "", "ID is not defined or invalid.", InvalidValue)]
    #[case(400, "100", "Expected iterable value for multiple field", InvalidValue)]
    #[case(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "Invalid value for field \"Stage\"", InvalidValue)]
    #[case(500, "INTERNAL_SERVER_ERROR", "", Unavailable)]
    fn codes_mean_what_the_documentation_says(
        #[case] status: u16,
        #[case] code: &str,
        #[case] text: &str,
        #[case] kind: CrmErrorKind,
    ) {
        assert_eq!(classify(status, code, text).0, kind);
    }
}
