//! The calendars as they are kept.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::{conference::Meet, time::Span};

/// An account's own calendar.
#[derive(Debug)]
pub(crate) struct Calendar {
    pub account: String,
    /// IANA name.
    pub time_zone: String,
    pub events: BTreeMap<String, Stored>,
    /// Whom Google wrote to, in order.
    pub notices: Vec<Notice>,
    last_etag: i64,
}

/// An event; a deleted one stays, and keeps its id.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub id: String,
    /// What callers may write of it.
    pub body: Map<String, Value>,
    pub span: Span,
    pub meet: Option<Meet>,
    pub etag: i64,
    pub created_ms: i64,
    pub updated_ms: i64,
    pub sequence: u32,
}

/// Mail to guests.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Notice {
    pub event: String,
    pub kind: &'static str,
    pub to: Vec<String>,
}

impl Calendar {
    pub fn of(account: &str) -> Self {
        Self {
            account: account.to_owned(),
            time_zone: "Europe/Istanbul".to_owned(),
            events: BTreeMap::new(),
            notices: Vec::new(),
            last_etag: 0,
        }
    }

    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC)
    }

    /// Grows with every write.
    pub fn next_etag(&mut self, now_ms: i64) -> i64 {
        self.last_etag = (self.last_etag + 2).max(now_ms * 2000);
        self.last_etag
    }
}

impl Stored {
    pub fn is_cancelled(&self) -> bool {
        self.body.get("status").and_then(Value::as_str) == Some("cancelled")
    }

    pub fn etag(&self) -> String {
        format!("\"{}\"", self.etag)
    }

    /// The guests' addresses, without the owner's own.
    pub fn guests(&self, owner: &str) -> Vec<String> {
        let attendees = self.body.get("attendees").and_then(Value::as_array).into_iter().flatten();
        let emails = attendees.filter_map(|attendee| attendee["email"].as_str());
        emails.filter(|email| *email != owner).map(ToOwned::to_owned).collect()
    }
}
