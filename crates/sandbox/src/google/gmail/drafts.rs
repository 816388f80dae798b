//! `users.drafts`: <https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.drafts>.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State as Extracted},
    http::{HeaderMap, StatusCode},
};
use serde_json::{Value, json};

use super::{
    super::errors::ApiError,
    COMPOSE, DRAFTS, READING, SENDING, WRITING,
    messages::query,
    open, refusals,
    show::{self, Format},
    store::Label,
    upload::Sent,
};
use crate::{events::Event, random, server::Shared};

type Answer = Result<Json<Value>, ApiError>;

pub(super) async fn create(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path(user): Path<String>,
    payload: Bytes,
) -> Answer {
    let mut state = app.google();
    let mailbox = open(&mut state, &headers, COMPOSE, &user, WRITING)?;
    let sent = Sent::read(&headers, &payload)?;
    let message = sent.message(&sent.body["message"])?;
    let stored = mailbox.keep(Label::Draft, message, app.clock.now_ms());
    let (id, shown) = (format!("r{}", &random::hex()[..18]), show::brief(stored));
    let message = stored.id.clone();
    app.tell(Event::email("gmail", &message));
    mailbox.drafts.insert(id.clone(), message);
    Ok(Json(json!({"id": id, "message": shown})))
}

/// The draft goes, and a new message with another id comes in its place.
pub(super) async fn send(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path(user): Path<String>,
    payload: Bytes,
) -> Answer {
    let mut state = app.google();
    let habits = state.gmail_habits;
    let mailbox = open(&mut state, &headers, COMPOSE, &user, SENDING)?;
    let sent = Sent::read(&headers, &payload)?;
    let draft = sent.body["id"].as_str();
    let raw = match draft {
        Some(draft) => mailbox.draft(draft)?.raw.clone(),
        None => sent.message(&sent.body["message"])?,
    };
    let stored = mailbox.send(raw, habits, app.clock.now_ms())?;
    app.tell(Event::email("gmail", &stored.id));
    let shown = show::brief(stored);
    if let Some(draft) = draft {
        mailbox.drop_draft(draft)?;
    }
    Ok(Json(shown))
}

pub(super) async fn list(Extracted(app): Extracted<Shared>, headers: HeaderMap, Path(user): Path<String>) -> Answer {
    let mut state = app.google();
    let mailbox = open(&mut state, &headers, DRAFTS, &user, READING)?;
    let named = mailbox.drafts.iter().filter_map(|(id, message)| {
        mailbox.messages.get(message).map(|stored| json!({"id": id, "message": show::named(stored)}))
    });
    let drafts: Vec<_> = named.collect();
    let count = drafts.len();
    let mut body = json!({"resultSizeEstimate": count});
    if count > 0 {
        body["drafts"] = json!(drafts);
    }
    Ok(Json(body))
}

pub(super) async fn get(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path((user, id)): Path<(String, String)>,
    RawQuery(raw): RawQuery,
) -> Answer {
    let mut state = app.google();
    let mailbox = open(&mut state, &headers, DRAFTS, &user, READING)?;
    let query = query(raw.as_deref(), &["format"])?;
    let format = Format::parse(query.get("format")).ok_or_else(|| refusals::invalid("Invalid value at 'format'"))?;
    let stored = mailbox.draft(&id)?;
    Ok(Json(json!({"id": id, "message": show::message(stored, format, &[])})))
}

pub(super) async fn delete(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path((user, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let mut state = app.google();
    let mailbox = open(&mut state, &headers, COMPOSE, &user, WRITING)?;
    mailbox.drop_draft(&id)?;
    app.tell(Event::email("gmail", &id));
    Ok(StatusCode::NO_CONTENT)
}
