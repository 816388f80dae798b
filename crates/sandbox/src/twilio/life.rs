//! What becomes of a message:
//! <https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks>.

use serde::{Deserialize, Serialize};

use super::{
    address::{self, Channel},
    message::{Message, Status},
    state::State,
};
use crate::{events::Event, server::Shared};

/// How messages fare when nothing else is said of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// New messages stay as they are until `_control` says what becomes of them.
    pub manual: bool,
    pub sent_ms: i64,
    pub delivered_ms: i64,
    pub read_ms: i64,
    /// Segments per second and sender; more wait their turn.
    pub mps: Option<f64>,
    /// Calls that are served at once; one more is a 20429.
    pub concurrency: Option<u32>,
    /// How long each call takes.
    pub answer_ms: u64,
    /// Opt-outs by more words than the English ones, in capitals, and in WhatsApp.
    pub advanced_opt_out: bool,
    pub stop_words: Vec<String>,
    pub start_words: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            manual: false,
            sent_ms: 200,
            delivered_ms: 400,
            read_ms: 1500,
            mps: None,
            concurrency: None,
            answer_ms: 0,
            advanced_opt_out: false,
            stop_words: Vec::new(),
            start_words: Vec::new(),
        }
    }
}

/// How it ends for the messages to a number: as `sent`, `delivered`, `read`,
/// `undelivered` or `failed`.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct Outcome {
    pub status: Status,
    pub error_code: Option<u32>,
}

#[derive(Debug)]
struct Step {
    from: Status,
    to: Status,
    error_code: Option<u32>,
    at_ms: i64,
}

/// Takes the message through its life, on the simulated clock.
pub(super) async fn live(app: Shared, sid: String) {
    loop {
        let step = app.twilio().next(&sid);
        let Some(step) = step else { return };
        app.clock.until(step.at_ms).await;
        if !app.twilio().advance(&sid, &step) {
            return;
        }
        app.tell(Event::twilio("message", &sid));
    }
}

impl State {
    pub(super) fn begin(&mut self, app: &Shared, sid: &str) {
        if !self.settings.manual {
            self.spawn(live(app.clone(), sid.to_owned()));
        }
    }

    fn next(&self, sid: &str) -> Option<Step> {
        let message = self.messages.get(sid)?;
        let outcome = self.outcome(message);
        let since_ms = message.updated_ms();
        let (to, at_ms) = match (message.status, outcome.status) {
            (Status::Scheduled, _) => (Status::Queued, message.send_at_ms?),
            (Status::Accepted, _) => (Status::Queued, since_ms),
            (Status::Queued, Status::Failed) => (Status::Failed, since_ms),
            (Status::Queued, _) => (Status::Sent, message.turn_ms + self.settings.sent_ms),
            (Status::Sent, Status::Undelivered) => (Status::Undelivered, since_ms + self.settings.delivered_ms),
            (Status::Sent, Status::Delivered | Status::Read) => {
                (Status::Delivered, since_ms + self.settings.delivered_ms)
            }
            (Status::Delivered, Status::Read) => (Status::Read, since_ms + self.settings.read_ms),
            _ => return None,
        };
        let is_bad = matches!(to, Status::Failed | Status::Undelivered);
        let error_code = outcome.error_code.filter(|_| is_bad);
        Some(Step { from: message.status, to, error_code, at_ms })
    }

    fn outcome(&self, message: &Message) -> Outcome {
        if message.status == Status::Queued && self.is_unwanted(message) {
            return Outcome { status: Status::Failed, error_code: Some(21610) };
        }
        if let Some(told) = self.phones.get(&message.to) {
            return *told;
        }
        match address::channel(&message.to) {
            Channel::Sms => Outcome { status: Status::Delivered, error_code: None },
            Channel::WhatsApp if self.may_write(message) => Outcome { status: Status::Read, error_code: None },
            Channel::WhatsApp => Outcome { status: Status::Undelivered, error_code: Some(63016) },
        }
    }

    fn is_unwanted(&self, message: &Message) -> bool {
        let account = self.accounts.get(&message.account_sid);
        message.from.as_ref().is_some_and(|from| account.is_some_and(|own| own.has_opted_out(from, &message.to)))
    }

    /// WhatsApp takes templates, and anything in an open conversation.
    fn may_write(&self, message: &Message) -> bool {
        let (account, now_ms) = (self.accounts.get(&message.account_sid), message.updated_ms());
        let is_open = |from: &String| account.is_some_and(|own| own.is_open(from, &message.to, now_ms));
        message.is_template || message.from.as_ref().is_some_and(is_open)
    }

    /// False where something else has happened to the message meanwhile.
    fn advance(&mut self, sid: &str, step: &Step) -> bool {
        let is_due = self.messages.get(sid).is_some_and(|message| message.status == step.from);
        if is_due {
            self.enter_at(sid, step.to, step.error_code, step.at_ms);
        }
        is_due
    }

    pub fn enter(&mut self, sid: &str, status: Status, error_code: Option<u32>) {
        self.enter_at(sid, status, error_code, self.clock.now_ms());
    }

    pub(super) fn enter_at(&mut self, sid: &str, status: Status, error_code: Option<u32>, at_ms: i64) {
        if status == Status::Queued {
            self.queue(sid, at_ms);
        }
        let Some(message) = self.messages.get(sid) else { return };
        // Some carriers send no receipts.
        let arrives = match status {
            Status::Sent => self.outcome(message).status == Status::Sent,
            other => matches!(other, Status::Delivered | Status::Read),
        };
        let Some(message) = self.messages.get_mut(sid) else { return };
        message.status = status;
        message.error_code = error_code;
        message.reached |= arrives;
        if status == Status::Sent {
            message.sent_ms = Some(at_ms);
        }
        message.history.push((status, at_ms));
        // The answer to the request has told the first one.
        if message.history.len() > 1 {
            let is_last = self.next(sid).is_none();
            self.announce(sid, is_last);
        }
    }

    /// A service picks its sender now; a sender has one message out at a time.
    fn queue(&mut self, sid: &str, at_ms: i64) {
        let Some(message) = self.messages.get_mut(sid) else { return };
        let account = self.accounts.get(&message.account_sid);
        let pool = message.service_sid.as_ref().and_then(|service| account?.services.get(service));
        let channel = address::channel(&message.to);
        let picked = pool.into_iter().flatten().find(|own| address::channel(own) == channel);
        message.from = message.from.take().or_else(|| picked.cloned());
        message.turn_ms = at_ms;
        let (Some(mps), Some(from)) = (self.settings.mps, &message.from) else { return };
        let free_ms = self.free_ms.entry(from.clone()).or_insert(at_ms);
        message.turn_ms = at_ms.max(*free_ms);
        *free_ms = message.turn_ms + taken_ms(message.segments(), mps);
    }

    /// Takes the text out of a message that has been sent.
    pub(super) fn redact(&mut self, sid: &str) {
        if let Some(message) = self.messages.get_mut(sid) {
            message.body.clear();
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a message has a few segments")]
fn taken_ms(segments: usize, mps: f64) -> i64 {
    (segments as f64 * 1000.0 / mps) as i64
}
