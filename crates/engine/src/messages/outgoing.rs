//! Sending: one turn of a sender's lane.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use jiff::Timestamp;
use kopru_delivery::{Handler, Turn};
use kopru_domain::message::{Hold, Policy};
use kopru_ports::StoreError;
use kopru_ports::delivery::{NewAttempt, Outcome, Settlement, Work};
use kopru_ports::outbox::{Caps, Outgoing};
use serde_json::json;
use uuid::Uuid;

use super::done::Done;
use super::resolve::InDoubt;
use crate::Engine;

/// What is frozen goes on the wire within so long: a killed worker leaves no more than that in doubt.
const AT_HAND: f64 = 2.0;
/// So many messages a turn at the most.
pub(crate) const MOST: u32 = 50;
/// A machine's clock may be set on by so much while a call is under way.
const CLOCK_STEP: Duration = Duration::from_secs(5);

pub(crate) struct Outbox(pub(crate) Arc<Engine>);

/// A piece of work with its message.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) work: Work,
    pub(super) outgoing: Outgoing,
}

#[async_trait]
impl Handler for Outbox {
    async fn turn(&self, turn: &Turn, works: Vec<Work>) -> Result<Settlement, StoreError> {
        let mut done = Done::new(turn.lease.company.clone(), self.0.ports.clock.now());
        let mut tasks = self.load(works, &mut done).await?;
        let in_doubt: Vec<Task> = tasks.extract_if(.., |task| task.work.open_attempt.is_some()).collect();
        if !in_doubt.is_empty() {
            // Looking up takes its time. What is known of the others would be old by then: they stay due.
            self.resolve(in_doubt, &mut done).await?;
            return Ok(done.settlement);
        }
        let policy = self.0.ports.texts.policy(&done.company).await?;
        tasks.retain(|task| done.is_to_go(task, &policy));
        self.send(turn, &policy, tasks, &mut done).await?;
        Ok(done.settlement)
    }
}

impl Outbox {
    async fn load(&self, works: Vec<Work>, done: &mut Done) -> Result<Vec<Task>, StoreError> {
        let ids: Vec<Uuid> = works.iter().filter_map(|work| work.key.parse().ok()).collect();
        let mut found = self.0.ports.outbox.outgoing(&done.company, &ids).await?;
        let mut tasks = Vec::new();
        for work in works {
            match found.iter().position(|outgoing| outgoing.message.id.to_string() == work.key) {
                Some(place) => tasks.push(Task { work, outgoing: found.swap_remove(place) }),
                None => done.settle(&work, Outcome::Done),
            }
        }
        Ok(tasks)
    }

    async fn resolve(&self, tasks: Vec<Task>, done: &mut Done) -> Result<(), StoreError> {
        for task in tasks {
            if task.outgoing.message.provider_id.is_some() {
                done.is_with_the_vendor(&task);
            } else {
                let resolved = self.0.resolve_message(&done.company, &task, &done.settlement.messages).await?;
                done.add(resolved);
            }
        }
        Ok(())
    }

    /// Puts on the wire what the sender takes within a moment; the others stay due.
    async fn send(
        &self,
        turn: &Turn,
        policy: &Policy,
        mut tasks: Vec<Task>,
        done: &mut Done,
    ) -> Result<(), StoreError> {
        let Some(way) = self.0.way(policy, &mut tasks, done).await? else { return Ok(()) };
        let sender = match self.0.sender_of(&done.company, &way).await {
            Ok(sender) => sender,
            Err(error) => {
                for task in &tasks {
                    done.turned_down(task, &way, &error);
                }
                self.0.told_by_messages(&done.company, way.vendor(), &[Some(error.kind)]).await;
                return Ok(());
            }
        };
        tasks.truncate(way.most(at_hand(sender.per_second)));
        let tasks = self.within_caps(policy, tasks, done).await?;
        let deadline = done.now + way.patience(self.0.settings.message_patience) + CLOCK_STEP;
        let doubt = InDoubt { since: done.now, road: way.road(), account: sender.account };
        turn.freeze(tasks.iter().map(|task| attempt(task, &doubt, deadline)).collect()).await?;
        let tasks = self.still_to_go(policy, tasks, done).await?;
        let calls = tasks.iter().map(|task| self.0.hand_over(&done.company, task, &way));
        let answers = join_all(calls).await;
        done.now = self.0.ports.clock.now();
        let troubles: Vec<_> = answers.iter().map(|answer| answer.as_ref().err().map(|error| error.kind)).collect();
        for (task, answer) in tasks.iter().zip(answers) {
            done.answered(task, &way, answer);
        }
        self.0.told_by_messages(&done.company, way.vendor(), &troubles).await;
        Ok(())
    }

    /// What the day still allows; the rest waits for the next one.
    async fn within_caps(&self, policy: &Policy, tasks: Vec<Task>, done: &mut Done) -> Result<Vec<Task>, StoreError> {
        let caps = Caps { messages: policy.daily_messages, segments: policy.daily_segments };
        if caps == Caps::default() {
            return Ok(tasks);
        }
        let ids: Vec<Uuid> = tasks.iter().map(|task| task.outgoing.message.id).collect();
        let granted = self.0.ports.outbox.count(&done.company, policy.zone.day(done.now), caps, &ids).await?;
        let (tasks, held): (Vec<_>, Vec<_>) =
            tasks.into_iter().partition(|task| granted.contains(&task.outgoing.message.id));
        for task in held {
            done.hold(&task, policy.zone.next_day(done.now), Hold::DailyLimit);
        }
        Ok(tasks)
    }

    /// Between reading and freezing somebody may have taken a message back, or have asked for no more; from then on
    /// nobody can.
    async fn still_to_go(&self, policy: &Policy, tasks: Vec<Task>, done: &mut Done) -> Result<Vec<Task>, StoreError> {
        let works = tasks.into_iter().map(|task| task.work).collect();
        let mut tasks = self.load(works, done).await?;
        tasks.retain(|task| done.is_to_go(task, policy));
        Ok(tasks)
    }
}

fn attempt(task: &Task, doubt: &InDoubt, deadline: Timestamp) -> NewAttempt {
    NewAttempt { key: task.work.key.clone(), generation: task.work.generation, payload: json!(doubt), deadline }
}

/// So many messages a sender takes within a moment; one at least.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number of a few at most")]
fn at_hand(per_second: f64) -> usize {
    (per_second * AT_HAND).ceil().clamp(1.0, f64::from(MOST)) as usize
}
