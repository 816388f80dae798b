//! What a turn of a sender's lane comes to.

use std::time::Duration;

use jiff::Timestamp;
use kopru_delivery::retry;
use kopru_domain::CompanyId;
use kopru_domain::email::{Choice, Try};
use kopru_domain::message::{Facts, Hold, MessageStatus, Plan, Policy, Trouble, Wish, decide};
use kopru_ports::delivery::{Outcome, Settlement, Work};
use kopru_ports::messages::{Content, Report, SendError};
use kopru_ports::outbox::{Body, Message, MessageChange, Outgoing};
use kopru_ports::{PortError, Retry};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::outgoing::Task;
use super::reports;
use super::resolve::FIRST_LOOK;
use super::way::{self, Way};

/// What is not sent within a day of the moment when it might first go is not sent at all: it would come as a surprise.
const WORTH_SENDING: Duration = Duration::from_hours(24);
/// So long a sender rests that takes nothing now and does not say for how long.
const BUSY: Duration = Duration::from_secs(5);
/// So long one rests whose account people have to put right.
const UNUSABLE: Duration = Duration::from_secs(10);

/// Kept with the work of a message that was held.
#[derive(Debug, Serialize, Deserialize)]
struct Held {
    /// Since when it may go.
    until: Timestamp,
}

/// Collects what a turn comes to.
pub(super) struct Done {
    pub company: CompanyId,
    pub now: Timestamp,
    pub settlement: Settlement,
}

impl Done {
    pub fn new(company: CompanyId, now: Timestamp) -> Self {
        Self { company, now, settlement: Settlement::default() }
    }

    pub fn settle(&mut self, work: &Work, outcome: Outcome) {
        self.settlement.outcomes.push((work.key.clone(), work.generation, outcome));
    }

    pub fn add(&mut self, one: Settlement) {
        self.settlement.outcomes.extend(one.outcomes);
        self.settlement.follow_ups.extend(one.follow_ups);
        self.settlement.messages.extend(one.messages);
    }

    /// Whether a message goes now; what becomes of it otherwise.
    pub fn is_to_go(&mut self, task: &Task, policy: &Policy) -> bool {
        let Outgoing { message, contact, .. } = &task.outgoing;
        let opted_out = contact.opted_out.map(|(_, cause)| cause);
        let facts = Facts { opted_out, last_inbound: contact.last_inbound };
        match decide(&wish(message), &facts, policy, self.now) {
            Plan::Send => return true,
            Plan::Later { at, why } => self.hold(task, at, why),
            Plan::Skip(trouble) => {
                self.change(message, MessageStatus::Skipped, |change| change.trouble = Some(trouble));
                self.settle(&task.work, Outcome::Done);
            }
            Plan::Settled => self.is_with_the_vendor(task),
        }
        false
    }

    pub fn hold(&mut self, task: &Task, due: Timestamp, why: Hold) {
        let message = &task.outgoing.message;
        self.change(message, message.status, |change| change.hold = Some(why));
        self.settle(&task.work, Outcome::Again { due, payload: json!(Held { until: due }) });
    }

    /// Ends the work of a message that is settled or was reported already; how that goes on is asked for.
    pub fn is_with_the_vendor(&mut self, task: &Task) {
        let message = &task.outgoing.message;
        if message.provider_id.is_some() && !message.status.is_final() {
            self.settlement.follow_ups.push(reports::first(&self.company, message, self.now));
        }
        self.settle(&task.work, Outcome::Done);
    }

    fn change(&mut self, message: &Message, status: MessageStatus, with: impl FnOnce(&mut MessageChange)) {
        let mut change = MessageChange::to(message.id, status);
        with(&mut change);
        self.settlement.messages.push(change);
    }

