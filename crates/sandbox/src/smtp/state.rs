//! The server's accounts, and what it has taken.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::mail::{Letter, Post};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    pub password: Option<String>,
    /// Access tokens for XOAUTH2.
    #[serde(default)]
    pub tokens: BTreeSet<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// The largest message, in bytes.
    pub size: usize,
    pub recipients: usize,
    /// Credentials are taken only in private; without a certificate there is no privacy, and they always are.
    pub private: bool,
    pub mechanisms: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let mechanisms = ["PLAIN", "LOGIN", "XOAUTH2"].map(str::to_owned).to_vec();
        Self { size: 25 * 1024 * 1024, recipients: 100, private: true, mechanisms }
    }
}

/// How an address refuses.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusal {
    pub code: u16,
    pub text: String,
}

#[derive(Debug)]
pub(crate) struct Message {
    pub id: String,
    /// Who was signed in.
    pub user: String,
    pub sender: String,
    pub recipients: Vec<String>,
    pub is_private: bool,
    pub raw: Bytes,
    pub letter: Letter,
    pub created_ms: i64,
}

impl Message {
    pub fn show(&self) -> Value {
        json!({
            "id": self.id, "user": self.user, "sender": self.sender, "recipients": self.recipients,
            "private": self.is_private, "size": self.raw.len(), "created_ms": self.created_ms,
        })
    }

    pub fn post(&self) -> Post<'_> {
        Post {
            vendor: "smtp",
            id: &self.id,
            created_ms: self.created_ms,
            status: "delivered".to_owned(),
            recipients: self.recipients.clone(),
            reached: self.recipients.clone(),
            letter: &self.letter,
            raw: Some(&self.raw),
        }
    }
}

#[derive(Debug)]
pub(crate) struct State {
    pub accounts: BTreeMap<String, Account>,
    pub settings: Settings,
    /// Mailbox → how it refuses.
    pub refusals: BTreeMap<String, Refusal>,
    pub messages: Vec<Message>,
    pub connections: u64,
}

impl Default for State {
    fn default() -> Self {
        let account = Account { password: Some("sandbox-password".to_owned()), tokens: BTreeSet::new() };
        Self {
            accounts: BTreeMap::from([("satis@example.com".to_owned(), account)]),
            settings: Settings::default(),
            refusals: BTreeMap::new(),
            messages: Vec::new(),
            connections: 0,
        }
    }
}
