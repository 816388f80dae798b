//! What is in people's mailboxes, from all vendors.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State as Extracted},
    http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::Value;

use super::Refused;
use crate::{mail::Post, server::Shared};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(all))
        .route("/{vendor}/{id}/raw", get(raw))
        .route("/{vendor}/{id}/attachments/{index}", get(attachment))
}

/// Lends each vendor's letters, the oldest first within a vendor.
fn each(app: &Shared, mut look: impl FnMut(Post<'_>)) {
    app.resend().newest().into_iter().rev().for_each(|email| look(email.post()));
    for mailbox in app.google().mailboxes.values() {
        mailbox.newest().into_iter().rev().for_each(|stored| look(stored.post()));
    }
    for mailbox in app.microsoft().mailboxes.values() {
        mailbox.newest().into_iter().rev().for_each(|stored| look(stored.post()));
    }
    app.smtp().messages.iter().for_each(|message| look(message.post()));
}

/// The oldest first.
async fn all(Extracted(app): Extracted<Shared>) -> Json<Value> {
    let mut shown = Vec::new();
    each(&app, |post| shown.push((post.created_ms, post.show())));
    shown.sort_by_key(|(created_ms, _)| *created_ms);
    Json(shown.into_iter().map(|(_, post)| post).collect())
}

/// The message as it went over the wire.
async fn raw(
    Extracted(app): Extracted<Shared>,
    Path((vendor, id)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let mut found = None;
    each(&app, |post| {
        if post.vendor == vendor && post.id == id {
            found = post.raw.cloned();
        }
    });
    let raw = found.ok_or_else(|| Refused::absent("message"))?;
    Ok(([(CONTENT_TYPE, "message/rfc822"), (CONTENT_DISPOSITION, "attachment")], raw).into_response())
}

/// Never shown as a page of the sandbox's own.
async fn attachment(
    Extracted(app): Extracted<Shared>,
    Path((vendor, id, index)): Path<(String, String, usize)>,
) -> Result<Response, Refused> {
    let mut found: Option<(String, Bytes)> = None;
    each(&app, |post| {
        if post.vendor == vendor && post.id == id {
            found = post.letter.attachments.get(index).map(|file| (file.content_type.clone(), file.bytes.clone()));
        }
    });
    let (kind, bytes) = found.ok_or_else(|| Refused::absent("attachment"))?;
    let headers = [
        (CONTENT_TYPE, kind.as_str()),
        (CONTENT_DISPOSITION, "attachment"),
        (CONTENT_SECURITY_POLICY, "sandbox"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, bytes).into_response())
}
