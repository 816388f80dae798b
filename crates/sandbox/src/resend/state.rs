//! The team: its keys, domains and e-mails, and how people's mailboxes fare.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::AtomicU64},
};

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::{
    domains::{Domain, DomainStatus},
    draft::Draft,
    email::{Email, Status},
    errors::ApiError,
    idempotency::Keys,
    life::{Outcome, Settings},
    limits::Usage,
    webhook::{Endpoint, Webhook},
};
use crate::{clock::Clock, random, server::Shared, webhooks::Outbox};

/// Whom one may write to from [`TESTING`].
pub(super) const OWNER: &str = "owner@example.com";
/// Resend's own domain, for those who have none yet.
pub(super) const TESTING: &str = "resend.dev";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Access {
    Full,
    Sending,
}

/// Posts to webhooks: those with a 2xx, and the others.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub answered: AtomicU64,
    pub failed: AtomicU64,
}

#[derive(Debug)]
pub(crate) struct State {
    pub clock: Arc<Clock>,
    pub keys: BTreeMap<String, Access>,
    pub domains: BTreeMap<String, Domain>,
    pub emails: BTreeMap<String, Email>,
    pub settings: Settings,
    pub addresses: BTreeMap<String, Outcome>,
    /// Mailbox → why.
    pub suppressions: BTreeMap<String, &'static str>,
    pub endpoints: BTreeMap<String, Endpoint>,
    pub callbacks: Outbox<Webhook>,
    pub requests: u64,
    pub counters: Arc<Counters>,
    pub(super) idempotency: Keys,
    usage: Usage,
    pub(super) http: reqwest::Client,
    /// They end with the state.
    pub(super) tasks: JoinSet<()>,
    last_serial: u64,
}

impl State {
    pub fn new(clock: Arc<Clock>, http: reqwest::Client) -> Self {
        let own = Domain::new("example.com", DomainStatus::Verified, clock.now_ms());
        Self {
            clock,
            keys: BTreeMap::from([("re_sandbox".to_owned(), Access::Full)]),
            domains: BTreeMap::from([("example.com".to_owned(), own)]),
            emails: BTreeMap::new(),
            settings: Settings::default(),
            addresses: BTreeMap::new(),
            suppressions: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            callbacks: Outbox::default(),
            requests: 0,
            counters: Arc::default(),
            idempotency: Keys::default(),
            usage: Usage::default(),
            http,
            tasks: JoinSet::new(),
            last_serial: 0,
        }
    }

    pub(super) fn spawn(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(work);
    }

    pub(super) fn is_verified(&self, domain: &str) -> bool {
        self.domains.get(domain).is_some_and(|domain| domain.status == DomainStatus::Verified)
    }

    /// Counts one request.
    pub(super) fn ask(&mut self) -> Result<(), ApiError> {
        self.usage.ask(&self.settings, self.clock.now_ms())
    }

    /// Counts so many recipients, or none where the quota does not hold them all.
    pub(super) fn spend(&mut self, recipients: usize) -> Result<(), ApiError> {
        let recipients = u32::try_from(recipients).unwrap_or(u32::MAX);
        self.usage.send(&self.settings, recipients, self.clock.now_ms())
    }

    pub(super) fn limit_headers(&self) -> HeaderMap {
        self.usage.headers(&self.settings)
    }

    /// The newest first.
    pub fn newest(&self) -> Vec<&Email> {
        let mut all: Vec<_> = self.emails.values().collect();
        all.sort_by_key(|email| std::cmp::Reverse(email.serial));
        all
    }

    pub(super) fn create(&mut self, app: &Shared, draft: Draft) -> String {
        self.last_serial += 1;
        let (id, now_ms) = (random::uuid(), self.clock.now_ms());
        let status = if draft.send_at_ms.is_some() { Status::Scheduled } else { Status::Queued };
        let mut letter = draft.letter;
        letter.message_id = format!("<{id}@email.example.com>");
        let email = Email {
            id: id.clone(),
            serial: self.last_serial,
            letter,
            tags: draft.tags,
            send_at_ms: draft.send_at_ms,
            created_ms: now_ms,
            status,
            bounce: None,
            history: Vec::new(),
            reached: Vec::new(),
            line: None,
        };
        self.emails.insert(id.clone(), email);
        self.enter_at(&id, status, None, now_ms);
        self.begin(app, &id);
        id
    }
}
