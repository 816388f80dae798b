//! Drafts and single messages: <https://learn.microsoft.com/en-us/graph/api/user-post-messages>.

use std::collections::HashMap;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State as Extracted},
    http::{HeaderMap, StatusCode},
};
use serde_json::{Value, json};

use super::{
    access::authorise,
    body, claims,
    errors::{ApiError, not_found},
    show::{message, selected, wants_immutable},
};
use crate::{events::Event, server::Shared};

pub(super) const READ: &[&str] = &["Mail.Read", "Mail.ReadWrite"];
const WRITE: &[&str] = &["Mail.ReadWrite"];
const PROFILE: &[&str] = &["User.Read", "User.ReadWrite"];

pub(super) async fn me(Extracted(app): Extracted<Shared>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    let account = authorise(&app.microsoft(), &headers, PROFILE)?;
    Ok(Json(json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity",
        "id": claims::object_id(&account), "displayName": account, "mail": account, "userPrincipalName": account,
    })))
}

pub(super) async fn create(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    payload: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mut state = app.microsoft();
    let account = authorise(&state, &headers, WRITE)?;
    let sent = body::read(&headers, &payload, None, &account)?;
    let draft = state.mailbox(&account).draft(sent.letter, sent.raw, app.clock.now_ms());
    app.tell(Event::email("microsoft", &draft.immutable_id));
    Ok((StatusCode::CREATED, Json(message(draft, wants_immutable(&headers), "drafts"))))
}

pub(super) async fn get(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, ApiError> {
    let mut state = app.microsoft();
    let account = authorise(&state, &headers, READ)?;
    let lag_ms = state.settings.sent_lag_ms;
    let stored = state.mailbox(&account).find(&id).ok_or_else(not_found)?;
    let folder = stored.folder(app.clock.now_ms(), lag_ms).ok_or_else(not_found)?;
    let shown = message(stored, wants_immutable(&headers), folder);
    Ok(Json(selected(shown, query.get("$select").map(String::as_str))))
}

pub(super) async fn delete(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let mut state = app.microsoft();
    let account = authorise(&state, &headers, WRITE)?;
    let mailbox = state.mailbox(&account);
    let stored = mailbox.find(&id).ok_or_else(not_found)?;
    let id = stored.immutable_id.clone();
    // What was sent is still where it was sent to.
    if stored.is_draft {
        mailbox.messages.remove(&id);
    } else {
        stored.is_kept = false;
    }
    app.tell(Event::email("microsoft", &id));
    Ok(StatusCode::NO_CONTENT)
}
