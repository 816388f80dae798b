//! What the consents to all vendors have in common.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use kopru_domain::Language;
use kopru_engine::{ConsentAnswer, ConsentEnd, ParkedConsent, is_path};
use kopru_ports::tokens::Service;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;
use utoipa::{IntoParams, ToSchema};

use super::auth::{Known, cookie};
use super::console::unseen;
use super::input::Body;
use super::pages::Page;
use super::problem::{Answer, language, status_of};
use super::{App, ProblemDocument};

/// What a browser brings to the page that began the consent.
const CODE: &str = "kopru_code";

/// Where to go after the consent.
#[derive(Deserialize, IntoParams)]
pub struct AuthorizeQuery {
    /// A path of this service or a page of one of the company's origins, where the person goes afterwards; a page that
    /// says so where it is not given.
    pub return_to: Option<String>,
}

/// Where a consent is given.
#[derive(Serialize, ToSchema)]
pub struct ConsentAddress {
    /// The address to be opened in the person's browser.
    pub url: String,
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

/// Takes what a vendor sent the person back with.
pub async fn end(app: App, headers: &HeaderMap, service: Service, query: CallbackQuery) -> Response {
    let language = language(headers);
    let Some(state) = query.state else { return Page::Expired.show(StatusCode::BAD_REQUEST, language) };
    let Some(code) = query.code else { return refused(query.error.as_deref()).show(StatusCode::OK, language) };
    match app.engine.end_consent(service, ConsentAnswer { state, code, cookie: cookie(headers) }).await {
        Ok(ConsentEnd::Connected { return_to }) => Redirect::to(&return_to).into_response(),
        Ok(ConsentEnd::Parked(parked)) => unseen(handed(&parked, language)),
        Err(error) => {
            tracing::info!(%error, "a consent failed");
            Page::from(&error).show(status_of(&error), language)
        }
    }
}

/// Gives the code to the company's page alone: with the address that the browser goes back to, or from this window to
/// the one that opened it.
fn handed(parked: &ParkedConsent, language: Language) -> Response {
    match Url::parse(&parked.return_to) {
        Ok(mut page) if !is_path(&parked.return_to) => {
            page.query_pairs_mut().append_pair(CODE, parked.code.expose_secret());
            Redirect::to(page.as_str()).into_response()
        }
        _ => Page::Agreed.show_with(StatusCode::OK, language, &telling(parked)),
    }
}

/// Browsers deliver it to a window of these origins and to no other.
fn telling(parked: &ParkedConsent) -> String {
    let message = json!({ "type": "kopru-consent", "code": parked.code.expose_secret() });
    let origins = json!(parked.origins).to_string().replace('<', "\\u003c");
    format!("<script>for (const origin of {origins}) window.opener?.postMessage({message}, origin);</script>")
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

/// What stands for a consent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Redemption {
    /// The code that the browser brought back.
    #[schema(value_type = String)]
    code: SecretString,
}

/// What is connected now.
#[derive(Serialize, ToSchema)]
pub struct Redeemed {
    /// `google-sheets`, `google-calendar` or `bitrix24`.
    service: &'static str,
}

/// Ends a consent that a page began with a session or a token of the host's own: with the same session, or a token of the
/// same person, and the code that the browser was given when the vendor sent it back. It works once, within two minutes.
#[utoipa::path(post, path = "/api/v1/consents/redeem", tag = "sessions", request_body = Redemption,
    responses((status = 200, body = Redeemed), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn redeem(
    State(app): State<App>,
    Known(caller): Known,
    Body(body): Body<Redemption>,
) -> Answer<Json<Redeemed>> {
    let connected = app.engine.redeem_consent(&caller, &body.code).await?;
    Ok(Json(Redeemed { service: connected.service.name() }))
}
