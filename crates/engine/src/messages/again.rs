//! E-mails in doubt: sent again where the vendor knows our key for one, searched where it can be found, and otherwise
//! left to a person. Never by another road.

use std::time::Duration;

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::email::{Email, Road, Try};
use kopru_domain::message::{MessageStatus, Trouble};
use kopru_ports::delivery::{Outcome, Settlement};
use kopru_ports::emails::{Doubt, EmailRequest, EmailSender};
use kopru_ports::messages::{Report, SendError};
use kopru_ports::outbox::MessageChange;

use super::channels::email_request;
use super::outgoing::Task;
use super::reports;
use super::resolve::InDoubt;
use crate::Engine;
use crate::sheet_turn::ended;

/// From one look to the next at least; the pauses grow with the doubt.
const SHORTEST: Duration = Duration::from_secs(15);
const LONGEST: Duration = Duration::from_hours(1);
/// After so long nobody asks any more, whatever is in the way.
const OVER: Duration = Duration::from_hours(24);

impl Engine {
    /// Ends an e-mail's doubt as its road allows, with the account that it went by and within its time. A refusal of
    /// a repetition proves nothing of the first call: the doubt stays until the time is over, and then a person
    /// decides.
    pub(super) async fn resolve_email(
        &self,
        company: &CompanyId,
        task: &Task,
        email: &Email,
        doubt: &InDoubt,
    ) -> Settlement {
        let now = self.ports.clock.now();
        let found = match self.look(company, task, email, doubt, now).await {
            Ok(Look::Over) => return unknown(task, Outcome::Done),
            Ok(Look::Found(report)) => Some(report),
            Ok(Look::NotYet) => None,
            Err(_) if now > doubt.since + OVER => return unknown(task, Outcome::Done),
            Err(error) => {
                tracing::info!(%error, "an e-mail in doubt could not be cleared up yet");
                None
            }
        };
        match (found, doubt.road) {
            (Some(report), Some(road)) => self.cleared_up(company, task, road, report),
            _ => unknown(task, Outcome::Open { until: now + pause(doubt.since, now) }),
        }
    }

    async fn look(
        &self,
        company: &CompanyId,
        task: &Task,
        email: &Email,
        doubt: &InDoubt,
        now: Timestamp,
    ) -> Result<Look, SendError> {
        let Some(road) = doubt.road else { return Ok(Look::Over) };
        let (sender, request) = (self.road(road)?, email_request(company, task, email)?);
        let account = sender.account(company).await?;
        let opted_out = task.outgoing.contact.opted_out.is_some();
        match account.doubt {
            _ if account.sender.account != doubt.account => Ok(Look::Over),
            Doubt::Repeat(time) if now < doubt.since + time && !opted_out => {
                Ok(Look::Found(sender.send(request).await?))
            }
            Doubt::Search(time) => search(sender, &request, now < doubt.since + time).await,
            Doubt::Repeat(_) | Doubt::Ask => Ok(Look::Over),
        }
    }

    fn cleared_up(&self, company: &CompanyId, task: &Task, road: Road, report: Report) -> Settlement {
        let (message, now) = (&task.outgoing.message, self.ports.clock.now());
        let mut settlement = ended(&task.work, Outcome::Done);
        settlement.follow_ups.push(reports::first(company, message, now));
        let tried = Some(Try { road, at: now, trouble: None });
        settlement.messages.push(MessageChange { tried, ..MessageChange::reported(message.id, report) });
        settlement
    }
}

enum Look {
    /// It was taken.
    Found(Report),
    /// It may be found yet.
    NotYet,
    /// Nothing more will be known.
    Over,
}

async fn search(sender: &dyn EmailSender, request: &EmailRequest, in_time: bool) -> Result<Look, SendError> {
    Ok(match sender.search(request).await? {
        Some(report) => Look::Found(report),
        None if in_time => Look::NotYet,
        None => Look::Over,
    })
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
