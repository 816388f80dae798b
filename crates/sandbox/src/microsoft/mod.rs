//! Microsoft: OAuth 2.0 of the identity platform, and the mail of Microsoft Graph.
//! <https://learn.microsoft.com/en-us/graph/api/resources/mail-api-overview>

mod access;
mod authorize;
mod body;
mod claims;
pub(crate) mod errors;
mod list;
mod messages;
mod oauth_errors;
mod send;
mod show;
pub(crate) mod state;
pub(crate) mod store;
mod token;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    routing::{get, post},
};

use crate::{faults, server::Shared};

/// A little more than Graph takes, so that the refusal is Graph's own.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

pub(crate) fn router(app: &Shared) -> Router<Shared> {
    let tokens = Router::new()
        .route("/{tenant}/oauth2/v2.0/token", post(token::token))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(claims::configuration))
        .route("/{tenant}/discovery/v2.0/keys", get(claims::keys))
        .layer(from_fn_with_state(app.clone(), faults::inject_microsoft));
    // People see this page, so faults of the interfaces spare it.
    let page = get(authorize::page).post(authorize::decide);
    graph(app).merge(tokens).route("/{tenant}/oauth2/v2.0/authorize", page)
}

fn graph(app: &Shared) -> Router<Shared> {
    let message = get(messages::get).delete(messages::delete);
    Router::new()
        .route("/v1.0/me", get(messages::me))
        .route("/v1.0/me/sendMail", post(send::send_mail))
        .route("/v1.0/me/messages", get(list::all).post(messages::create))
        .route("/v1.0/me/messages/{id}", message)
        .route("/v1.0/me/messages/{id}/send", post(send::send_draft))
        .route("/v1.0/me/mailFolders/{folder}/messages", get(list::folder))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(app.clone(), access::admit))
        .layer(from_fn_with_state(app.clone(), faults::inject_microsoft))
}
