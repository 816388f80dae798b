//! Who calls: an account with its token, or one of its API keys.

use std::{sync::atomic::Ordering, time::Duration};

use axum::{
    extract::{RawPathParams, Request, State as Extracted},
    http::{HeaderMap, header::AUTHORIZATION},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    errors::{ApiError, refused},
    state::State,
};
use crate::server::Shared;

/// Lets a call through with the credentials of the path's account, and not too many at once.
pub(super) async fn admit(
    Extracted(app): Extracted<Shared>,
    path: RawPathParams,
    request: Request,
    next: Next,
) -> Response {
    let account = path.iter().find(|(name, _)| *name == "account").map(|(_, sid)| sid).unwrap_or_default();
    let wait = match enter(&mut app.twilio(), account, request.headers()) {
        Ok(wait) => wait,
        Err(refusal) => return refusal.into_response(),
    };
    tokio::time::sleep(wait).await;
    let answer = next.run(request).await;
    leave(&mut app.twilio());
    answer
}

/// How long the call is going to take, where it is served.
fn enter(state: &mut State, account: &str, headers: &HeaderMap) -> Result<Duration, ApiError> {
    state.counters.requests.fetch_add(1, Ordering::Relaxed);
    if !is_known(state, account, headers) {
        return Err(refused(20003));
    }
    if state.settings.concurrency.is_some_and(|most| state.in_flight >= most) {
        return Err(refused(20429));
    }
    state.in_flight += 1;
    Ok(Duration::from_millis(state.settings.answer_ms))
}

/// A reset in between has forgotten the call.
fn leave(state: &mut State) {
    state.in_flight = state.in_flight.saturating_sub(1);
}

fn is_known(state: &State, account: &str, headers: &HeaderMap) -> bool {
    let Some(account_of) = state.accounts.get(account) else { return false };
    basic(headers).is_some_and(|(user, secret)| {
        let own = user == account && secret == account_of.auth_token;
        own || account_of.api_keys.get(&user) == Some(&secret)
    })
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    pair.split_once(':').map(|(user, secret)| (user.to_owned(), secret.to_owned()))
}
