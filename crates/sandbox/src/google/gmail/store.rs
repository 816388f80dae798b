//! Mailboxes as they are kept.

use std::collections::BTreeMap;

use axum::body::Bytes;

use super::{
    super::errors::ApiError,
    refusals::{invalid, not_found},
};
use crate::{
    mail::{Letter, Post},
    random,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    Sent,
    Draft,
}

impl Label {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "SENT",
            Self::Draft => "DRAFT",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Stored {
    pub id: String,
    pub thread_id: String,
    pub label: Label,
    pub raw: Bytes,
    pub letter: Letter,
    pub created_ms: i64,
    /// The newest is the highest.
    pub serial: u64,
}

/// How this Gmail treats what it is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    /// Gmail is said to write its own Message-ID over ours at times.
    pub keeps_message_id: bool,
    /// How long a message cannot be found by searching.
    pub search_lag_ms: i64,
}

impl Default for Habits {
    fn default() -> Self {
        Self { keeps_message_id: true, search_lag_ms: 0 }
    }
}

/// What an account has sent and drafted.
#[derive(Debug)]
pub(crate) struct Mailbox {
    pub account: String,
    pub messages: BTreeMap<String, Stored>,
    /// Draft → its message.
    pub drafts: BTreeMap<String, String>,
    last_serial: u64,
}

impl Mailbox {
    pub fn of(account: &str) -> Self {
        Self { account: account.to_owned(), messages: BTreeMap::new(), drafts: BTreeMap::new(), last_serial: 0 }
    }

    /// The newest first.
    pub fn newest(&self) -> Vec<&Stored> {
        let mut all: Vec<_> = self.messages.values().collect();
        all.sort_by_key(|stored| std::cmp::Reverse(stored.serial));
        all
    }

    /// Sends the message, or says why it cannot go.
    pub(super) fn send(&mut self, raw: Bytes, habits: Habits, now_ms: i64) -> Result<&Stored, ApiError> {
        let letter = Letter::parse(&raw);
        if letter.recipients().is_empty() {
            return Err(invalid("Recipient address required"));
        }
        let has_own_id = !letter.message_id.is_empty() && habits.keeps_message_id;
        let raw = if has_own_id { raw } else { with_new_id(&raw, &self.account) };
        Ok(self.keep(Label::Sent, raw, now_ms))
    }

    pub(super) fn keep(&mut self, label: Label, raw: Bytes, now_ms: i64) -> &Stored {
        self.last_serial += 1;
        let id = random::hex()[..16].to_owned();
        let letter = Letter::parse(&raw);
        let stored = Stored {
            thread_id: id.clone(),
            id: id.clone(),
            label,
            raw,
            letter,
            created_ms: now_ms,
            serial: self.last_serial,
        };
        self.messages.entry(id).or_insert(stored)
    }

    pub(super) fn draft(&self, id: &str) -> Result<&Stored, ApiError> {
        self.drafts.get(id).and_then(|message| self.messages.get(message)).ok_or_else(not_found)
    }

    pub(super) fn drop_draft(&mut self, id: &str) -> Result<(), ApiError> {
        let message = self.drafts.remove(id).ok_or_else(not_found)?;
        self.messages.remove(&message);
        Ok(())
    }
}

/// Another Message-ID in place of the one that is there; that one stays under another name.
fn with_new_id(raw: &[u8], account: &str) -> Bytes {
    let text = String::from_utf8_lossy(raw);
    let (head, body) = text.split_once("\r\n\r\n").or_else(|| text.split_once("\n\n")).unwrap_or((&text, ""));
    let renamed = head.split('\n').map(|line| match line.split_once(':') {
        Some((name, value)) if name.eq_ignore_ascii_case("message-id") => {
            format!("X-Google-Original-Message-ID:{value}")
        }
        _ => line.to_owned(),
    });
    let head: Vec<_> = renamed.collect();
    let domain = account.rsplit('@').next().unwrap_or_default();
    Bytes::from(format!("Message-ID: <{}@mail.{domain}>\r\n{}\r\n\r\n{body}", random::hex(), head.join("\n")))
}

impl Stored {
    pub fn post(&self) -> Post<'_> {
        let recipients = self.letter.recipients();
        let is_out = self.label == Label::Sent;
        Post {
            vendor: "gmail",
            id: &self.id,
            created_ms: self.created_ms,
            status: self.label.name().to_lowercase(),
            reached: if is_out { recipients.clone() } else { Vec::new() },
            recipients,
            letter: &self.letter,
            raw: Some(&self.raw),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_id_keeps_the_first_under_another_name() {
        let raw =
            with_new_id(b"From: a@example.com\r\nMessage-Id: <1@b>\r\n\r\nMessage-Id: no header\r\n", "a@example.com");
        let letter = Letter::parse(&raw);
        assert!(letter.message_id.ends_with("@mail.example.com>"), "{}", letter.message_id);
        assert_eq!(letter.headers, [("X-Google-Original-Message-ID".to_owned(), "<1@b>".to_owned())]);
        assert_eq!(letter.text.as_deref(), Some("Message-Id: no header\r\n"));
    }
}
