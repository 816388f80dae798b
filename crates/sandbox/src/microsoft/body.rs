//! A message as Graph's JSON has it, or as MIME in Base64.
//! <https://learn.microsoft.com/en-us/graph/api/resources/message>

use axum::{
    body::Bytes,
    http::{HeaderMap, header::CONTENT_TYPE},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::errors::{ApiError, bad, too_large};
use crate::mail::{Address, Attachment, Letter};

/// <https://learn.microsoft.com/en-us/graph/api/user-sendmail>: what is larger goes by upload sessions.
const LARGEST: usize = 4 * 1024 * 1024;

type Checked<T> = Result<T, ApiError>;

/// What was sent: a message in one form or the other, and the JSON around it.
#[derive(Debug)]
pub(super) struct Sent {
    pub letter: Letter,
    pub raw: Option<Bytes>,
    pub around: Value,
}

/// `within` names the message's place in the JSON, if it is not the whole of it.
pub(super) fn read(headers: &HeaderMap, payload: &Bytes, within: Option<&str>, account: &str) -> Checked<Sent> {
    if payload.len() > LARGEST {
        return Err(too_large());
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("text/plain") {
        return mime(payload);
    }
    let around: Value =
        serde_json::from_slice(payload).map_err(|_| bad("BadRequest", "Unable to read JSON request payload."))?;
    let message = within.map_or(&around, |name| &around[name]);
    if !message.is_object() {
        return Err(bad("ErrorInvalidParameter", "The message is missing."));
    }
    Ok(Sent { letter: letter(message, account)?, raw: None, around })
}

fn mime(payload: &Bytes) -> Checked<Sent> {
    let refusal = || bad("ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.");
    let compact: Vec<u8> = payload.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let raw = Bytes::from(STANDARD.decode(compact).map_err(|_| refusal())?);
    Ok(Sent { letter: Letter::parse(&raw), raw: Some(raw), around: Value::Null })
}

fn letter(message: &Value, account: &str) -> Checked<Letter> {
    let own = Address { name: String::new(), email: account.to_owned() };
    let content = message["body"]["content"].as_str().unwrap_or_default().to_owned();
    let is_html = message["body"]["contentType"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("html"));
    let (text, html) = if is_html { (None, Some(content)) } else { (Some(content), None) };
    Ok(Letter {
        from: person(&message["from"]).unwrap_or(own),
        to: people(message, "toRecipients")?,
        cc: people(message, "ccRecipients")?,
        bcc: people(message, "bccRecipients")?,
        reply_to: people(message, "replyTo")?,
        subject: message["subject"].as_str().unwrap_or_default().to_owned(),
        message_id: message["internetMessageId"].as_str().unwrap_or_default().to_owned(),
        headers: headers(message)?,
        text,
        html,
        attachments: list(message, "attachments").iter().map(attachment).collect::<Checked<_>>()?,
    })
}

fn list<'a>(message: &'a Value, name: &str) -> &'a [Value] {
    message[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn person(value: &Value) -> Option<Address> {
    let address = Address::parse(value["emailAddress"]["address"].as_str()?)?;
    let name = value["emailAddress"]["name"].as_str().unwrap_or_default().to_owned();
    Some(Address { name, ..address })
}

fn people(message: &Value, name: &str) -> Checked<Vec<Address>> {
    let all: Option<Vec<_>> = list(message, name).iter().map(person).collect();
    all.ok_or_else(|| bad("ErrorInvalidRecipients", "At least one recipient is not valid."))
}

/// One's own headers alone: <https://learn.microsoft.com/en-us/graph/api/resources/internetmessageheader>.
fn headers(message: &Value) -> Checked<Vec<(String, String)>> {
    let pair = |header: &Value| {
        let name = header["name"].as_str().filter(|name| name.to_lowercase().starts_with("x-"))?;
        Some((name.to_owned(), header["value"].as_str()?.to_owned()))
    };
    let all: Option<Vec<_>> = list(message, "internetMessageHeaders").iter().map(pair).collect();
    all.ok_or_else(|| {
        bad("InvalidInternetMessageHeader", "The internet message header name should start with 'x-' or 'X-'.")
    })
}

fn attachment(value: &Value) -> Checked<Attachment> {
    let field = |name: &str| value[name].as_str().map(str::to_owned);
    let is_file = value["@odata.type"].as_str() == Some("#microsoft.graph.fileAttachment");
    let bytes = field("contentBytes").filter(|_| is_file).and_then(|content| STANDARD.decode(content).ok());
    let bytes = bytes.ok_or_else(|| bad("ErrorInvalidParameter", "An attachment is not valid."))?;
    Ok(Attachment {
        filename: field("name").unwrap_or_else(|| "attachment".to_owned()),
        content_type: field("contentType").unwrap_or_else(|| "application/octet-stream".to_owned()),
        content_id: field("contentId"),
        bytes: Bytes::from(bytes),
    })
}
