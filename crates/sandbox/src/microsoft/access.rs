//! Who calls, what they may, and how much a mailbox bears.
//! <https://learn.microsoft.com/en-us/graph/throttling-limits#outlook-service-limits>

use std::{collections::VecDeque, time::Duration};

use axum::{
    extract::{Request, State as Extracted},
    http::{HeaderMap, header::AUTHORIZATION},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    errors::{ApiError, denied, throttled, unauthenticated},
    state::State,
};
use crate::server::Shared;

const TEN_MINUTES_MS: i64 = 10 * 60 * 1000;
const MINUTE_MS: i64 = 60 * 1000;

/// Lets a call through that has a live token, and not too many of them.
pub(super) async fn admit(Extracted(app): Extracted<Shared>, request: Request, next: Next) -> Response {
    let (account, wait) = match enter(&mut app.microsoft(), request.headers()) {
        Ok(entered) => entered,
        Err(refusal) => return refusal.into_response(),
    };
    tokio::time::sleep(wait).await;
    let answer = next.run(request).await;
    // A reset in between has forgotten the call.
    if let Some(usage) = app.microsoft().usage.get_mut(&account) {
        usage.in_flight = usage.in_flight.saturating_sub(1);
    }
    answer
}

fn enter(state: &mut State, headers: &HeaderMap) -> Result<(String, Duration), ApiError> {
    let account = caller(state, headers)?;
    let (now_ms, settings) = (state.clock.now_ms(), state.settings.clone());
    let usage = state.usage.entry(account.clone()).or_default();
    if settings.concurrency.is_some_and(|most| usage.in_flight >= most) {
        return Err(throttled("MailboxConcurrency", 1));
    }
    count(&mut usage.requests, settings.requests, TEN_MINUTES_MS, now_ms)
        .map_err(|seconds| throttled("request", seconds))?;
    usage.in_flight += 1;
    Ok((account, Duration::from_millis(settings.answer_ms)))
}

/// Counts one more, or says in how many seconds there is room for it.
fn count(taken: &mut VecDeque<i64>, most: Option<usize>, span_ms: i64, now_ms: i64) -> Result<(), u32> {
    while taken.front().is_some_and(|at| now_ms - at >= span_ms) {
        taken.pop_front();
    }
    if most.is_some_and(|most| taken.len() >= most) {
        let left_ms = taken.front().map_or(span_ms, |at| at + span_ms - now_ms);
        return Err(u32::try_from(left_ms / 1000 + 1).unwrap_or(u32::MAX));
    }
    taken.push_back(now_ms);
    Ok(())
}

/// Counts a message that is about to be sent.
pub(super) fn spend(state: &mut State, account: &str) -> Result<(), ApiError> {
    let (now_ms, most) = (state.clock.now_ms(), state.settings.messages);
    let usage = state.usage.entry(account.to_owned()).or_default();
    count(&mut usage.sends, most, MINUTE_MS, now_ms).map_err(|seconds| throttled("message submission", seconds))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").filter(|token| !token.is_empty())
}

fn caller(state: &State, headers: &HeaderMap) -> Result<String, ApiError> {
    let token = bearer(headers).ok_or_else(|| unauthenticated("Access token is empty."))?;
    let access = state.live(token);
    let expired = || unauthenticated("Lifetime validation failed, the token is expired.");
    access.map(|access| access.grant.account.clone()).ok_or_else(expired)
}

/// The caller's account, where one of the permissions was granted.
pub(super) fn authorise(state: &State, headers: &HeaderMap, permissions: &[&str]) -> Result<String, ApiError> {
    let account = caller(state, headers)?;
    let grant = bearer(headers).and_then(|token| state.live(token)).map(|access| &access.grant);
    let may = grant.is_some_and(|grant| permissions.iter().any(|permission| grant.permits(permission)));
    if may { Ok(account) } else { Err(denied()) }
}
