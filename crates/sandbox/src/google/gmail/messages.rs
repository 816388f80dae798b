//! `users.messages`: <https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages>.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State as Extracted},
    http::HeaderMap,
};
use serde_json::{Value, json};

use super::{
    super::{access, access::Query, errors::ApiError},
    PROFILE, READ, READING, SEND, SENDING, open, refusals,
    show::{self, Format},
    upload::Sent,
};
use crate::{events::Event, server::Shared};

type Answer = Result<Json<Value>, ApiError>;

pub(super) fn query(raw: Option<&str>, known: &[&str]) -> Result<Query, ApiError> {
    Query::parse(raw, known).map_err(ApiError::in_both)
}

pub(super) async fn send(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path(user): Path<String>,
    RawQuery(raw): RawQuery,
    payload: Bytes,
) -> Answer {
    let mut state = app.google();
    let habits = state.gmail_habits;
    let mailbox = open(&mut state, &headers, SEND, &user, SENDING)?;
    query(raw.as_deref(), &[])?;
    let sent = Sent::read(&headers, &payload)?;
    let stored = mailbox.send(sent.message(&sent.body)?, habits, app.clock.now_ms())?;
    app.tell(Event::email("gmail", &stored.id));
    Ok(Json(show::brief(stored)))
}

pub(super) async fn get(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path((user, id)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
) -> Answer {
    let mut state = app.google();
    let mailbox = open(&mut state, &headers, READ, &user, READING)?;
    let stored = mailbox.messages.get(&id).ok_or_else(refusals::not_found)?;
    let query = query(raw.as_deref(), &["format", "metadataHeaders"])?;
    let format = Format::parse(query.get("format")).ok_or_else(|| refusals::invalid("Invalid value at 'format'"))?;
    let wanted: Vec<_> = query.all("metadataHeaders").collect();
    let shown = show::message(stored, format, &wanted);
    if matches!(format, Format::Full | Format::Raw) {
        let scopes: Vec<_> = READ.iter().copied().filter(|scope| *scope != "gmail.metadata").collect();
        let refused = |_| refusals::refused(403, "forbidden", "Metadata scope doesn't allow format FULL");
        access::authorise(&state, &headers, &scopes).map_err(refused)?;
    }
    Ok(Json(query.mask().map_err(ApiError::in_both)?.prune(shown)))
}

pub(super) async fn profile(Extracted(app): Extracted<Shared>, headers: HeaderMap, Path(user): Path<String>) -> Answer {
    let mut state = app.google();
    let mailbox = open(&mut state, &headers, PROFILE, &user, READING)?;
    let count = mailbox.messages.len();
    Ok(Json(json!({
        "emailAddress": mailbox.account, "messagesTotal": count, "threadsTotal": count, "historyId": count.to_string(),
    })))
}
