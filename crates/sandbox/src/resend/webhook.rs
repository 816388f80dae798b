//! A signed post to somebody's server, as Svix makes it:
//! <https://docs.svix.com/receiving/verifying-payloads/how-manual>, <https://resend.com/docs/webhooks/retries>.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{sync::mpsc, task::JoinSet};
use url::Url;

use super::state::{Counters, State};
use crate::{
    clock::{self, Clock},
    random, webhooks,
};

const PATIENCE: Duration = Duration::from_secs(15);
/// Seconds from one try to the next, on the simulated clock.
const PAUSES: [i64; 6] = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600];

/// Where webhooks go.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub url: Url,
    /// More than one while a secret is being replaced.
    pub keys: Vec<Vec<u8>>,
    /// Empty for all.
    pub events: BTreeSet<String>,
}

impl Endpoint {
    pub fn wants(&self, kind: &str) -> bool {
        self.events.is_empty() || self.events.contains(kind)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    url: Url,
    keys: Vec<Vec<u8>>,
    /// The same at each try.
    id: String,
    body: String,
}

impl Webhook {
    pub(super) fn new(endpoint: &Endpoint, body: &str) -> Self {
        let id = format!("msg_{}", random::token(20));
        Self { url: endpoint.url.clone(), keys: endpoint.keys.clone(), id, body: body.to_owned() }
    }

    /// Signed for its own moment: the real one, which is the receiver's.
    async fn send(&self, http: &reqwest::Client) -> bool {
        let timestamp = clock::real_now().as_second();
        let signatures: Vec<_> =
            self.keys.iter().map(|key| webhooks::sign(key, &self.id, timestamp, &self.body)).collect();
        let request = http
            .post(self.url.clone())
            .timeout(PATIENCE)
            .header("content-type", "application/json")
            .header("svix-id", &self.id)
            .header("svix-timestamp", timestamp.to_string())
            .header("svix-signature", signatures.join(" "))
            .body(self.body.clone());
        let answer = request.send().await;
        tracing::debug!(url = %self.url, ?answer, "webhook");
        answer.is_ok_and(|answer| answer.status().is_success())
    }
}

/// What posting needs.
#[derive(Debug, Clone)]
struct Poster {
    http: reqwest::Client,
    clock: Arc<Clock>,
    counters: Arc<Counters>,
}

impl Poster {
    async fn post(&self, webhook: &Webhook) -> bool {
        let is_heard = webhook.send(&self.http).await;
        let counter = if is_heard { &self.counters.answered } else { &self.counters.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        is_heard
    }

    async fn repeat(self, webhook: Webhook) {
        for pause in PAUSES {
            self.clock.until(self.clock.now_ms() + pause * 1000).await;
            if self.post(&webhook).await {
                return;
            }
        }
    }

    /// One after the other; what is not heard is repeated beside the others.
    async fn run(self, mut queue: mpsc::UnboundedReceiver<Webhook>) {
        let mut repetitions = JoinSet::new();
        while let Some(webhook) = queue.recv().await {
            if !self.post(&webhook).await {
                repetitions.spawn(self.clone().repeat(webhook));
            }
        }
        while repetitions.join_next().await.is_some() {}
    }
}

impl State {
    /// The webhooks of one e-mail go one after the other.
    pub(super) fn post(&mut self, id: &str, webhook: Webhook) {
        let poster = Poster { http: self.http.clone(), clock: self.clock.clone(), counters: self.counters.clone() };
        let Some(email) = self.emails.get_mut(id) else { return };
        let line = email.line.take().unwrap_or_else(|| {
            let (line, queue) = mpsc::unbounded_channel();
            self.tasks.spawn(poster.run(queue));
            line
        });
        line.send(webhook).ok();
        email.line = Some(line);
    }
}
