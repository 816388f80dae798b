//! What writing an event does to its calendar.

use serde_json::{Map, Value, json};

use super::{
    super::errors::ApiError,
    body,
    conference::Meet,
    refusals::{duplicate, invalid},
    store::{Calendar, Notice, Stored},
    time::Span,
};
use crate::random;

/// How a call wants to be carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    pub now_ms: i64,
    /// Whether conferences are written at all (`conferenceDataVersion=1`).
    pub conferences: bool,
    /// Whether a new conference is there at once.
    pub meets_at_once: bool,
    pub notify: Notify,
}

/// `sendUpdates`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notify {
    All,
    /// Guests of other hosts only.
    External,
    Nobody,
}

/// What a body does to what was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Patch,
    Replace,
}

impl Calendar {
    /// A new event; its id is the caller's where one is given.
    pub fn insert(&mut self, sent: Map<String, Value>, manner: Manner) -> Result<String, ApiError> {
        let id = match sent.get("id").filter(|id| !id.is_null()) {
            Some(id) => {
                id.as_str().filter(|id| is_own_id(id)).ok_or_else(|| invalid("Invalid resource id value."))?.to_owned()
            }
            None => made_id(),
        };
        if self.events.contains_key(&id) {
            return Err(duplicate());
        }
        let asked = sent.get("conferenceData").filter(|_| manner.conferences).cloned().unwrap_or_default();
        let mut body = body::writable(sent);
        body::check(&mut body)?;
        let span = span(&body)?;
        let meet = Meet::written(None, &asked, manner.meets_at_once)?;
        let (etag, now_ms) = (self.next_etag(manner.now_ms), manner.now_ms);
        let stored =
            Stored { id: id.clone(), body, span, meet, etag, created_ms: now_ms, updated_ms: now_ms, sequence: 0 };
        self.notify(&id, "invitation", stored.guests(&self.account), manner.notify);
        self.events.insert(id.clone(), stored);
        Ok(id)
    }

    /// Changes an event that is there. Guests who are left out are told so.
    pub fn write(&mut self, old: &Stored, sent: Map<String, Value>, way: Way, manner: Manner) -> Result<(), ApiError> {
        let mut new = old.clone();
        if manner.conferences && (way == Way::Replace || sent.contains_key("conferenceData")) {
            let asked = sent.get("conferenceData").cloned().unwrap_or_default();
            new.meet = Meet::written(new.meet.take(), &asked, manner.meets_at_once)?;
        }
        match way {
            Way::Replace => new.body = body::writable(sent),
            Way::Patch => body::merge(&mut new.body, kept(sent)),
        }
        body::check(&mut new.body)?;
        new.span = span(&new.body)?;
        new.sequence += u32::from(new.span != old.span);
        (new.etag, new.updated_ms) = (self.next_etag(manner.now_ms), manner.now_ms);
        let guests = new.guests(&self.account);
        let gone = old.guests(&self.account).into_iter().filter(|guest| !guests.contains(guest)).collect();
        self.notify(&old.id, "cancellation", gone, manner.notify);
        self.notify(&old.id, "update", guests, manner.notify);
        self.events.insert(old.id.clone(), new);
        Ok(())
    }

    pub fn cancel(&mut self, old: &Stored, manner: Manner) {
        let mut new = old.clone();
        new.body.insert("status".to_owned(), json!("cancelled"));
        (new.etag, new.updated_ms) = (self.next_etag(manner.now_ms), manner.now_ms);
        self.notify(&old.id, "cancellation", old.guests(&self.account), manner.notify);
        self.events.insert(old.id.clone(), new);
    }

    fn notify(&mut self, event: &str, kind: &'static str, mut to: Vec<String>, notify: Notify) {
        let own_host = self.account.rsplit('@').next().unwrap_or_default();
        to.retain(|guest| match notify {
            Notify::All => true,
            Notify::External => guest.rsplit('@').next() != Some(own_host),
            Notify::Nobody => false,
        });
        if !to.is_empty() {
            self.notices.push(Notice { event: event.to_owned(), kind, to });
        }
    }
}

/// `null` removes, so that it has to stay.
fn kept(mut sent: Map<String, Value>) -> Map<String, Value> {
    let nulls: Vec<String> = sent.iter().filter(|(_, value)| value.is_null()).map(|(key, _)| key.clone()).collect();
    let mut kept = body::writable(std::mem::take(&mut sent));
    kept.extend(nulls.into_iter().map(|key| (key, Value::Null)));
    kept
}

fn span(body: &Map<String, Value>) -> Result<Span, ApiError> {
    let part = |name: &str| body.get(name).cloned().unwrap_or_default();
    Span::read(&part("start"), &part("end"))
}

/// base32hex in small letters, 5 to 1024 of them.
fn is_own_id(id: &str) -> bool {
    (5..=1024).contains(&id.len()) && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'v'))
}

fn made_id() -> String {
    let letters = b"0123456789abcdefghijklmnopqrstuv";
    random::token(26).bytes().take(26).map(|byte| char::from(letters[usize::from(byte) % letters.len()])).collect()
}
