//! Sending: one turn of a sender's lane.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use jiff::Timestamp;
use kopru_delivery::{Handler, Turn, retry};
use kopru_domain::CompanyId;
use kopru_domain::message::{Facts, Hold, MessageStatus, Plan, Policy, Trouble, Wish, decide};
use kopru_ports::delivery::{NewAttempt, Outcome, Settlement, Work};
use kopru_ports::messages::{Content, Report, SendError, SendRequest};
use kopru_ports::outbox::{Caps, Message, MessageChange, Outgoing};
use kopru_ports::{Retry, StoreError};
use serde_json::json;
use uuid::Uuid;

use super::reports;
use super::resolve::{FIRST_LOOK, InDoubt};
use crate::Engine;

/// What is frozen goes on the wire within so long: a killed worker leaves no more than that in doubt.
const AT_HAND: f64 = 2.0;
/// What is not sent in a day is not sent at all: it would come as a surprise.
const WORTH_SENDING: Duration = Duration::from_hours(24);
/// So long a sender rests that takes nothing now and does not say for how long.
const BUSY: Duration = Duration::from_secs(5);
/// So many messages a turn at the most.
pub(crate) const MOST: u32 = 50;
/// A machine's clock may be set on by so much while a call is under way.
const CLOCK_STEP: Duration = Duration::from_secs(5);

pub(crate) struct Outbox(pub(crate) Arc<Engine>);

/// A piece of work with its message.
pub(super) struct Task {
    pub(super) work: Work,
    pub(super) outgoing: Outgoing,
}

#[async_trait]
impl Handler for Outbox {
    async fn turn(&self, turn: &Turn, works: Vec<Work>) -> Result<Settlement, StoreError> {
        let company = turn.lease.company.clone();
        let mut done = Done { now: self.0.ports.clock.now(), settlement: Settlement::default() };
        let mut tasks = self.load(&company, works, &mut done).await?;
        for task in tasks.extract_if(.., |task| task.work.open_attempt.is_some()) {
            let resolved = self.0.resolve_message(&company, &task, &done.settlement.messages).await?;
            done.add(resolved);
        }
        let policy = self.0.ports.texts.policy(&company).await?;
        tasks.retain(|task| done.is_to_go(task, &policy));
        let tasks = self.within_caps(&company, &policy, tasks, &mut done).await?;
        self.send(turn, tasks, &mut done).await?;
        Ok(done.settlement)
    }
}

impl Outbox {
    async fn load(&self, company: &CompanyId, works: Vec<Work>, done: &mut Done) -> Result<Vec<Task>, StoreError> {
        let ids: Vec<Uuid> = works.iter().filter_map(|work| work.key.parse().ok()).collect();
        let mut found = self.0.ports.outbox.outgoing(company, &ids).await?;
        let mut tasks = Vec::new();
        for work in works {
            match found.iter().position(|outgoing| outgoing.message.id.to_string() == work.key) {
                Some(place) => tasks.push(Task { work, outgoing: found.swap_remove(place) }),
                None => done.settle(&work, Outcome::Done),
            }
        }
        Ok(tasks)
    }

    /// What the day still allows; the rest waits for the next one.
    async fn within_caps(
        &self,
        company: &CompanyId,
        policy: &Policy,
        tasks: Vec<Task>,
        done: &mut Done,
    ) -> Result<Vec<Task>, StoreError> {
        let caps = Caps { messages: policy.daily_messages, segments: policy.daily_segments };
        if tasks.is_empty() || caps == Caps::default() {
            return Ok(tasks);
        }
        let ids: Vec<Uuid> = tasks.iter().map(|task| task.outgoing.message.id).collect();
        let granted = self.0.ports.outbox.count(company, policy.zone.day(done.now), caps, &ids).await?;
        let (tasks, held): (Vec<_>, Vec<_>) =
            tasks.into_iter().partition(|task| granted.contains(&task.outgoing.message.id));
        for task in held {
            done.hold(&task, policy.zone.next_day(done.now), Hold::DailyLimit);
        }
        Ok(tasks)
    }

    /// Puts on the wire what the sender takes within a moment; the others stay due.
    async fn send(&self, turn: &Turn, mut tasks: Vec<Task>, done: &mut Done) -> Result<(), StoreError> {
        let Some(first) = tasks.first().map(|task| &task.outgoing.message) else { return Ok(()) };
        let (company, channel) = (turn.lease.company.clone(), first.channel);
        let together = match self.0.ports.messages.sender(&company, channel).await {
            Ok(sender) => at_hand(sender.per_second),
            Err(error) => {
                for task in &tasks {
                    done.refused(task, &error);
                }
                return Ok(());
            }
        };
        tasks.truncate(together);
        let deadline = done.now + self.0.settings.message_patience + CLOCK_STEP;
        turn.freeze(tasks.iter().map(|task| attempt(task, done.now, deadline)).collect()).await?;
        let tasks = self.not_cancelled(&company, tasks, done).await?;
        let calls = tasks.iter().map(|task| self.0.ports.messages.send(self.request(&company, task)));
        let answers = join_all(calls).await;
        done.now = self.0.ports.clock.now();
        let mut last = None;
        for (task, answer) in tasks.iter().zip(answers) {
            last = Some(answer.as_ref().err().map(|error| error.kind));
            done.answered(&company, task, answer);
        }
        if let Some(trouble) = last {
            self.0.told_by_messages(&company, trouble).await;
        }
        Ok(())
    }

