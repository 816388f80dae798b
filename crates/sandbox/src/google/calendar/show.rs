//! An event as Google answers it.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    store::{Calendar, Stored},
    time::{self, Span},
};

/// The event; times in the offset of `zone`, or of the calendar's own.
pub(crate) fn event(calendar: &Calendar, stored: &Stored, zone: Option<&TimeZone>, base_url: &str) -> Value {
    let owner = json!({"email": calendar.account, "self": true});
    let mut shown = json!({
        "kind": "calendar#event",
        "etag": stored.etag(),
        "id": stored.id,
        "htmlLink": format!("{base_url}/google/calendar?account={}&event={}", encoded(&calendar.account), stored.id),
        "created": moment(stored.created_ms),
        "updated": moment(stored.updated_ms),
        "creator": owner,
        "organizer": owner,
        "iCalUID": format!("{}@google.com", stored.id),
        "sequence": stored.sequence,
        "eventType": "default",
        "reminders": {"useDefault": true},
    });
    for (key, value) in &stored.body {
        shown[key] = value.clone();
    }
    let own = calendar.zone();
    let (start, end) = match &stored.span {
        Span::Times(start, end) => (Some(*start), Some(*end)),
        Span::Days(..) => (None, None),
    };
    let zone = zone.unwrap_or(&own);
    shown["start"] = time::shown(&shown["start"], start, zone, &calendar.time_zone);
    shown["end"] = time::shown(&shown["end"], end, zone, &calendar.time_zone);
    for attendee in shown.get_mut("attendees").and_then(Value::as_array_mut).into_iter().flatten() {
        if attendee["email"] == calendar.account.as_str() {
            attendee["self"] = json!(true);
        }
    }
    if let Some(meet) = &stored.meet {
        shown["conferenceData"] = meet.shown();
        if let Some(address) = meet.address() {
            shown["hangoutLink"] = json!(address);
        }
    }
    shown
}

fn moment(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