    pub fn answered(&mut self, task: &Task, way: &Way, answer: Result<Report, SendError>) {
        match answer {
            Ok(report) => {
                let message = &task.outgoing.message;
                self.settlement.follow_ups.push(reports::first(&self.company, message, self.now));
                let tried = way.road().map(|road| Try { road, at: self.now, trouble: None });
                self.settlement.messages.push(MessageChange { tried, ..MessageChange::reported(message.id, report) });
                self.settle(&task.work, Outcome::Done);
            }
            Err(error) => self.turned_down(task, way, &error),
        }
    }

    /// What one road does not take another one may.
    pub fn turned_down(&mut self, task: &Task, way: &Way, error: &SendError) {
        let Way::Email { road, roads, .. } = way else { return self.failed(task, error) };
        if error.kind == Trouble::RateLimited {
            return self.failed(task, error);
        }
        let (message, tried) = (&task.outgoing.message, Try { road: *road, at: self.now, trouble: Some(error.kind) });
        self.change(message, message.status, |change| change.tried = Some(tried.clone()));
        match way::after(&tried, error, roads, &message.tries).filter(|_| self.is_worth_sending(task)) {
            Some(Choice::Wait(until)) => self.wait(task, until),
            Some(_) => self.settle(&task.work, Outcome::StillDue),
            None => self.failed(task, error),
        }
    }

    /// No road is open before then.
    pub fn wait(&mut self, task: &Task, until: Timestamp) {
        if !self.is_worth_sending(task) {
            return self.failed(task, &PortError::new("engine", Trouble::ProviderDown, Retry::Never));
        }
        let message = &task.outgoing.message;
        self.change(message, message.status, |change| change.hold = Some(Hold::Account));
        self.rest(task, Duration::try_from(until.duration_since(self.now)).unwrap_or_default());
    }

    fn is_worth_sending(&self, task: &Task) -> bool {
        self.now <= may_go_since(task) + WORTH_SENDING
    }

