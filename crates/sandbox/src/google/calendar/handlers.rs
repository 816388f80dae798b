//! One event: insert, get, patch, update, delete.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State as Extracted},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};

use super::{
    super::{access::Query, errors::ApiError},
    READ, WRITE, body, open, refusals, show,
    store::{Calendar, Stored},
    time,
    write::{Manner, Notify, Way},
};
use crate::{events::Event, server::Shared};

const WRITING: &[&str] = &[
    "alwaysIncludeEmail",
    "conferenceDataVersion",
    "eventLabelVersion",
    "maxAttendees",
    "sendNotifications",
    "sendUpdates",
    "supportsAttachments",
];
const READING: &[&str] = &["alwaysIncludeEmail", "maxAttendees", "timeZone"];
const DELETING: &[&str] = &["sendNotifications", "sendUpdates"];

type Answer = Result<Response, ApiError>;

pub(super) fn query(raw: Option<&str>, known: &[&str]) -> Result<Query, ApiError> {
    Query::parse(raw, known).map_err(ApiError::legacy)
}

fn manner(app: &Shared, query: &Query, meets_at_once: bool) -> Result<Manner, ApiError> {
    let notify = match query.get("sendUpdates") {
        Some("all") => Notify::All,
        Some("externalOnly") => Notify::External,
        Some("none") | None if query.is_true("sendNotifications") => Notify::All,
        Some("none") | None => Notify::Nobody,
        Some(_) => return Err(refusals::invalid("Invalid value for: sendUpdates")),
    };
    let conferences = query.get("conferenceDataVersion") == Some("1");
    Ok(Manner { now_ms: app.clock.now_ms(), conferences, meets_at_once, notify })
}

pub(super) async fn insert(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path(calendar): Path<String>,
    RawQuery(raw): RawQuery,
    sent: Bytes,
) -> Answer {
    let mut state = app.google();
    let at_once = !state.slow_meet;
    let (account, calendar) = open(&mut state, &headers, WRITE, &calendar)?;
    let query = query(raw.as_deref(), WRITING)?;
    let id = calendar.insert(body::parse(&sent)?, manner(&app, &query, at_once)?)?;
    app.tell(Event::google("calendar", &account));
    answer(&app, calendar, &id, &query)
}

pub(super) async fn get(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path((calendar, event)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
) -> Answer {
    let mut state = app.google();
    let (_, calendar) = open(&mut state, &headers, READ, &calendar)?;
    let query = query(raw.as_deref(), READING)?;
    let stored = calendar.events.get_mut(&event).ok_or_else(refusals::not_found)?;
    if headers.get(header::IF_NONE_MATCH).is_some_and(|etag| etag.as_bytes() == stored.etag().as_bytes()) {
        return Ok(StatusCode::NOT_MODIFIED.into_response());
    }
    if let Some(meet) = &mut stored.meet {
        meet.is_ready = true;
    }
    answer(&app, calendar, &event, &query)
}

pub(super) async fn patch(
    app: Extracted<Shared>,
    headers: HeaderMap,
    path: Path<(String, String)>,
    raw: RawQuery,
    sent: Bytes,
) -> Answer {
    written(&app, &headers, path.0, raw.0.as_deref(), body::parse(&sent), Way::Patch)
}

pub(super) async fn update(
    app: Extracted<Shared>,
    headers: HeaderMap,
    path: Path<(String, String)>,
    raw: RawQuery,
    sent: Bytes,
) -> Answer {
    written(&app, &headers, path.0, raw.0.as_deref(), body::parse(&sent), Way::Replace)
}

fn written(
    app: &Shared,
    headers: &HeaderMap,
    (calendar, event): (String, String),
    raw: Option<&str>,
    sent: Result<Map<String, Value>, ApiError>,
    way: Way,
) -> Answer {
    let mut state = app.google();
    let at_once = !state.slow_meet;
    let (account, calendar) = open(&mut state, headers, WRITE, &calendar)?;
    let query = query(raw, WRITING)?;
    let old = matched(calendar, &event, headers)?;
    calendar.write(&old, sent?, way, manner(app, &query, at_once)?)?;
    app.tell(Event::google("calendar", &account));
    answer(app, calendar, &event, &query)
}

pub(super) async fn delete(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path((calendar, event)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
) -> Answer {
    let mut state = app.google();
    let (account, calendar) = open(&mut state, &headers, WRITE, &calendar)?;
    let query = query(raw.as_deref(), DELETING)?;
    let old = matched(calendar, &event, &headers)?;
    if old.is_cancelled() {
        return Err(refusals::deleted());
    }
    calendar.cancel(&old, manner(&app, &query, false)?);
    app.tell(Event::google("calendar", &account));
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The event, unless it is not the version that the caller has read.
fn matched(calendar: &Calendar, id: &str, headers: &HeaderMap) -> Result<Stored, ApiError> {
    let stored = calendar.events.get(id).ok_or_else(refusals::not_found)?;
    let asked = headers.get(header::IF_MATCH).map(axum::http::HeaderValue::as_bytes);
    if asked.is_some_and(|etag| etag != b"*" && etag != stored.etag().as_bytes()) {
        return Err(refusals::condition_not_met());
    }
    Ok(stored.clone())
}

fn answer(app: &Shared, calendar: &Calendar, id: &str, query: &Query) -> Answer {
    let stored = calendar.events.get(id).ok_or_else(refusals::not_found)?;
    let zone = time::asked_zone(query.get("timeZone"))?;
    let event = show::event(calendar, stored, zone.as_ref(), &app.base_url);
    let event = query.mask().map_err(ApiError::legacy)?.prune(event);
    Ok(([(header::ETAG, stored.etag())], Json(event)).into_response())
}
