//! The calendar itself: an account has its own one only.

use axum::{
    Json,
    extract::{Path, RawQuery, State as Extracted},
    http::HeaderMap,
};
use serde_json::{Value, json};

use super::{super::errors::ApiError, ABOUT, LISTS, handlers, open, store::Calendar};
use crate::server::Shared;

pub(super) async fn about(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path(calendar): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let query = handlers::query(raw.as_deref(), &[])?;
    let mut state = app.google();
    let (account, calendar) = open(&mut state, &headers, ABOUT, &calendar)?;
    let about = json!({"kind": "calendar#calendar", "id": account, "summary": account, "timeZone": calendar.time_zone});
    Ok(Json(query.mask().map_err(ApiError::legacy)?.prune(about)))
}

pub(super) async fn list(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let known = ["maxResults", "minAccessRole", "pageToken", "showDeleted", "showHidden", "syncToken"];
    let query = handlers::query(raw.as_deref(), &known)?;
    let mut state = app.google();
    let (_, calendar) = open(&mut state, &headers, LISTS, "primary")?;
    let list = json!({"kind": "calendar#calendarList", "items": [listed(calendar)]});
    Ok(Json(query.mask().map_err(ApiError::legacy)?.prune(list)))
}

pub(super) async fn entry(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path(calendar): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let query = handlers::query(raw.as_deref(), &[])?;
    let mut state = app.google();
    let (_, calendar) = open(&mut state, &headers, LISTS, &calendar)?;
    Ok(Json(query.mask().map_err(ApiError::legacy)?.prune(listed(calendar))))
}

fn listed(calendar: &Calendar) -> Value {
    json!({
        "kind": "calendar#calendarListEntry",
        "id": calendar.account,
        "summary": calendar.account,
        "timeZone": calendar.time_zone,
        "accessRole": "owner",
        "primary": true,
        "selected": true,
        "defaultReminders": [{"method": "popup", "minutes": 30}],
        "conferenceProperties": {"allowedConferenceSolutionTypes": ["hangoutsMeet"]},
    })
}
