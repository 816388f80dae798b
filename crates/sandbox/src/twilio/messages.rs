//! The Message resource: <https://www.twilio.com/docs/messaging/api/message-resource>.

use axum::{
    Json,
    extract::{OriginalUri, Path, RawQuery, State as Extracted},
    http::{StatusCode, Uri},
};
use serde_json::Value;

use super::{
    draft,
    errors::{self, ApiError, refused},
    form::Form,
    list::Query,
    message::{Message, Status},
    state::State,
};
use crate::{events::Event, server::Shared};

type Answer = Result<Json<Value>, ApiError>;
/// Account and message.
type Named = Path<(String, String)>;

pub(super) async fn create(
    Extracted(app): Extracted<Shared>,
    Path(account): Path<String>,
    form: Form,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let mut state = app.twilio();
    let draft = draft::check(state.account(&account)?, &form, app.clock.now_ms())?;
    let sid = state.create(&account, draft);
    state.begin(&app, &sid);
    app.tell(Event::twilio("message", &sid));
    let created = state.message(&account, &sid).map(Message::show);
    Ok((StatusCode::CREATED, Json(created.unwrap_or_default())))
}

pub(super) async fn list(
    Extracted(app): Extracted<Shared>,
    Path(account): Path<String>,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Answer {
    let query = Query::parse(query.as_deref());
    let state = app.twilio();
    let chosen = query.select(state.newest(&account))?;
    let entries: Vec<_> = chosen.into_iter().map(|message| (message.sid.clone(), message.show())).collect();
    Ok(Json(query.page(own_path(&uri), "messages", &entries)))
}

/// SDKs put their base address before it.
fn own_path(uri: &Uri) -> &str {
    uri.path().strip_prefix("/twilio").unwrap_or(uri.path())
}

/// The SID of `SM….json`.
fn bare(file: &str) -> &str {
    file.strip_suffix(".json").unwrap_or(file)
}

fn find<'a>(state: &'a State, account: &str, sid: &str, uri: &Uri) -> Result<&'a Message, ApiError> {
    state.message(account, sid).ok_or_else(|| errors::absent(own_path(uri)))
}

pub(super) async fn fetch(
    Extracted(app): Extracted<Shared>,
    Path((account, file)): Named,
    OriginalUri(uri): OriginalUri,
) -> Answer {
    Ok(Json(find(&app.twilio(), &account, bare(&file), &uri)?.show()))
}

/// Cancels what is scheduled, or takes the text out of what was sent.
pub(super) async fn update(
    Extracted(app): Extracted<Shared>,
    Path((account, file)): Named,
    OriginalUri(uri): OriginalUri,
    form: Form,
) -> Answer {
    let sid = bare(&file);
    let mut state = app.twilio();
    let status = find(&state, &account, sid, &uri)?.status;
    match (form.get("Status"), form.all("Body").next()) {
        (Some("canceled"), _) if status == Status::Scheduled => state.enter(sid, Status::Canceled, None),
        (Some("canceled"), _) => return Err(refused(30409)),
        (None, Some("")) => state.redact(sid),
        _ => return Err(refused(20001)),
    }
    app.tell(Event::twilio("message", sid));
    Ok(Json(find(&state, &account, sid, &uri)?.show()))
}

pub(super) async fn delete(
    Extracted(app): Extracted<Shared>,
    Path((account, file)): Named,
    OriginalUri(uri): OriginalUri,
) -> Result<StatusCode, ApiError> {
    let sid = bare(&file);
    let mut state = app.twilio();
    let status = find(&state, &account, sid, &uri)?.status;
    if matches!(status, Status::Accepted | Status::Scheduled | Status::Queued | Status::Sending) {
        return Err(refused(20009));
    }
    state.messages.remove(sid);
    app.tell(Event::twilio("message", sid));
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn media(
    Extracted(app): Extracted<Shared>,
    Path((account, sid)): Named,
    OriginalUri(uri): OriginalUri,
    RawQuery(query): RawQuery,
) -> Answer {
    let state = app.twilio();
    let message = find(&state, &account, &sid, &uri)?;
    let entries: Vec<_> = message.media.iter().map(|media| (media.sid.clone(), message.show_media(media))).collect();
    Ok(Json(Query::parse(query.as_deref()).page(own_path(&uri), "media_list", &entries)))
}
