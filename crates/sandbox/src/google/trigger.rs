//! The bound script that a person installs once: it tells a server what
//! people do in the sheet, and keeps telling until it is heard.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{sync::Notify, task::JoinHandle};

use super::{a1, grid::Tab};
use crate::{clock, random, webhooks};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const GONE: u16 = 410;

#[derive(Debug, Clone)]
struct Message {
    id: String,
    body: Value,
}

/// What a sheet's script has still to tell: kept with the sheet, whatever server it is told to.
#[derive(Debug, Default)]
struct Queue {
    messages: Mutex<VecDeque<Message>>,
    posted: AtomicU64,
    more: Notify,
}

impl Queue {
    fn messages(&self) -> MutexGuard<'_, VecDeque<Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, body: Value) {
        self.messages().push_back(Message { id: format!("msg_{}", random::token(16)), body });
        self.more.notify_one();
    }

    async fn first(&self) -> Message {
        loop {
            let first = self.messages().front().cloned();
            match first {
                Some(message) => return message,
                None => self.more.notified().await,
            }
        }
    }

    /// Once, even where the trigger before this one was heard in the moment it ended.
    fn heard(&self, message: &Message) {
        let mut messages = self.messages();
        if messages.front().is_some_and(|first| first.id == message.id) {
            messages.pop_front();
            self.posted.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// One registration; dropping it ends its repetitions.
#[derive(Debug)]
pub(crate) struct Trigger {
    pub spreadsheet: String,
    pub gid: i64,
    pub url: String,
    queue: Arc<Queue>,
    worker: JoinHandle<()>,
}

impl Drop for Trigger {
    fn drop(&mut self) {
        self.worker.abort();
    }
}

impl Trigger {
    /// `secret` is `whsec_` and base64, as Standard Webhooks has it; `None`
    /// where it is not. What `before` has not told is told by this one.
    pub fn start(
        http: reqwest::Client,
        (spreadsheet, gid): (String, i64),
        url: String,
        secret: &str,
        config: Option<Value>,
        before: Option<&Self>,
    ) -> Option<Self> {
        let key = webhooks::key(secret)?;
        let queue = before.map(|trigger| trigger.queue.clone()).unwrap_or_default();
        let poster = Poster { http, url: url.clone(), key, config, queue: queue.clone() };
        let worker = tokio::spawn(poster.run());
        Some(Self { spreadsheet, gid, url, queue, worker })
    }

    pub fn is_gone(&self) -> bool {
        self.worker.is_finished()
    }

    pub fn post(&self, event: &Event) {
        self.queue.push(event.body(&self.spreadsheet, self.gid));
    }

    pub fn snapshot(&self) -> Value {
        json!({
            "spreadsheet": self.spreadsheet,
            "gid": self.gid,
            "url": self.url,
            "queued": self.queue.messages().len(),
            "posted": self.queue.posted.load(Ordering::Relaxed),
        })
    }
}

struct Poster {
    http: reqwest::Client,
    url: String,
    key: Vec<u8>,
    config: Option<Value>,
    queue: Arc<Queue>,
}

impl Poster {
    /// First in, first out: a message that is not acknowledged holds up the rest.
    async fn run(self) {
        loop {
            let message = self.queue.first().await;
            let mut pause = FIRST_PAUSE;
            loop {
                match self.send(&message).await {
                    Some(status) if (200..300).contains(&status) => break,
                    Some(GONE) => return,
                    status => tracing::debug!(?status, message.id, "trigger not acknowledged"),
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            self.queue.heard(&message);
        }
    }

    fn body(&self, message: &Message) -> String {
        let mut body = message.body.clone();
        if let Some(config) = &self.config {
            body["config"] = config.clone();
        }
        body.to_string()
    }

    /// Every repetition has the same id and a signature of its own moment: the
    /// real one, which is the receiver's.
    async fn send(&self, message: &Message) -> Option<u16> {
        let timestamp = clock::real_now().as_second();
        let body = self.body(message);
        let signature = webhooks::sign(&self.key, &message.id, timestamp, &body);
        let request = self
            .http
            .post(&self.url)
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signature)
            .body(body);
        request.send().await.ok().map(|response| response.status().as_u16())
    }
}

/// What a person did. Rows are counted from 1.
#[derive(Debug)]
pub(crate) enum Event {
    Row { kind: &'static str, row: usize, changes: BTreeMap<String, Value> },
    Rows { first: usize, last: usize },
}

impl Event {
    fn body(&self, spreadsheet: &str, gid: i64) -> Value {
        match self {
            Self::Row { kind, row, changes } => json!({
                "sheet_id": spreadsheet, "gid": gid, "event": kind, "row_id": row, "changes": changes,
            }),
            Self::Rows { first, last } => json!({
                "sheet_id": spreadsheet, "gid": gid, "event": "rows_changed", "rows": [first, last],
            }),
        }
    }
}

/// The change of one cell, under its header; a column without one is named by its letter.
pub(crate) fn change(tab: &Tab, column: usize, old: &Value, new: &Value) -> (String, Value) {
    let header = tab.header(column);
    let name = if header.is_empty() { a1::column_name(column) } else { header };
    (name, json!({"old": old, "new": new}))
}
