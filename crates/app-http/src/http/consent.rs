//! What the consents to all vendors have in common.

use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use kopru_engine::{ConsentAnswer, EngineError};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::IntoParams;

use super::auth::cookie;
use super::pages::Page;
use super::problem::{language, status_of};

/// Where to go after the consent.
#[derive(Deserialize, IntoParams)]
pub struct AuthorizeQuery {
    /// A path of this service or a page of one of the company's origins, where the person goes afterwards; a page that
    /// says so where it is not given.
    pub return_to: Option<String>,
}

/// What a vendor sends back.
#[derive(Deserialize, IntoParams)]
pub struct CallbackQuery {
    /// The code, where the person agreed.
    #[param(value_type = Option<String>)]
    code: Option<SecretString>,
    /// The state that was given to the vendor.
    #[param(value_type = Option<String>)]
    state: Option<SecretString>,
    /// Why there is no code.
    error: Option<String>,
}

/// Ends a consent by `complete`, which says where the person goes next; a page where it did not come to that.
pub async fn end(
    headers: &HeaderMap,
    query: CallbackQuery,
    complete: impl AsyncFnOnce(ConsentAnswer) -> Result<String, EngineError>,
) -> Response {
    let language = language(headers);
    let Some(state) = query.state else { return Page::Expired.show(StatusCode::BAD_REQUEST, language) };
    let Some(code) = query.code else { return refused(query.error.as_deref()).show(StatusCode::OK, language) };
    match complete(ConsentAnswer { state, code, cookie: cookie(headers) }).await {
        Ok(return_to) => Redirect::to(&return_to).into_response(),
        Err(error) => {
            tracing::info!(%error, "a consent failed");
            Page::from(&error).show(status_of(&error), language)
        }
    }
}

/// What a vendor's refusal means for the person.
fn refused(error: Option<&str>) -> Page {
    match error {
        None | Some("access_denied") => Page::Cancelled,
        Some("admin_policy_enforced" | "org_internal") => Page::AdministratorFirst,
        Some(error) => {
            tracing::error!(error, "the vendor refuses our consents: look at the app's settings there");
            Page::Failed
        }
    }
}
