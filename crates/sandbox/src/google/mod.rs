//! Google: OAuth with a consent page, Drive's list of files, Sheets version 4, Calendar version 3,
//! Gmail version 1.

mod a1;
mod access;
mod batch_update;
pub(crate) mod calendar;
mod consent;
mod drive;
pub(crate) mod errors;
pub(crate) mod gmail;
pub(crate) mod grid;
mod mask;
mod oauth;
pub(crate) mod render;
mod requests;
mod sheets;
mod sheets_read;
mod sheets_write;
pub(crate) mod state;
pub(crate) mod trigger;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{any, get, post},
};

use crate::{faults, server::Shared};

/// What stands on `googleapis.com` hosts. Served under `/google` and at the
/// root too: Google's Node.js client keeps only the host of its `rootUrl`.
pub(crate) fn apis(app: &Shared) -> Router<Shared> {
    Router::new()
        .route("/oauth2/v2/userinfo", get(oauth::user_info_v2))
        .route("/drive/v3/files", get(drive::list))
        .route("/v4/spreadsheets/{*rest}", any(sheets::handle))
        .nest("/calendar/v3", calendar::router())
        .nest("/gmail/v1", gmail::router())
        .nest("/upload/gmail/v1", gmail::uploads())
        .layer(from_fn_with_state(app.clone(), faults::inject_google))
}

pub(crate) fn router(app: &Shared) -> Router<Shared> {
    let tokens = Router::new()
        .route("/token", post(oauth::token))
        .route("/revoke", post(oauth::revoke))
        .route("/tokeninfo", any(oauth::token_info))
        .route("/v1/userinfo", get(oauth::user_info))
        .layer(from_fn_with_state(app.clone(), faults::inject_google));
    // People see the consent page, so faults of the interfaces spare it.
    let consent = get(consent::page).post(consent::decide);
    apis(app).merge(tokens).route("/o/oauth2/v2/auth", consent)
}
