//! Mailboxes as they are kept.

use std::collections::BTreeMap;

use axum::body::Bytes;

use crate::{
    mail::{Letter, Post},
    random,
};

#[derive(Debug)]
pub(crate) struct Stored {
    /// The same wherever the message is.
    pub immutable_id: String,
    /// Another one in each folder.
    pub id: String,
    pub is_draft: bool,
    /// Not where the sender wanted no copy.
    pub is_kept: bool,
    pub letter: Letter,
    /// Where it came as MIME.
    pub raw: Option<Bytes>,
    pub created_ms: i64,
    pub sent_ms: Option<i64>,
    /// The newest is the highest.
    pub serial: u64,
}

impl Stored {
    /// In which folder it is to be seen; in none while it is on its way.
    pub fn folder(&self, now_ms: i64, lag_ms: i64) -> Option<&'static str> {
        match self.sent_ms {
            None => Some("drafts"),
            Some(sent_ms) if self.is_kept && now_ms >= sent_ms + lag_ms => Some("sentitems"),
            Some(_) => None,
        }
    }

    pub fn post(&self) -> Post<'_> {
        let recipients = self.letter.recipients();
        Post {
            vendor: "microsoft",
            id: &self.immutable_id,
            created_ms: self.created_ms,
            status: if self.is_draft { "draft" } else { "sent" }.to_owned(),
            reached: if self.is_draft { Vec::new() } else { recipients.clone() },
            recipients,
            letter: &self.letter,
            raw: self.raw.as_ref(),
        }
    }
}

/// What an account has sent and drafted, by the ids that never change.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    pub messages: BTreeMap<String, Stored>,
    last_serial: u64,
}

impl Mailbox {
    /// The newest first.
    pub fn newest(&self) -> Vec<&Stored> {
        let mut all: Vec<_> = self.messages.values().collect();
        all.sort_by_key(|stored| std::cmp::Reverse(stored.serial));
        all
    }

    pub fn draft(&mut self, mut letter: Letter, raw: Option<Bytes>, now_ms: i64) -> &mut Stored {
        self.last_serial += 1;
        if letter.message_id.is_empty() {
            letter.message_id = format!("<{}@sandbox.outlook.example>", random::hex());
        }
        let stored = Stored {
            immutable_id: new_id("AAkALg"),
            id: new_id("AAMkAG"),
            is_draft: true,
            is_kept: true,
            letter,
            raw,
            created_ms: now_ms,
            sent_ms: None,
            serial: self.last_serial,
        };
        self.messages.entry(stored.immutable_id.clone()).or_insert(stored)
    }

    /// By either of its ids.
    pub fn find(&mut self, id: &str) -> Option<&mut Stored> {
        self.messages.values_mut().find(|stored| stored.immutable_id == id || stored.id == id)
    }
}

/// Sends a draft: it goes to another folder, where it has another id.
pub(super) fn send(draft: &mut Stored, is_kept: bool, now_ms: i64) {
    draft.is_draft = false;
    draft.is_kept = is_kept;
    draft.sent_ms = Some(now_ms);
    draft.id = new_id("AAMkAG");
}

fn new_id(start: &str) -> String {
    format!("{start}{}=", random::token(60))
}
