//! What a message is made of: addresses, attachments, tags, headers.

use axum::body::Bytes;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::errors::{ApiError, invalid, missing, refused};
use crate::mail::{Address, Attachment, addresses};

const LONGEST_TAG: usize = 256;
/// After Base64.
const LARGEST_MESSAGE: usize = 40 * 1024 * 1024;

type Checked<T> = Result<T, ApiError>;

pub(super) fn text<'a>(sent: &'a Value, field: &str) -> Option<&'a str> {
    sent[field].as_str().filter(|text| !text.is_empty())
}

/// One text or a list of them; null, an empty text and nothing at all are none.
pub(super) fn people(sent: &Value, field: &str) -> Checked<Vec<Address>> {
    let malformed = || {
        invalid(format!(
            "Invalid `{field}` field. The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."
        ))
    };
    let texts: Option<Vec<&str>> = match &sent[field] {
        Value::Null => Some(Vec::new()),
        Value::String(text) => Some(Some(text.as_str()).filter(|text| !text.is_empty()).into_iter().collect()),
        Value::Array(list) => list.iter().map(Value::as_str).collect(),
        _ => None,
    };
    texts.and_then(addresses).ok_or_else(malformed)
}

pub(super) fn required(sent: &Value, field: &str) -> Checked<Vec<Address>> {
    let people = people(sent, field)?;
    if people.is_empty() { Err(missing(field)) } else { Ok(people) }
}

pub(super) fn attachments(sent: &Value) -> Checked<Vec<Attachment>> {
    let list = sent["attachments"].as_array().map(Vec::as_slice).unwrap_or_default();
    let files: Vec<_> = list.iter().map(attachment).collect::<Checked<_>>()?;
    let size: usize = files.iter().map(|file| file.bytes.len().div_ceil(3) * 4).sum();
    if size > LARGEST_MESSAGE {
        return Err(invalid("The total size of the email must not exceed 40MB."));
    }
    Ok(files)
}

fn attachment(sent: &Value) -> Checked<Attachment> {
    let given = match &sent["content"] {
        // Nothing is fetched: what stands at a path is not known here.
        Value::Null if text(sent, "path").is_some() => Some(Vec::new()),
        // Node.js writes its buffers so.
        Value::Object(buffer) => buffer.get("data").and_then(numbers),
        Value::String(encoded) => STANDARD.decode(encoded).ok(),
        other => numbers(other),
    };
    let path = text(sent, "path").and_then(|path| path.rsplit('/').next());
    let filename = text(sent, "filename").or(path).unwrap_or("attachment").to_owned();
    let content_type = text(sent, "content_type").unwrap_or_else(|| kind(&filename)).to_owned();
    let content_id = text(sent, "content_id").or(text(sent, "inline_content_id")).map(str::to_owned);
    let bytes = given.ok_or_else(|| refused("invalid_attachment"))?;
    Ok(Attachment { filename, content_type, content_id, bytes: Bytes::from(bytes) })
}

/// Python's client writes bytes as a list of numbers.
fn numbers(list: &Value) -> Option<Vec<u8>> {
    list.as_array()?.iter().map(|number| u8::try_from(number.as_u64()?).ok()).collect()
}

fn kind(filename: &str) -> &'static str {
    match filename.rsplit('.').next().map(str::to_ascii_lowercase).as_deref() {
        Some("pdf") => "application/pdf",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("txt") => "text/plain",
        Some("csv") => "text/csv",
        Some("html") => "text/html",
        Some("ics") => "text/calendar",
        _ => "application/octet-stream",
    }
}

pub(super) fn tags(sent: &Value) -> Checked<Vec<(String, String)>> {
    let list = sent["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
    let pair = |tag: &Value| Some((word(&tag["name"])?, word(&tag["value"])?));
    let tags: Option<Vec<_>> = list.iter().map(pair).collect();
    tags.ok_or_else(|| {
        invalid("Tags should only contain ASCII letters, numbers, underscores, or dashes, and at most 256 characters.")
    })
}

fn word(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let is_plain = text.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"_-".contains(&letter));
    (is_plain && (1..=LONGEST_TAG).contains(&text.len())).then(|| text.to_owned())
}

pub(super) fn headers(sent: &Value) -> Checked<Vec<(String, String)>> {
    let Value::Object(object) = &sent["headers"] else { return Ok(Vec::new()) };
    let pairs = object.iter().map(|(name, value)| match value.as_str() {
        Some(value) if !value.contains(['\r', '\n']) => Ok((name.clone(), value.to_owned())),
        _ => Err(invalid(format!("Invalid `headers` field: {name}"))),
    });
    pairs.collect()
}
