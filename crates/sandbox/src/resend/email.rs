//! An e-mail, and how the API shows it: <https://resend.com/docs/api-reference/emails/retrieve-email>.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{life::Bounce, webhook::Webhook};
use crate::mail::{Letter, Post, shown};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Queued,
    Scheduled,
    Canceled,
    Sent,
    Delivered,
    DeliveryDelayed,
    Bounced,
    Complained,
    Suppressed,
    Failed,
    Opened,
    Clicked,
}

impl Status {
    pub fn name(self) -> String {
        json!(self).as_str().unwrap_or_default().to_owned()
    }
}

#[derive(Debug)]
pub(crate) struct Email {
    pub id: String,
    /// Counts the e-mails; the newest is the highest.
    pub serial: u64,
    pub letter: Letter,
    pub tags: Vec<(String, String)>,
    pub send_at_ms: Option<i64>,
    pub created_ms: i64,
    pub status: Status,
    pub bounce: Option<Bounce>,
    /// Each status and since when.
    pub history: Vec<(Status, i64)>,
    /// The mailboxes that it is in.
    pub reached: Vec<String>,
    /// Where its webhooks wait for each other.
    pub(super) line: Option<mpsc::UnboundedSender<Webhook>>,
}

impl Email {
    pub fn updated_ms(&self) -> i64 {
        self.history.last().map_or(self.created_ms, |(_, at_ms)| *at_ms)
    }

    pub fn show(&self) -> Value {
        let tags = self.tags.iter().map(|(name, value)| json!({"name": name, "value": value}));
        let mut shown = self.summary();
        shown["object"] = json!("email");
        shown["html"] = json!(self.letter.html);
        shown["text"] = json!(self.letter.text);
        shown["tags"] = tags.collect();
        shown
    }

    /// As lists show it.
    pub fn summary(&self) -> Value {
        let letter = &self.letter;
        json!({
            "id": self.id,
            "message_id": letter.message_id,
            "to": shown(&letter.to),
            "from": letter.from.to_string(),
            "created_at": spaced(self.created_ms),
            "subject": letter.subject,
            "bcc": shown(&letter.bcc),
            "cc": shown(&letter.cc),
            "reply_to": shown(&letter.reply_to),
            "last_event": self.status,
            "scheduled_at": self.send_at_ms.map(spaced),
        })
    }

    /// As `/_control` shows it.
    pub fn snapshot(&self) -> Value {
        let history = self.history.iter().map(|(status, at_ms)| json!({"status": status, "at_ms": at_ms}));
        let mut shown = self.show();
        shown["history"] = history.collect();
        shown["headers"] = self.letter.headers.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        shown["created_ms"] = json!(self.created_ms);
        shown["reached"] = json!(self.reached);
        shown
    }

    pub fn post(&self) -> Post<'_> {
        Post {
            vendor: "resend",
            id: &self.id,
            created_ms: self.created_ms,
            status: self.status.name(),
            recipients: self.letter.recipients(),
            reached: self.reached.clone(),
            letter: &self.letter,
            raw: None,
        }
    }
}

/// Dates in answers stand as PostgreSQL writes them, and in webhooks as ISO 8601 does.
pub(super) fn spaced(at_ms: i64) -> String {
    moment(at_ms).strftime("%Y-%m-%d %H:%M:%S.%6f+00").to_string()
}

pub(super) fn iso(at_ms: i64) -> String {
    moment(at_ms).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn moment(at_ms: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default()
}
