use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use jiff::Timestamp;
use kopru_domain::UserId;
use kopru_engine::{NewSession, Problem, SessionWish, is_path};
use kopru_ports::identity::Scope;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::auth::Known;
use super::input::{Body, id};
use super::problem::Answer;
use super::{App, ProblemDocument, console};

const A_QUARTER: u64 = 900;

/// For whom a session is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedSession {
    /// The person, in the host's own words: 1 to 128 visible characters.
    user: String,
    /// What it may do: some of what the key may. All but administration where it is not given.
    #[schema(value_type = Option<Vec<String>>)]
    scopes: Option<Vec<Scope>>,
    /// For how many seconds: 1 to 43,200; 900 where it is not given.
    expires_in: Option<u64>,
}

/// A session.
#[derive(Serialize, ToSchema)]
pub struct OpenedSession {
    /// What the host's page sends as `Authorization: Bearer …`. Told once.
    token: String,
    /// The person.
    user: String,
    /// What it may do.
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
    /// Until when.
    #[schema(value_type = String)]
    expires_at: Timestamp,
}

/// Exchanges an API key for a short-lived token of one person, for the host's own pages.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "sessions", request_body = WantedSession,
    responses((status = 201, body = OpenedSession), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn open(
    State(app): State<App>,
    Known(caller): Known,
    Body(body): Body<WantedSession>,
) -> Answer<(StatusCode, [(header::HeaderName, &'static str); 1], Json<OpenedSession>)> {
    let lifetime = Duration::from_secs(body.expires_in.unwrap_or(A_QUARTER));
    let wish = SessionWish { user: id("user", &body.user)?, scopes: body.scopes };
    let NewSession { token, session } = app.engine.open_session(&caller, wish, lifetime).await?;
    let opened = OpenedSession {
        token: token.expose_secret().to_owned(),
        user: session.user.to_string(),
        scopes: session.scopes,
        expires_at: session.expires,
    };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(opened)))
}

/// Ends the session that makes this call.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "sessions",
    responses((status = 204), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn end(State(app): State<App>, Known(caller): Known) -> Answer<StatusCode> {
    app.engine.end_session(&caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// For whom a link is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedLink {
    /// The person, in the host's own words: 1 to 128 visible characters.
    user: String,
    /// What the person may do at the console: some of what the key may. All but administration where it is not given.
    #[schema(value_type = Option<Vec<String>>)]
    scopes: Option<Vec<Scope>>,
    /// The page to begin with, a path of this service; `/sheet-sync` where it is not given.
    return_to: Option<String>,
}

/// A link that signs in.
#[derive(Serialize, ToSchema)]
pub struct ConsoleLink {
    /// The address to be opened in the person's browser. It works once.
    url: String,
    /// Until when.
    #[schema(value_type = String)]
    expires_at: Timestamp,
}

/// Makes a link that signs a person in to the console: once, and within five minutes.
#[utoipa::path(post, path = "/api/v1/console-links", tag = "sessions", request_body = WantedLink,
    responses((status = 201, body = ConsoleLink), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn link(
    State(app): State<App>,
    Known(caller): Known,
    Body(body): Body<WantedLink>,
) -> Answer<(StatusCode, [(header::HeaderName, &'static str); 1], Json<ConsoleLink>)> {
    let return_to = body.return_to.unwrap_or_else(|| console::FIRST.to_owned());
    if !is_path(&return_to) {
        return Err(kopru_engine::EngineError::Invalid(Problem::BadReturnAddress).into());
    }
    let user: UserId = id("user", &body.user)?;
    let made = app.engine.console_link(&caller, SessionWish { user, scopes: body.scopes }).await?;
    let link = ConsoleLink {
        url: address(app.engine.public_url(), &made.token, &return_to),
        expires_at: made.session.expires,
    };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(link)))
}

fn address(public_url: &str, token: &SecretString, return_to: &str) -> String {
    let page = format!("{public_url}{}", console::SIGN_IN);
    let query = [("token", token.expose_secret()), ("return_to", return_to)];
    Url::parse_with_params(&page, query).map_or(page, Into::into)
}
