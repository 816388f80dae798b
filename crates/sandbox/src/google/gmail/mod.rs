//! Gmail version 1: sending, drafts, and looking for what was sent.
//! <https://developers.google.com/workspace/gmail/api/reference/rest>

mod drafts;
mod list;
mod messages;
mod refusals;
mod show;
pub(crate) mod store;
mod upload;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::HeaderMap,
    routing::{get, post},
};

use super::{
    access,
    errors::ApiError,
    state::{Exhausted, State},
};
use crate::server::Shared;
use store::Mailbox;

const ALL: &str = "https://mail.google.com/";
const SEND: &[&str] = &[ALL, "gmail.modify", "gmail.compose", "gmail.send"];
const COMPOSE: &[&str] = &[ALL, "gmail.modify", "gmail.compose"];
const DRAFTS: &[&str] = &[ALL, "gmail.modify", "gmail.compose", "gmail.readonly"];
const READ: &[&str] = &[ALL, "gmail.modify", "gmail.readonly", "gmail.metadata"];
const PROFILE: &[&str] = &[ALL, "gmail.modify", "gmail.compose", "gmail.readonly", "gmail.metadata"];

/// Units that each call takes: <https://developers.google.com/workspace/gmail/api/reference/quota>.
const SENDING: usize = 100;
const WRITING: usize = 10;
const READING: usize = 5;

/// <https://developers.google.com/workspace/gmail/api/guides/uploads>
const LARGEST_UPLOAD: usize = 36_700_160;
/// Base64 in JSON takes more room.
const LARGEST_BODY: usize = LARGEST_UPLOAD / 3 * 4 + 1024 * 1024;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/users/{user}/profile", get(messages::profile))
        .route("/users/{user}/messages", get(list::list))
        .route("/users/{user}/messages/send", post(messages::send))
        .route("/users/{user}/messages/{id}", get(messages::get))
        .route("/users/{user}/drafts", get(drafts::list).post(drafts::create))
        .route("/users/{user}/drafts/send", post(drafts::send))
        .route("/users/{user}/drafts/{id}", get(drafts::get).delete(drafts::delete))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

/// The same calls with the message as it is.
pub(super) fn uploads() -> Router<Shared> {
    Router::new()
        .route("/users/{user}/messages/send", post(messages::send))
        .route("/users/{user}/drafts", post(drafts::create))
        .route("/users/{user}/drafts/send", post(drafts::send))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
}

/// The caller's mailbox, where the token holds one of `scopes` and the quota has so many units left.
fn open<'a>(
    state: &'a mut State,
    headers: &HeaderMap,
    scopes: &[&str],
    user: &str,
    units: usize,
) -> Result<&'a mut Mailbox, ApiError> {
    let account = access::authorise(state, headers, scopes).map_err(ApiError::in_both)?.account.clone();
    if user != "me" && !user.eq_ignore_ascii_case(&account) {
        return Err(refusals::delegation_denied(user));
    }
    let now_ms = state.clock.now_ms();
    state.gmail_units.admit(&account, units, now_ms).map_err(|whose| match whose {
        Exhausted::Project => refusals::refused(403, "rateLimitExceeded", "Rate Limit Exceeded"),
        Exhausted::Person => refusals::refused(403, "userRateLimitExceeded", "User-rate limit exceeded."),
    })?;
    Ok(state.mailboxes.entry(account.clone()).or_insert_with(|| Mailbox::of(&account)))
}
