//! A message's content, and what the page and `/_control` show of it.

use axum::body::Bytes;
use serde_json::{Value, json};

use super::Address;

#[derive(Debug, Clone, Default)]
pub(crate) struct Attachment {
    pub filename: String,
    pub content_type: String,
    /// By which the HTML names it, as `cid:…`.
    pub content_id: Option<String>,
    pub bytes: Bytes,
}

/// What a message says, and to whom.
#[derive(Debug, Clone, Default)]
pub(crate) struct Letter {
    pub from: Address,
    pub to: Vec<Address>,
    pub cc: Vec<Address>,
    pub bcc: Vec<Address>,
    pub reply_to: Vec<Address>,
    pub subject: String,
    /// With its angle brackets.
    pub message_id: String,
    /// Those that have no place of their own here.
    pub headers: Vec<(String, String)>,
    pub text: Option<String>,
    pub html: Option<String>,
    pub attachments: Vec<Attachment>,
}

impl Letter {
    /// All whom it is written to, each mailbox once.
    pub fn recipients(&self) -> Vec<String> {
        let mut all = Vec::new();
        for mailbox in [&self.to, &self.cc, &self.bcc].into_iter().flatten().map(Address::mailbox) {
            if !all.contains(&mailbox) {
                all.push(mailbox);
            }
        }
        all
    }

    fn show(&self, attachments: &str) -> Value {
        let files = self.attachments.iter().enumerate().map(|(index, file)| {
            json!({
                "filename": file.filename, "content_type": file.content_type, "content_id": file.content_id,
                "size": file.bytes.len(), "url": format!("{attachments}/{index}"),
            })
        });
        let headers = self.headers.iter().map(|(name, value)| json!({"name": name, "value": value}));
        json!({
            "from": self.from.to_string(), "to": shown(&self.to), "cc": shown(&self.cc), "bcc": shown(&self.bcc),
            "reply_to": shown(&self.reply_to), "subject": self.subject, "message_id": self.message_id,
            "headers": headers.collect::<Vec<_>>(), "text": self.text, "html": self.html,
            "attachments": files.collect::<Vec<_>>(),
        })
    }
}

/// As they stand in headers.
pub(crate) fn shown(addresses: &[Address]) -> Vec<String> {
    addresses.iter().map(Address::to_string).collect()
}

/// A letter on its way, as its vendor knows it.
#[derive(Debug)]
pub(crate) struct Post<'a> {
    pub vendor: &'static str,
    pub id: &'a str,
    pub created_ms: i64,
    /// In the vendor's own words.
    pub status: String,
    /// The mailboxes that it is for.
    pub recipients: Vec<String>,
    /// The mailboxes that it is in now.
    pub reached: Vec<String>,
    pub letter: &'a Letter,
    /// As it went over the wire, where it did so as a whole.
    pub raw: Option<&'a Bytes>,
}

impl Post<'_> {
    pub fn show(&self) -> Value {
        let own = format!("/_control/mail/{}/{}", self.vendor, self.id);
        let mut shown = self.letter.show(&format!("{own}/attachments"));
        shown["raw_url"] = json!(self.raw.map(|_| format!("{own}/raw")));
        shown["vendor"] = json!(self.vendor);
        shown["id"] = json!(self.id);
        shown["created_ms"] = json!(self.created_ms);
        shown["status"] = json!(self.status);
        shown["recipients"] = json!(self.recipients);
        shown["reached"] = json!(self.reached);
        shown
    }
}
