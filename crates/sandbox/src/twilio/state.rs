//! Accounts, their messages, and what people's phones do.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use url::Url;

use super::{
    content::Content,
    draft::Draft,
    errors::{self, ApiError},
    life::{Outcome, Settings},
    message::{Direction, Media, Message, Status},
    webhook::Webhook,
};
use crate::{clock::Clock, random, webhooks::Outbox};

/// The account at the start. The README tells its secrets.
pub(crate) const DEFAULT_ACCOUNT: &str = "AC00000000000000000000000000000001";

/// How long WhatsApp takes free text after a person's last message.
const WINDOW_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    pub auth_token: String,
    /// API key → secret.
    #[serde(default)]
    pub api_keys: BTreeMap<String, String>,
    /// Numbers, sender ids, and WhatsApp senders with their prefix.
    #[serde(default)]
    pub senders: BTreeSet<String>,
    /// Messaging Service → its senders, the preferred one first.
    #[serde(default)]
    pub services: BTreeMap<String, Vec<String>>,
    /// Where incoming messages are posted to.
    pub inbound_url: Option<Url>,
    #[serde(skip)]
    pub contents: BTreeMap<String, Content>,
    /// (sender or service, person).
    #[serde(skip)]
    pub opt_outs: BTreeSet<(String, String)>,
    /// (sender, person) → when the person last wrote.
    #[serde(skip)]
    pub heard_ms: BTreeMap<(String, String), i64>,
}

impl Account {
    fn standard() -> Self {
        let senders = ["+15005550006", "+908500000001", "whatsapp:+15005550006"].map(str::to_owned);
        let service = "MG00000000000000000000000000000001".to_owned();
        Self {
            auth_token: "sandbox-token".to_owned(),
            api_keys: [("SK00000000000000000000000000000001".to_owned(), "sandbox-secret".to_owned())].into(),
            senders: senders.clone().into(),
            services: [(service, senders.into())].into(),
            ..Self::default()
        }
    }

    pub fn service_of(&self, sender: &str) -> Option<&str> {
        let service = self.services.iter().find(|(_, senders)| senders.iter().any(|own| own == sender));
        service.map(|(sid, _)| sid.as_str())
    }

    /// Who opts out of one sender of a service opts out of all of them.
    pub fn scope<'a>(&'a self, sender: &'a str) -> &'a str {
        self.service_of(sender).unwrap_or(sender)
    }

    pub fn has_opted_out(&self, sender: &str, person: &str) -> bool {
        self.opt_outs.contains(&(self.scope(sender).to_owned(), person.to_owned()))
    }

    /// Whether the person has written within a day.
    pub fn is_open(&self, sender: &str, person: &str, now_ms: i64) -> bool {
        let heard_ms = self.heard_ms.get(&(sender.to_owned(), person.to_owned()));
        heard_ms.is_some_and(|heard_ms| now_ms - heard_ms < WINDOW_MS)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub requests: AtomicU64,
    pub sends: AtomicU64,
    /// Webhooks with a 2xx.
    pub answered: AtomicU64,
    pub failed: AtomicU64,
}

#[derive(Debug)]
pub(crate) struct State {
    pub clock: Arc<Clock>,
    pub accounts: BTreeMap<String, Account>,
    pub messages: BTreeMap<String, Message>,
    pub settings: Settings,
    pub phones: BTreeMap<String, Outcome>,
    pub callbacks: Outbox<Webhook>,
    pub counters: Arc<Counters>,
    /// Calls that are being served.
    pub(super) in_flight: u32,
    /// Sender → when it has sent all that waits for it.
    pub(super) free_ms: BTreeMap<String, i64>,
    pub(super) http: reqwest::Client,
    /// They end with the state.
    pub(super) tasks: JoinSet<()>,
    last_serial: u64,
}

impl State {
    pub fn new(clock: Arc<Clock>, http: reqwest::Client) -> Self {
        Self {
            clock,
            accounts: BTreeMap::from([(DEFAULT_ACCOUNT.to_owned(), Account::standard())]),
            messages: BTreeMap::new(),
            settings: Settings::default(),
            phones: BTreeMap::new(),
            callbacks: Outbox::default(),
            counters: Arc::default(),
            in_flight: 0,
            free_ms: BTreeMap::new(),
            http,
            tasks: JoinSet::new(),
            last_serial: 0,
        }
    }

    pub(super) fn spawn(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(work);
    }

    pub fn account(&self, sid: &str) -> Result<&Account, ApiError> {
        self.accounts.get(sid).ok_or_else(|| errors::refused(20003))
    }

    /// The account's message.
    pub fn message(&self, account_sid: &str, sid: &str) -> Option<&Message> {
        self.messages.get(sid).filter(|message| message.account_sid == account_sid)
    }

    /// The account's messages, the newest first.
    pub fn newest(&self, account_sid: &str) -> Vec<&Message> {
        let mut own: Vec<_> = self.messages.values().filter(|message| message.account_sid == account_sid).collect();
        own.sort_by_key(|message| std::cmp::Reverse(message.serial));
        own
    }

    pub fn create(&mut self, account_sid: &str, draft: Draft) -> String {
        self.counters.sends.fetch_add(1, Ordering::Relaxed);
        let status = match (&draft.service_sid, draft.send_at_ms) {
            (_, Some(_)) => Status::Scheduled,
            (Some(_), None) => Status::Accepted,
            (None, None) => Status::Queued,
        };
        self.add(account_sid, Direction::OutboundApi, status, draft)
    }

    pub fn add(&mut self, account_sid: &str, direction: Direction, status: Status, draft: Draft) -> String {
        self.last_serial += 1;
        let now_ms = self.clock.now_ms();
        let kind = if draft.media.is_empty() { "SM" } else { "MM" };
        let media = draft.media.into_iter().map(|url| Media { sid: sid("ME"), url });
        let message = Message {
            sid: sid(kind),
            account_sid: account_sid.to_owned(),
            serial: self.last_serial,
            direction,
            to: draft.to,
            from: draft.from,
            service_sid: draft.service_sid,
            body: draft.body,
            media: media.collect(),
            is_template: draft.is_template,
            status_callback: draft.status_callback,
            send_at_ms: draft.send_at_ms,
            status,
            error_code: None,
            created_ms: now_ms,
            sent_ms: None,
            history: Vec::new(),
            reached: false,
            turn_ms: now_ms,
            line: None,
        };
        let sid = message.sid.clone();
        self.messages.insert(sid.clone(), message);
        self.enter_at(&sid, status, None, now_ms);
        sid
    }
}

pub(super) fn sid(kind: &str) -> String {
    format!("{kind}{}", random::hex())
}
