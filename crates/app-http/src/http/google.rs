use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use kopru_engine::EngineError;
use kopru_ports::tokens::ConnectionStatus;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::auth::{Person, PersonHeader, Query};
use super::pages::Page;
use super::problem::{Answer, language, status_of};
use super::{App, ProblemDocument};

/// Where to go after the consent.
#[derive(Deserialize, IntoParams)]
pub struct AuthorizeQuery {
    /// A path of this service, where the person goes afterwards; a page that says so where it is not given.
    return_to: Option<String>,
}

/// What Google sends back.
#[derive(Deserialize, IntoParams)]
pub struct CallbackQuery {
    /// The code, where the person agreed.
    #[param(value_type = Option<String>)]
    code: Option<SecretString>,
    /// The state that was given to Google.
    #[param(value_type = Option<String>)]
    state: Option<SecretString>,
}

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

/// Begins a consent: the address in `Location` is to be opened in the person's browser. A browser cannot send
/// these headers, so the host's own server makes this call.
#[utoipa::path(get, path = "/sheet-sync/oauth/authorize", tag = "google", params(PersonHeader, AuthorizeQuery),
    responses((status = 303), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn authorize(
    State(app): State<App>,
    person: Person,
    Query(query): Query<AuthorizeQuery>,
) -> Answer<Redirect> {
    let return_to = query.return_to.as_deref().unwrap_or("/sheet-sync");
    Ok(Redirect::to(&app.engine.begin_google(&person.company, &person.user, return_to).await?))
}

/// Google's return address: bound to the person by its state.
#[utoipa::path(get, path = "/sheet-sync/oauth/callback", tag = "google", params(CallbackQuery), security(()),
    responses((status = 303), (status = "default", description = "a page that says what happened", content_type = "text/html")))]
pub async fn callback(State(app): State<App>, headers: HeaderMap, Query(query): Query<CallbackQuery>) -> Response {
    let language = language(&headers);
    let Some(state) = query.state else { return Page::Expired.show(StatusCode::BAD_REQUEST, language) };
    let Some(code) = query.code else { return Page::Cancelled.show(StatusCode::OK, language) };
    match app.engine.complete_google(&state, code).await {
        Ok(return_to) => Redirect::to(&return_to).into_response(),
        Err(error) => {
            tracing::info!(%error, "a consent failed");
            Page::from(&error).show(status_of(&error), language)
        }
    }
}

/// How the person's Google connection is.
#[utoipa::path(get, path = "/api/v1/sheet-sync/google", tag = "google", params(PersonHeader),
    responses((status = 200, body = GoogleState), (status = 404, body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn status(State(app): State<App>, person: Person) -> Answer<Json<GoogleState>> {
    let found =
        app.engine.google_status(&person.company, &person.user).await?.ok_or(EngineError::NotFound("connection"))?;
    Ok(Json(GoogleState {
        status: found.status,
        last_error: found.last_error,
        account: found.account,
        scopes: found.scopes,
    }))
}

/// Ends the person's Google connection; what ran on it pauses, its queue stays.
#[utoipa::path(delete, path = "/api/v1/sheet-sync/google", tag = "google", params(PersonHeader),
    responses((status = 204), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn disconnect(State(app): State<App>, person: Person) -> Answer<StatusCode> {
    app.engine.disconnect_google(&person.company, &person.user).await?;
    Ok(StatusCode::NO_CONTENT)
}