    /// What is wrong with the account is not the message's fault: it waits for people to put it right.
    pub fn failed(&mut self, task: &Task, error: &SendError) {
        match error.retry {
            Retry::OutcomeUnknown => {
                self.change(&task.outgoing.message, MessageStatus::Unknown, |change| {
                    change.trouble = Some(Trouble::OutcomeUnknown);
                });
                self.settle(&task.work, Outcome::Open { until: self.now + FIRST_LOOK });
            }
            Retry::After(pause) if error.kind == Trouble::RateLimited => self.rest(task, pause.unwrap_or(BUSY)),
            _ if !self.is_worth_sending(task) => self.refused(task, error),
            Retry::After(pause) => self.settle(&task.work, retry(&task.work, self.now, pause, error.to_string())),
            Retry::Never if error.kind.is_the_accounts() => {
                let message = &task.outgoing.message;
                self.change(message, message.status, |change| change.hold = Some(Hold::Account));
                self.rest(task, UNUSABLE);
            }
            Retry::Never => self.refused(task, error),
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

    /// The sender rests; who waits for it keeps the place in line.
    fn rest(&mut self, task: &Task, pause: Duration) {
        self.settlement.pause = self.settlement.pause.max(Some(self.now + pause));
        self.settle(&task.work, Outcome::StillDue);
    }
}

/// Since when a message may go: it was accepted, its time had come, and nothing held it any more.
fn may_go_since(task: &Task) -> Timestamp {
    let message = &task.outgoing.message;
    let held = serde_json::from_value(task.work.payload.clone()).ok().map(|held: Held| held.until);
    message.created.max(message.send_at.max(held).unwrap_or(message.created))
}

fn wish(message: &Message) -> Wish {
    Wish {
        status: message.status,
        channel: message.channel,
        handed_over: message.provider_id.is_some(),
        free_text: matches!(message.content, Body::Phone(Content::Text(_))),
        urgent: message.urgent,
        send_at: message.send_at,
        segments: message.segments,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kopru_domain::message::Channel;
    use kopru_ports::delivery::Urgency;
    use kopru_ports::outbox::Contact;
    use serde_json::Value;
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);
    const DAY: Duration = Duration::from_hours(24);

    /// Accepted so long ago, planned for then, held until then.
    fn task(accepted: Duration, planned: Option<Duration>, held: Option<Duration>) -> Task {
        let to = kopru_domain::message::PhoneNumber::try_from("+905320000001".to_owned()).unwrap();
        let message = Message {
            id: Uuid::nil(),
            batch: Uuid::nil(),
            lane: "message:sms".into(),
            channel: Channel::Sms,
            given: "0532".into(),
            to: Some(to.clone().into()),
            content: Body::Phone(Content::Text("x".into())),
            media: Vec::new(),
            segments: 1,
            urgent: false,
            send_at: planned.map(|ago| NOW - ago),
            user: None,
            status: MessageStatus::Queued,
            hold: None,
            trouble: None,
            code: None,
            provider_id: None,
            tries: Vec::new(),
            created: NOW - accepted,
            updated: NOW,
        };
        let work = Work {
            kind: "message.send".into(),
            key: message.id.to_string(),
            owner: String::new(),
            payload: held.map_or(Value::Null, |ago| json!(Held { until: NOW - ago })),
            failures: 0,
            generation: 1,
            since: NOW,
            urgency: Urgency::Bulk,
            open_attempt: None,
        };
        Task { work, outgoing: Outgoing { message, to: to.into(), contact: Contact::default() } }
    }

    fn failed(task: &Task, kind: Trouble, retry: Retry) -> Done {
        let mut done = Done::new("acme".parse().unwrap(), NOW);
        done.failed(task, &PortError::new("twilio", kind, retry));
        done
    }

    fn status(done: &Done) -> Option<MessageStatus> {
        done.settlement.messages.first().map(|change| change.status)
    }

    #[test]
    fn what_could_not_go_at_its_time_is_tried_for_a_day_from_then() {
        for (accepted, planned, held, ends) in [
            (Duration::ZERO, None, None, false),
            (DAY * 3, None, None, true),
            (DAY * 3, Some(Duration::ZERO), None, false),
            (DAY * 3, Some(DAY * 2), None, true),
            (DAY * 3, None, Some(Duration::from_secs(1)), false),
            (DAY * 3, Some(DAY * 2), Some(Duration::from_secs(1)), false),
        ] {
            let task = task(accepted, planned, held);
            let done = failed(&task, Trouble::ProviderDown, Retry::After(None));
            let outcome = &done.settlement.outcomes[0].2;
            assert_eq!(
                (*outcome == Outcome::Done, status(&done) == Some(MessageStatus::Failed)),
                (ends, ends),
                "{task:?}"
            );
        }
    }

    #[test]
    fn our_own_pace_never_ends_a_message() {
        let done = failed(&task(DAY * 9, None, None), Trouble::RateLimited, Retry::After(None));
        assert_eq!((&done.settlement.outcomes[0].2, status(&done)), (&Outcome::StillDue, None));
        assert_eq!(done.settlement.pause, Some(NOW + BUSY));
    }

    #[test]
    fn what_is_the_accounts_fault_is_held_and_what_is_the_messages_is_refused() {
        let done = failed(&task(Duration::ZERO, None, None), Trouble::CredentialsRefused, Retry::Never);
        assert_eq!((&done.settlement.outcomes[0].2, status(&done)), (&Outcome::StillDue, Some(MessageStatus::Queued)));
        assert_eq!(done.settlement.messages[0].hold, Some(Hold::Account));
        assert_eq!(done.settlement.pause, Some(NOW + UNUSABLE));
        let done = failed(&task(DAY * 2, None, None), Trouble::CredentialsRefused, Retry::Never);
        assert_eq!(status(&done), Some(MessageStatus::Failed), "nobody put it right for a day");
        let done = failed(&task(Duration::ZERO, None, None), Trouble::RecipientInvalid, Retry::Never);
        assert_eq!((&done.settlement.outcomes[0].2, status(&done)), (&Outcome::Done, Some(MessageStatus::Failed)));
    }
}
