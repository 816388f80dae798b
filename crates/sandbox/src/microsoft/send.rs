//! Sending: <https://learn.microsoft.com/en-us/graph/api/user-sendmail>,
//! <https://learn.microsoft.com/en-us/graph/api/message-send>.

use axum::{
    body::Bytes,
    extract::{Path, State as Extracted},
    http::{HeaderMap, StatusCode},
};

use super::{
    access::{authorise, spend},
    body,
    errors::{ApiError, bad, not_found},
    store,
};
use crate::{events::Event, mail::Letter, server::Shared};

const SEND: &[&str] = &["Mail.Send"];

fn has_recipients(letter: &Letter) -> Result<(), ApiError> {
    let is_empty = letter.recipients().is_empty();
    if is_empty { Err(bad("ErrorInvalidRecipients", "At least one recipient is not valid.")) } else { Ok(()) }
}

/// Accepted, which is all that is told.
pub(super) async fn send_mail(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    payload: Bytes,
) -> Result<StatusCode, ApiError> {
    let mut state = app.microsoft();
    let account = authorise(&state, &headers, SEND)?;
    let sent = body::read(&headers, &payload, Some("message"), &account)?;
    has_recipients(&sent.letter)?;
    spend(&mut state, &account)?;
    let is_kept = sent.around["saveToSentItems"].as_bool().unwrap_or(true);
    let now_ms = app.clock.now_ms();
    let message = state.mailbox(&account).draft(sent.letter, sent.raw, now_ms);
    store::send(message, is_kept, now_ms);
    app.tell(Event::email("microsoft", &message.immutable_id));
    Ok(StatusCode::ACCEPTED)
}

pub(super) async fn send_draft(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let mut state = app.microsoft();
    let account = authorise(&state, &headers, SEND)?;
    let draft = state.mailbox(&account).find(&id).filter(|stored| stored.is_draft).ok_or_else(not_found)?;
    has_recipients(&draft.letter)?;
    spend(&mut state, &account)?;
    let draft = state.mailbox(&account).find(&id).ok_or_else(not_found)?;
    store::send(draft, true, app.clock.now_ms());
    app.tell(Event::email("microsoft", &draft.immutable_id));
    Ok(StatusCode::ACCEPTED)
}
