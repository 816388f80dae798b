//! Resend's e-mail API: <https://resend.com/docs/api-reference/introduction>.

mod access;
mod batch;
mod content;
pub(crate) mod domains;
mod draft;
pub(crate) mod email;
mod emails;
pub(crate) mod errors;
mod events;
mod idempotency;
pub(crate) mod life;
mod limits;
mod list;
pub(crate) mod state;
pub(crate) mod webhook;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{get, post},
};

use crate::{faults, server::Shared};

/// 40 MB of attachments in Base64, a hundred times over in no batch.
const LARGEST_BODY: usize = 64 * 1024 * 1024;

pub(crate) fn router(app: &Shared) -> Router<Shared> {
    Router::new()
        .route("/emails", get(emails::list).post(emails::send))
        .route("/emails/batch", post(batch::send))
        .route("/emails/{id}", get(emails::fetch).patch(emails::reschedule))
        .route("/emails/{id}/cancel", post(emails::cancel))
        .route("/domains", get(domains::list))
        .route("/domains/{id}", get(domains::fetch))
        .method_not_allowed_fallback(not_allowed)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn_with_state(app.clone(), access::admit))
        .layer(from_fn_with_state(app.clone(), faults::inject_resend))
        .fallback(absent)
}

async fn absent() -> Response {
    errors::refused("not_found").saying("The requested endpoint does not exist").into_response()
}

async fn not_allowed() -> Response {
    errors::refused("method_not_allowed").into_response()
}
