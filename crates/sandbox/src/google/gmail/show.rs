//! How the API shows messages.
//! <https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages#Message>

use serde_json::{Value, json};

use super::{store::Stored, upload::encoded};
use crate::mail::Letter;

const SNIPPET: usize = 200;

/// How much of a message is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Minimal,
    Metadata,
    Full,
    Raw,
}

impl Format {
    pub fn parse(text: Option<&str>) -> Option<Self> {
        Some(match text.unwrap_or("full") {
            "minimal" => Self::Minimal,
            "metadata" => Self::Metadata,
            "full" => Self::Full,
            "raw" => Self::Raw,
            _ => return None,
        })
    }
}

/// Where only the name of a message is told.
pub(super) fn named(stored: &Stored) -> Value {
    json!({"id": stored.id, "threadId": stored.thread_id})
}

/// As sending and drafting answer.
pub(super) fn brief(stored: &Stored) -> Value {
    json!({"id": stored.id, "threadId": stored.thread_id, "labelIds": [stored.label.name()]})
}

pub(super) fn message(stored: &Stored, format: Format, wanted: &[&str]) -> Value {
    let mut shown = brief(stored);
    let text = stored.letter.text.as_deref().unwrap_or_default();
    let snippet: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SNIPPET).collect();
    shown["snippet"] = json!(snippet);
    shown["sizeEstimate"] = json!(stored.raw.len());
    shown["historyId"] = json!(stored.serial.to_string());
    shown["internalDate"] = json!(stored.created_ms.to_string());
    match format {
        Format::Minimal => {}
        Format::Raw => shown["raw"] = json!(encoded(&stored.raw)),
        Format::Metadata => shown["payload"] = json!({"headers": headers(stored, wanted)}),
        Format::Full => shown["payload"] = payload(stored),
    }
    shown
}

fn headers(stored: &Stored, wanted: &[&str]) -> Value {
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|one| one.eq_ignore_ascii_case(name));
    let all = Letter::headers_of(&stored.raw);
    let shown = all.iter().filter(|(name, _)| is_wanted(name));
    shown.map(|(name, value)| json!({"name": name, "value": value})).collect()
}

/// The parts side by side, however they were nested.
fn payload(stored: &Stored) -> Value {
    let letter = &stored.letter;
    let texts = [("text/plain", &letter.text), ("text/html", &letter.html)];
    let texts = texts.into_iter().filter_map(|(kind, text)| Some((kind, "", text.as_deref()?.as_bytes())));
    let files =
        letter.attachments.iter().map(|file| (file.content_type.as_str(), file.filename.as_str(), &file.bytes[..]));
    let parts = texts.chain(files).enumerate().map(|(index, (kind, filename, bytes))| {
        json!({
            "partId": index.to_string(), "mimeType": kind, "filename": filename, "headers": [],
            "body": {"size": bytes.len(), "data": encoded(bytes)},
        })
    });
    json!({
        "partId": "", "mimeType": "multipart/mixed", "filename": "", "headers": headers(stored, &[]), "body": {"size": 0},
        "parts": parts.collect::<Vec<_>>(),
    })
}
