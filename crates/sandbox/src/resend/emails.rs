//! One e-mail: send, fetch, list, move, cancel. <https://resend.com/docs/api-reference/emails>

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State as Extracted},
    http::HeaderMap,
};
use serde_json::{Value, json};

use super::{
    content::text,
    draft,
    email::{Email, Status},
    errors::{ApiError, invalid, malformed, missing, refused},
    idempotency::once,
    list,
    state::State,
};
use crate::{events::Event, server::Shared};

type Answer = Result<Json<Value>, ApiError>;

pub(super) fn parse(payload: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(payload).map_err(|_| malformed("The request body is not valid JSON."))
}

pub(super) async fn send(Extracted(app): Extracted<Shared>, headers: HeaderMap, payload: Bytes) -> Answer {
    let owner = app.clone();
    let work = |state: &mut State| {
        let draft = draft::check(state, &parse(&payload)?)?;
        state.spend(draft.letter.recipients().len())?;
        let id = state.create(&owner, draft);
        owner.tell(Event::email("resend", &id));
        Ok(json!({"id": id}))
    };
    once(&app, &headers, "/emails", &payload, work).await
}

pub(super) async fn list(Extracted(app): Extracted<Shared>, RawQuery(query): RawQuery) -> Answer {
    let state = app.resend();
    let entries: Vec<_> = state.newest().into_iter().map(|email| (email.id.clone(), email.summary())).collect();
    list::page(query.as_deref(), &entries).map(Json)
}

pub(super) fn checked(id: &str) -> Result<(), ApiError> {
    let lengths: Vec<usize> = id.split('-').map(str::len).collect();
    let is_hex = id.bytes().all(|letter| letter.is_ascii_hexdigit() || letter == b'-');
    if is_hex && lengths == [8, 4, 4, 4, 12] { Ok(()) } else { Err(refused("invalid_parameter")) }
}

fn find<'a>(state: &'a mut State, id: &str) -> Result<&'a mut Email, ApiError> {
    checked(id)?;
    state.emails.get_mut(id).ok_or_else(|| refused("not_found").saying("Email not found"))
}

fn scheduled<'a>(state: &'a mut State, id: &str) -> Result<&'a mut Email, ApiError> {
    let email = find(state, id)?;
    let is_scheduled = email.status == Status::Scheduled;
    if is_scheduled { Ok(email) } else { Err(invalid("Only scheduled emails can be updated or canceled.")) }
}

pub(super) async fn fetch(Extracted(app): Extracted<Shared>, Path(id): Path<String>) -> Answer {
    Ok(Json(find(&mut app.resend(), &id)?.show()))
}

/// Another moment for what is scheduled.
pub(super) async fn reschedule(Extracted(app): Extracted<Shared>, Path(id): Path<String>, payload: Bytes) -> Answer {
    let mut state = app.resend();
    scheduled(&mut state, &id)?;
    let sent = parse(&payload)?;
    let at = text(&sent, "scheduled_at").ok_or_else(|| missing("scheduled_at"))?;
    let at_ms = draft::moment(at, app.clock.now_ms())?;
    scheduled(&mut state, &id)?.send_at_ms = Some(at_ms);
    // Who waits for the earlier moment finds that it has gone, and goes.
    state.begin(&app, &id);
    Ok(changed(&app, &id))
}

pub(super) async fn cancel(Extracted(app): Extracted<Shared>, Path(id): Path<String>) -> Answer {
    let mut state = app.resend();
    scheduled(&mut state, &id)?;
    state.enter(&id, Status::Canceled, None);
    Ok(changed(&app, &id))
}

fn changed(app: &Shared, id: &str) -> Json<Value> {
    app.tell(Event::email("resend", id));
    Json(json!({"object": "email", "id": id}))
}
