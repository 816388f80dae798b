//! The bound script that a person installs once: it tells a server what
//! people do in the sheet, and keeps telling until it is heard.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{sync::mpsc, task::JoinHandle};

use super::{a1, grid::Tab};
use crate::{clock, random};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
const GONE: u16 = 410;

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub queued: AtomicU64,
    pub posted: AtomicU64,
}

/// One registration; dropping it ends its repetitions.
#[derive(Debug)]
pub(crate) struct Trigger {
    pub spreadsheet: String,
    pub gid: i64,
    pub url: String,
    pub counters: Arc<Counters>,
    config: Option<Value>,
    queue: mpsc::UnboundedSender<String>,
    worker: JoinHandle<()>,
}

impl Drop for Trigger {
    fn drop(&mut self) {
        self.worker.abort();
    }
}

impl Trigger {
    /// `secret` is `whsec_` and base64, as Standard Webhooks has it; `None`
    /// where it is not.
    pub fn start(
        http: reqwest::Client,
        (spreadsheet, gid): (String, i64),
        url: String,
        secret: &str,
        config: Option<Value>,
    ) -> Option<Self> {
        let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
        let (queue, messages) = mpsc::unbounded_channel();
        let counters = Arc::new(Counters::default());
        let poster = Poster { http, url: url.clone(), key, counters: counters.clone() };
        let worker = tokio::spawn(poster.run(messages));
        Some(Self { spreadsheet, gid, url, counters, config, queue, worker })
    }

    pub fn is_gone(&self) -> bool {
        self.worker.is_finished()
    }

    pub fn post(&self, event: &Event) {
        let mut body = event.body(&self.spreadsheet, self.gid);
        if let Some(config) = &self.config {
            body["config"] = config.clone();
        }
        self.counters.queued.fetch_add(1, Ordering::Relaxed);
        // A trigger that was told to go away hears nothing more.
        self.queue.send(body.to_string()).ok();
    }

    pub fn snapshot(&self) -> Value {
        json!({
            "spreadsheet": self.spreadsheet,
            "gid": self.gid,
            "url": self.url,
            "queued": self.counters.queued.load(Ordering::Relaxed),
            "posted": self.counters.posted.load(Ordering::Relaxed),
        })
    }
}

struct Poster {
    http: reqwest::Client,
    url: String,
    key: Vec<u8>,
    counters: Arc<Counters>,
}

impl Poster {
    /// First in, first out: a message that is not acknowledged holds up the rest.
    async fn run(self, mut messages: mpsc::UnboundedReceiver<String>) {
        while let Some(body) = messages.recv().await {
            let id = format!("msg_{}", random::token(16));
            let mut pause = FIRST_PAUSE;
            loop {
                match self.send(&id, &body).await {
                    Some(status) if (200..300).contains(&status) => break,
                    Some(GONE) => return,
                    status => tracing::debug!(?status, id, "trigger not acknowledged"),
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            self.counters.queued.fetch_sub(1, Ordering::Relaxed);
            self.counters.posted.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Every repetition has the same id and a signature of its own moment: the
    /// real one, which is the receiver's.
    async fn send(&self, id: &str, body: &str) -> Option<u16> {
        let timestamp = clock::real_now().as_second();
        let signature = sign(&self.key, id, timestamp, body)?;
        let request = self
            .http
            .post(&self.url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signature)
            .body(body.to_owned());
        request.send().await.ok().map(|response| response.status().as_u16())
    }
}

/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>
fn sign(key: &[u8], id: &str, timestamp: i64, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks libraries.
    #[test]
    fn signs_as_the_specification_does() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
