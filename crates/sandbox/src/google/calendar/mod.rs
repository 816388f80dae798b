//! Calendar version 3: the events of an account's own calendar.
//! <https://developers.google.com/workspace/calendar/api/v3/reference/events>

mod body;
mod conference;
mod handlers;
mod list;
mod lists;
mod refusals;
pub(crate) mod show;
pub(crate) mod store;
mod time;
pub(crate) mod write;

use axum::{
    Router,
    routing::{get, put},
};

use super::{
    access,
    errors::ApiError,
    state::{Exhausted, State},
};
use crate::server::Shared;
use axum::http::HeaderMap;
use store::Calendar;

const READ: &[&str] = &[
    "calendar",
    "calendar.readonly",
    "calendar.events",
    "calendar.events.readonly",
    "calendar.events.owned",
    "calendar.events.owned.readonly",
];
const WRITE: &[&str] = &["calendar", "calendar.events", "calendar.events.owned"];
const LISTS: &[&str] = &["calendar", "calendar.readonly", "calendar.calendarlist", "calendar.calendarlist.readonly"];
const ABOUT: &[&str] = &["calendar", "calendar.readonly", "calendar.calendars", "calendar.calendars.readonly"];

pub(super) fn router() -> Router<Shared> {
    let event = put(handlers::update).get(handlers::get).patch(handlers::patch).delete(handlers::delete);
    Router::new()
        .route("/calendars/{calendar}", get(lists::about))
        .route("/calendars/{calendar}/events", get(list::list).post(handlers::insert))
        .route("/calendars/{calendar}/events/{event}", event)
        .route("/users/me/calendarList", get(lists::list))
        .route("/users/me/calendarList/{calendar}", get(lists::entry))
}

/// The caller's account and its calendar, where the token holds one of `scopes` and the quota is not used up.
fn open<'a>(
    state: &'a mut State,
    headers: &HeaderMap,
    scopes: &[&str],
    calendar: &str,
) -> Result<(String, &'a mut Calendar), ApiError> {
    let account = access::authorise(state, headers, scopes).map_err(ApiError::legacy)?.account.clone();
    let now_ms = state.clock.now_ms();
    state.calendar_calls.admit(&account, 1, now_ms).map_err(|whose| match whose {
        Exhausted::Project => refusals::refused(403, "rateLimitExceeded", "Rate Limit Exceeded"),
        Exhausted::Person => refusals::refused(403, "userRateLimitExceeded", "User Rate Limit Exceeded"),
    })?;
    if calendar != "primary" && calendar != account {
        return Err(refusals::not_found());
    }
    let calendar = state.calendars.entry(account.clone()).or_insert_with(|| Calendar::of(&account));
    Ok((account, calendar))
}
