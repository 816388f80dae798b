//! E-mails in doubt: while the vendor knows our key for one, it may be sent again, and goes once.

use std::time::Duration;

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::message::{MessageStatus, Trouble};
use kopru_ports::delivery::{Outcome, Settlement};
use kopru_ports::outbox::MessageChange;

use super::outgoing::Task;
use super::reports;
use super::resolve::InDoubt;
use crate::Engine;
use crate::sheet_turn::ended;

/// From one repetition to the next at least; the pauses grow with the doubt.
const SHORTEST: Duration = Duration::from_secs(15);
const LONGEST: Duration = Duration::from_hours(1);

impl Engine {
    /// Sends an e-mail in doubt again, if the account is the one that has our key, still knows it, and its recipient
    /// has not opted out meanwhile. A refusal proves nothing of the first call: the doubt stays until the key is
    /// forgotten, and then a person decides.
    pub(super) async fn repeat_email(&self, company: &CompanyId, task: &Task, doubt: &InDoubt) -> Settlement {
        let (work, now) = (&task.work, self.ports.clock.now());
        let account = match self.ports.emails.account(company).await {
            Ok(account) => account,
            Err(error) => {
                tracing::info!(%error, "an e-mail in doubt cannot be sent again yet");
                return unknown(task, Outcome::Open { until: now + LONGEST });
            }
        };
        let is_known = account.sender.account == doubt.account && now < doubt.since + account.repeatable_for;
        if !is_known || task.outgoing.contact.opted_out.is_some() {
            return unknown(task, Outcome::Done);
        }
        match self.hand_over(company, task).await {
            Ok(report) => {
                let mut settlement = ended(work, Outcome::Done);
                settlement.follow_ups.push(reports::first(company, &task.outgoing.message, now));
                settlement.messages.push(MessageChange::reported(task.outgoing.message.id, report));
                settlement
            }
            Err(error) => {
                tracing::info!(%error, "an e-mail in doubt was sent again without an answer");
                unknown(task, Outcome::Open { until: now + pause(doubt.since, now) })
            }
        }
    }
}

/// As long as the doubt has lasted.
fn pause(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default().clamp(SHORTEST, LONGEST)
}

fn unknown(task: &Task, outcome: Outcome) -> Settlement {
    let mut settlement = ended(&task.work, outcome);
    settlement.messages.push(MessageChange {
        trouble: Some(Trouble::OutcomeUnknown),
        ..MessageChange::to(task.outgoing.message.id, MessageStatus::Unknown)
    });
    settlement
}
