//! Signing in to the console: a link that a person opens once, and a cookie from then on.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use kopru_engine::{Engine, EngineError, NewSession, is_path};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use utoipa::IntoParams;

use super::App;
use super::auth::{COOKIE, cookie, origin};
use super::pages::Page;
use super::problem::{language, status_of};

/// The page that a link opens.
pub const SIGN_IN: &str = "/console/sign-in";
/// Where a person begins.
pub const FIRST: &str = "/sheet-sync";

/// What a link holds.
#[derive(Deserialize, IntoParams)]
pub struct SignInQuery {
    /// Its token.
    #[param(value_type = String)]
    token: SecretString,
    /// The page to go to, a path of this service.
    return_to: Option<String>,
}

/// The page behind a link. Mail scanners and previews open links too: only the person's own click signs in.
#[utoipa::path(get, path = "/console/sign-in", tag = "console", params(SignInQuery), security(()),
    responses((status = 200, description = "a page with a button", content_type = "text/html")))]
pub async fn page(headers: HeaderMap) -> Response {
    unseen(Page::SignIn.show(StatusCode::OK, language(&headers)))
}

/// Signs in, once for each link.
#[utoipa::path(post, path = "/console/sign-in", tag = "console", params(SignInQuery), security(()),
    responses((status = 303), (status = "default", description = "a page that says what happened", content_type = "text/html")))]
pub async fn sign_in(State(app): State<App>, headers: HeaderMap, query: Query<SignInQuery>) -> Response {
    let language = language(&headers);
    if origin(&headers).is_some_and(|from| from != app.engine.public_origin()) {
        return Page::LinkUsed.show(StatusCode::FORBIDDEN, language);
    }
    match app.engine.sign_in(&query.token).await {
        Ok(session) => {
            let first = query.0.return_to.filter(|path| is_path(path)).unwrap_or_else(|| FIRST.to_owned());
            let jar = CookieJar::new().add(kept(&session, app.engine.public_url()));
            unseen((jar, Redirect::to(&first)).into_response())
        }
        Err(error) => {
            tracing::info!(%error, "a link did not sign in");
            Page::LinkUsed.show(status_of(&error), language)
        }
    }
}

/// Signs out.
#[utoipa::path(post, path = "/console/sign-out", tag = "console", security(()),
    responses((status = 200, description = "a page that says so", content_type = "text/html")))]
pub async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Response {
    let language = language(&headers);
    let is_own = origin(&headers).is_none_or(|from| from == app.engine.public_origin());
    if let Some(cookie) = cookie(&headers).filter(|_| is_own)
        && let Err(error) = end(&app.engine, &cookie).await
    {
        tracing::warn!(%error, "a session could not be ended");
        return Page::Failed.show(status_of(&error), language);
    }
    let jar = CookieJar::new().add(Cookie::build((COOKIE, "")).path("/").removal());
    (jar, Page::SignedOut.show(StatusCode::OK, language)).into_response()
}

/// One that is over already is no error.
async fn end(engine: &Engine, cookie: &SecretString) -> Result<(), EngineError> {
    match engine.signed_in(cookie).await {
        Ok(caller) => engine.end_session(&caller).await,
        Err(EngineError::NotAuthentic) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Sent along when a vendor sends the person back, but not with what other pages post.
fn kept(session: &NewSession, public_url: &str) -> Cookie<'static> {
    Cookie::build((COOKIE, session.token.expose_secret().to_owned()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(public_url.starts_with("https://"))
        .build()
}

/// Kept by no cache, and told to nobody as the page that one came from.
pub fn unseen(response: Response) -> Response {
    ([(header::CACHE_CONTROL, "no-store"), (header::REFERRER_POLICY, "no-referrer")], response).into_response()
}
