//! How Graph shows messages.

use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

use super::store::Stored;
use crate::mail::Address;

const PREVIEW: usize = 255;

/// Whether ids are to stay as they are when a message moves.
/// <https://learn.microsoft.com/en-us/graph/outlook-immutable-id>
pub(super) fn wants_immutable(headers: &HeaderMap) -> bool {
    let mut preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    preferences.any(|value| value.replace(' ', "").to_lowercase().contains("idtype=\"immutableid\""))
}

pub(super) fn message(stored: &Stored, is_immutable: bool, folder: &str) -> Value {
    let letter = &stored.letter;
    let (kind, content) = match (&letter.html, &letter.text) {
        (Some(html), _) => ("html", html.as_str()),
        (None, text) => ("text", text.as_deref().unwrap_or_default()),
    };
    let preview: String = letter.text.as_deref().unwrap_or_default().chars().take(PREVIEW).collect();
    json!({
        "id": if is_immutable { &stored.immutable_id } else { &stored.id },
        "createdDateTime": moment(stored.created_ms),
        "sentDateTime": moment(stored.sent_ms.unwrap_or(stored.created_ms)),
        "hasAttachments": !letter.attachments.is_empty(),
        "internetMessageId": letter.message_id,
        "subject": letter.subject,
        "bodyPreview": preview,
        "parentFolderId": folder,
        "isRead": true,
        "isDraft": stored.is_draft,
        "body": {"contentType": kind, "content": content},
        "sender": person(&letter.from),
        "from": person(&letter.from),
        "toRecipients": people(&letter.to),
        "ccRecipients": people(&letter.cc),
        "bccRecipients": people(&letter.bcc),
        "replyTo": people(&letter.reply_to),
    })
}

/// What is named, and the id.
pub(super) fn selected(message: Value, select: Option<&str>) -> Value {
    let Some(names) = select else { return message };
    let Value::Object(all) = message else { return message };
    let names: Vec<_> = names.split(',').map(str::trim).chain(["id"]).collect();
    let kept: Map<_, _> = all.into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect();
    kept.into()
}

fn person(address: &Address) -> Value {
    let name = if address.name.is_empty() { &address.email } else { &address.name };
    json!({"emailAddress": {"name": name, "address": address.email}})
}

fn people(addresses: &[Address]) -> Value {
    addresses.iter().map(person).collect()
}

fn moment(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
