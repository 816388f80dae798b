use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use kopru_engine::Engine;

use super::auth::Administrator;
use super::consent::{self, AuthorizeQuery, CallbackQuery, ConsentAddress};
use super::input::Query;
use super::pages::MAILBOX_CONNECTED;
use super::problem::Answer;
use super::{App, ProblemDocument};

/// Begins the consent to the mailbox that the company's e-mails go by: `gmail` or `outlook`. Whoever has the mailbox
/// opens the address.
#[utoipa::path(post, path = "/api/v1/companies/{company}/integrations/{vendor}/consent", tag = "integrations",
    params(("company" = String, Path), ("vendor" = String, Path), AuthorizeQuery),
    responses((status = 200, body = ConsentAddress), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn begin(
    State(app): State<App>,
    caller: Administrator,
    Path((company, vendor)): Path<(String, String)>,
    Query(query): Query<AuthorizeQuery>,
) -> Answer<Json<ConsentAddress>> {
    let return_to = query.return_to.as_deref().unwrap_or(MAILBOX_CONNECTED);
    let url = app.engine.begin_mailbox(&caller.0.of(&company)?, &vendor, return_to).await?;
    Ok(Json(ConsentAddress { url }))
}

/// The vendor's return address: bound to the company by its state.
#[utoipa::path(get, path = "/api/integrations/oauth/{vendor}/callback", tag = "integrations",
    params(("vendor" = String, Path), CallbackQuery), security(()),
    responses((status = 303), (status = "default", description = "a page that says what happened", content_type = "text/html")))]
pub async fn callback(
    State(app): State<App>,
    Path(vendor): Path<String>,
    headers: HeaderMap,
    Query(query): Query<CallbackQuery>,
) -> Response {
    match Engine::mailbox_service(&vendor) {
        Some(service) => consent::end(app, &headers, service, query).await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
