use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Redirect, Response};
use kopru_engine::{EngineError, GoogleStatus, personal};
use kopru_ports::tokens::{ConnectionStatus, Service};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::{Person, PersonHeader};
use super::consent::{AuthorizeQuery, CallbackQuery, ConsentAddress};
use super::input::Query;
use super::problem::Answer;
use super::{App, ProblemDocument, consent};

/// How a person's connection is.
#[derive(Serialize, ToSchema)]
pub struct GoogleState {
    /// How it is.
    #[schema(value_type = String)]
    status: ConnectionStatus,
    /// What went wrong last.
    last_error: Option<String>,
    /// The account's address.
    account: String,
    /// What was granted.
    scopes: Vec<String>,
}

impl From<GoogleStatus> for GoogleState {
    fn from(found: GoogleStatus) -> Self {
        Self { status: found.status, last_error: found.last_error, account: found.account, scopes: found.scopes }
    }
}

/// Begins a consent: the address in `Location` is to be opened in the person's browser. At the console a browser can
/// come here by itself; elsewhere the host's own server makes this call.
#[utoipa::path(get, path = "/sheet-sync/oauth/authorize", tag = "google", params(PersonHeader, AuthorizeQuery),
    responses((status = 303), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn authorize(
    State(app): State<App>,
    person: Person,
    Query(query): Query<AuthorizeQuery>,
) -> Answer<Redirect> {
    Ok(Redirect::to(&address(&app, &person, query).await?))
}

/// Begins a consent from a page that calls by itself: one that was begun with a session or a token of the host's own ends
/// with `POST /api/v1/consents/redeem`.
#[utoipa::path(post, path = "/sheet-sync/oauth/authorize", tag = "google", params(PersonHeader, AuthorizeQuery),
    responses((status = 200, body = ConsentAddress), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn begin(
    State(app): State<App>,
    person: Person,
    Query(query): Query<AuthorizeQuery>,
) -> Answer<Json<ConsentAddress>> {
    Ok(Json(ConsentAddress { url: address(&app, &person, query).await? }))
}

async fn address(app: &App, person: &Person, query: AuthorizeQuery) -> Answer<String> {
    let return_to = query.return_to.as_deref().unwrap_or("/sheet-sync");
    Ok(app.engine.begin_google(&person.caller, (&person.user, Service::GoogleSheets), return_to).await?)
}

/// Google's return address: bound to the person by its state.
#[utoipa::path(get, path = "/sheet-sync/oauth/callback", tag = "google", params(CallbackQuery), security(()),
    responses((status = 303), (status = "default", description = "a page that says what happened", content_type = "text/html")))]
pub async fn callback(State(app): State<App>, headers: HeaderMap, Query(query): Query<CallbackQuery>) -> Response {
    consent::end(app, &headers, Service::GoogleSheets, query).await
}

/// How the person's Google connection is.
#[utoipa::path(get, path = "/api/v1/sheet-sync/google", tag = "google", params(PersonHeader),
    responses((status = 200, body = GoogleState), (status = 404, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn status(State(app): State<App>, person: Person) -> Answer<Json<GoogleState>> {
    let key = personal(&person.company, &person.user, Service::GoogleSheets);
    let found = app.engine.google_status(&key).await?.ok_or(EngineError::NotFound("connection"))?;
    Ok(Json(found.into()))
}

/// Ends the person's Google connection; what ran on it pauses, its queue stays.
#[utoipa::path(delete, path = "/api/v1/sheet-sync/google", tag = "google", params(PersonHeader),
    responses((status = 204), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn disconnect(State(app): State<App>, person: Person) -> Answer<StatusCode> {
    let key = personal(&person.company, &person.user, Service::GoogleSheets);
    app.engine.disconnect_google(&person.caller, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