    /// Between reading and freezing somebody may have taken a message back; from then on nobody can.
    async fn not_cancelled(
        &self,
        company: &CompanyId,
        tasks: Vec<Task>,
        done: &mut Done,
    ) -> Result<Vec<Task>, StoreError> {
        let ids: Vec<Uuid> = tasks.iter().map(|task| task.outgoing.message.id).collect();
        let now = self.0.ports.outbox.outgoing(company, &ids).await?;
        let waits = |id: Uuid| now.iter().any(|now| now.message.id == id && !now.message.status.is_final());
        let (tasks, cancelled): (Vec<_>, Vec<_>) = tasks.into_iter().partition(|task| waits(task.outgoing.message.id));
        for task in cancelled {
            done.settle(&task.work, Outcome::Done);
        }
        Ok(tasks)
    }

    fn request(&self, company: &CompanyId, task: &Task) -> SendRequest {
        let message = &task.outgoing.message;
        SendRequest {
            company: company.clone(),
            channel: message.channel,
            to: task.outgoing.to.clone(),
            content: message.content.clone(),
            media: message.media.clone(),
            id: message.id,
            callback: self.0.callback(company),
            send_at: None,
            urgency: task.work.urgency,
        }
    }
}

fn attempt(task: &Task, sent: Timestamp, deadline: Timestamp) -> NewAttempt {
    NewAttempt {
        key: task.work.key.clone(),
        generation: task.work.generation,
        payload: json!(InDoubt { since: sent }),
        deadline,
    }
}

/// So many messages a sender takes within a moment; one at least.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number of a few at most")]
fn at_hand(per_second: f64) -> usize {
    (per_second * AT_HAND).ceil().clamp(1.0, f64::from(MOST)) as usize
}

/// Collects what a turn comes to.
struct Done {
    now: Timestamp,
    settlement: Settlement,
}

impl Done {
    fn settle(&mut self, work: &Work, outcome: Outcome) {
        self.settlement.outcomes.push((work.key.clone(), work.generation, outcome));
    }

    fn add(&mut self, one: Settlement) {
        self.settlement.outcomes.extend(one.outcomes);
        self.settlement.follow_ups.extend(one.follow_ups);
        self.settlement.messages.extend(one.messages);
    }

    /// Whether a message goes now; what becomes of it otherwise.
    fn is_to_go(&mut self, task: &Task, policy: &Policy) -> bool {
        let Outgoing { message, contact, .. } = &task.outgoing;
        let facts = Facts { opted_out: contact.opted_out.is_some(), last_inbound: contact.last_inbound };
        match decide(&wish(message), &facts, policy, self.now) {
            Plan::Send => return true,
            Plan::Later { at, why } => self.hold(task, at, why),
            Plan::Skip(trouble) => {
                self.change(message, MessageStatus::Skipped, |change| change.trouble = Some(trouble));
                self.settle(&task.work, Outcome::Done);
            }
            Plan::Settled => self.settle(&task.work, Outcome::Done),
        }
        false
    }

    fn hold(&mut self, task: &Task, due: Timestamp, why: Hold) {
        let message = &task.outgoing.message;
        self.change(message, message.status, |change| change.hold = Some(why));
        self.settle(&task.work, Outcome::Again { due, payload: task.work.payload.clone() });
    }

    fn change(&mut self, message: &Message, status: MessageStatus, with: impl FnOnce(&mut MessageChange)) {
        let mut change = MessageChange::to(message.id, status);
        with(&mut change);
        self.settlement.messages.push(change);
    }

    fn answered(&mut self, company: &CompanyId, task: &Task, answer: Result<Report, SendError>) {
        match answer {
            Ok(report) => {
                self.settlement.follow_ups.push(reports::first(company, &task.outgoing.message, self.now));
                self.settlement.messages.push(MessageChange::reported(task.outgoing.message.id, report));
                self.settle(&task.work, Outcome::Done);
            }
            Err(error) => match error.retry {
                Retry::Never => self.refused(task, &error),
                Retry::After(_) if self.now > task.outgoing.message.created + WORTH_SENDING => {
                    self.refused(task, &error);
                }
                Retry::After(pause) => self.later(task, &error, pause),
                Retry::OutcomeUnknown => {
                    self.change(&task.outgoing.message, MessageStatus::Unknown, |change| {
                        change.trouble = Some(Trouble::OutcomeUnknown);
                    });
                    self.settle(&task.work, Outcome::Open { until: self.now + FIRST_LOOK });
                }
            },
        }
    }

    fn refused(&mut self, task: &Task, error: &SendError) {
        tracing::info!(%error, "a message was refused");
        self.change(&task.outgoing.message, MessageStatus::Failed, |change| {
            change.trouble = Some(error.kind);
            change.code.clone_from(&error.detail);
        });
        self.settle(&task.work, Outcome::Done);
    }

    /// Who waits for the sender's pace keeps the place in line.
    fn later(&mut self, task: &Task, error: &SendError, pause: Option<Duration>) {
        if error.kind != Trouble::RateLimited {
            self.settle(&task.work, retry(&task.work, self.now, pause, error.to_string()));
            return;
        }
        let until = self.now + pause.unwrap_or(BUSY);
        self.settlement.pause = self.settlement.pause.max(Some(until));
        self.settle(&task.work, Outcome::StillDue);
    }
}

fn wish(message: &Message) -> Wish {
    Wish {
        status: message.status,
        channel: message.channel,
        handed_over: message.provider_id.is_some(),
        free_text: matches!(message.content, Content::Text(_)),
        urgent: message.urgent,
        send_at: message.send_at,
        segments: message.segments,
    }
}
