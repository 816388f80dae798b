//! A message, and how the API shows it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use url::Url;

use super::{address, errors, segments, webhook::Webhook};

pub(super) const VERSION: &str = "2010-04-01";
/// In US dollars, per segment.
const PRICE: f64 = 0.0075;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Accepted,
    Scheduled,
    Canceled,
    Queued,
    Sending,
    Sent,
    Delivered,
    Read,
    Undelivered,
    Failed,
    Received,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Direction {
    Inbound,
    OutboundApi,
}

#[derive(Debug, Clone)]
pub(crate) struct Media {
    pub sid: String,
    pub url: String,
}

#[derive(Debug)]
pub(crate) struct Message {
    pub sid: String,
    pub account_sid: String,
    /// Counts the account's messages; the newest is the highest.
    pub serial: u64,
    pub direction: Direction,
    pub to: String,
    /// With a Messaging Service: unknown until it has picked a sender.
    pub from: Option<String>,
    pub service_sid: Option<String>,
    pub body: String,
    pub media: Vec<Media>,
    /// Made from an approved template, which needs no open conversation.
    pub is_template: bool,
    pub status_callback: Option<Url>,
    pub send_at_ms: Option<i64>,
    pub status: Status,
    pub error_code: Option<u32>,
    pub created_ms: i64,
    pub sent_ms: Option<i64>,
    /// Each status and since when.
    pub history: Vec<(Status, i64)>,
    /// Whether it arrived on somebody's phone.
    pub reached: bool,
    /// When its sender is free for it.
    pub turn_ms: i64,
    /// Where its callbacks wait for each other.
    pub(super) line: Option<mpsc::UnboundedSender<Webhook>>,
}

impl Message {
    pub fn updated_ms(&self) -> i64 {
        self.history.last().map_or(self.created_ms, |(_, at_ms)| *at_ms)
    }

    /// Not known before there is a sender.
    pub fn segments(&self) -> usize {
        if self.from.is_none() {
            return 0;
        }
        let is_text = address::channel(&self.to) == address::Channel::Sms && self.media.is_empty();
        if is_text { segments::count(&self.body) } else { 1 }
    }

    pub fn uri(&self) -> String {
        format!("/{VERSION}/Accounts/{}/Messages/{}", self.account_sid, self.sid)
    }

    fn price(&self) -> Option<String> {
        let segments = u32::try_from(self.segments()).unwrap_or(u32::MAX);
        self.sent_ms.map(|_| format!("-{:.5}", PRICE * f64::from(segments)))
    }

    pub fn error_message(&self) -> Option<&'static str> {
        self.error_code.map(errors::text).filter(|text| !text.is_empty())
    }

    /// <https://www.twilio.com/docs/messaging/api/message-resource#message-properties>
    pub fn show(&self) -> Value {
        let uri = self.uri();
        json!({
            "account_sid": self.account_sid,
            "api_version": VERSION,
            "body": self.body,
            "date_created": rfc2822(self.created_ms),
            "date_sent": self.sent_ms.map(rfc2822),
            "date_updated": rfc2822(self.updated_ms()),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": self.error_message(),
            "from": self.from,
            "messaging_service_sid": self.service_sid,
            "num_media": self.media.len().to_string(),
            "num_segments": self.segments().to_string(),
            "price": self.price(),
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": format!("{uri}/Media.json")},
            "to": self.to,
            "uri": format!("{uri}.json"),
        })
    }

    pub fn show_media(&self, media: &Media) -> Value {
        json!({
            "account_sid": self.account_sid,
            "content_type": content_type(&media.url),
            "date_created": rfc2822(self.created_ms),
            "date_updated": rfc2822(self.created_ms),
            "parent_sid": self.sid,
            "sid": media.sid,
            "uri": format!("{}/Media/{}.json", self.uri(), media.sid),
        })
    }

    /// As `/_control` shows it.
    pub fn snapshot(&self) -> Value {
        let mut shown = self.show();
        let history = self.history.iter().map(|(status, at_ms)| json!({"status": status, "at_ms": at_ms}));
        shown["history"] = history.collect();
        shown["reached"] = json!(self.reached);
        shown["media"] = self.media.iter().map(|media| media.url.as_str()).collect();
        shown["created_ms"] = json!(self.created_ms);
        shown
    }
}

/// Nothing is fetched, so a medium is what its address says.
pub(super) fn content_type(url: &str) -> &'static str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    match path.rsplit('.').next().map(str::to_ascii_lowercase).as_deref() {
        Some("png") => "image/png",
        Some("gif") => "image/gif",
        Some("pdf") => "application/pdf",
        Some("mp4") => "video/mp4",
        _ => "image/jpeg",
    }
}

pub(super) fn moment(at_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at_ms).unwrap_or_default()
}

fn rfc2822(at_ms: i64) -> String {
    moment(at_ms).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}
