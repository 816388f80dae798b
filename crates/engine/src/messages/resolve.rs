//! Messages in doubt: sent, and no answer says what became of them.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::email::Road;
use kopru_domain::message::{Address, MessageStatus, Trouble};
use kopru_ports::StoreError;
use kopru_ports::delivery::{Outcome, Settlement};
use kopru_ports::messages::{Report, Search, SendError};
use kopru_ports::outbox::{Body, MessageChange, MessageQuery, Outgoing};
use serde::{Deserialize, Serialize};

use super::outgoing::Task;
use super::reports;
use crate::Engine;
use crate::sheet_turn::ended;

/// A message that was taken is soon in the vendor's list.
pub(super) const FIRST_LOOK: Duration = Duration::from_secs(5);
/// How often the vendor is asked about one in doubt.
const LOOK_AGAIN: Duration = Duration::from_secs(15);
/// After so long what the vendor does not know was most likely never taken; a person decides.
const SETTLED: Duration = Duration::from_secs(90);
/// A vendor's clock may be behind ours by so much.
const CLOCKS: Duration = Duration::from_mins(1);
/// Messages to one number within the time of doubt are fewer.
const MOST: u32 = 200;

/// What is frozen of a message before it goes on the wire; the rest is in the message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct InDoubt {
    pub since: Timestamp,
    /// By which road, of an e-mail.
    #[serde(default)]
    pub road: Option<Road>,
    /// By which account.
    #[serde(default)]
    pub account: String,
}

impl Engine {
    /// Looks a message in doubt up at the vendor. It is never sent again by itself, but for an e-mail whose repetition
    /// goes once. `turn`: what its turn has come to so far.
    pub(super) async fn resolve_message(
        &self,
        company: &CompanyId,
        task: &Task,
        turn: &[MessageChange],
    ) -> Result<Settlement, StoreError> {
        let (work, message, now) = (&task.work, &task.outgoing.message, self.ports.clock.now());
        let attempt = work.open_attempt.clone().unwrap_or_default();
        let unread = InDoubt { since: message.created, road: None, account: String::new() };
        let doubt = serde_json::from_value(attempt).unwrap_or(unread);
        if let Body::Email(email) = &message.content {
            return Ok(self.resolve_email(company, task, email, &doubt).await);
        }
        let since = doubt.since;
        let found = match self.look_up(company, &task.outgoing, since, turn).await? {
            Ok(found) => found,
            Err(error) => {
                tracing::info!(%error, "a message in doubt could not be looked up yet");
                return Ok(ended(work, Outcome::Open { until: now + LOOK_AGAIN }));
            }
        };
        let mut settlement = match found {
            None if now < since + SETTLED => ended(work, Outcome::Open { until: now + LOOK_AGAIN }),
            _ => ended(work, Outcome::Done),
        };
        settlement.messages.push(match found {
            Some(report) => {
                settlement.follow_ups.push(reports::first(company, message, now));
                MessageChange::reported(message.id, report)
            }
            None => MessageChange {
                trouble: Some(Trouble::OutcomeUnknown),
                ..MessageChange::to(message.id, MessageStatus::Unknown)
            },
        });
        Ok(settlement)
    }

    /// The vendor's message that fits and is no other message of ours.
    async fn look_up(
        &self,
        company: &CompanyId,
        outgoing: &Outgoing,
        since: Timestamp,
        turn: &[MessageChange],
    ) -> Result<Result<Option<Report>, SendError>, StoreError> {
        let Outgoing { message, to, .. } = outgoing;
        let (Body::Phone(content), Address::Phone(number)) = (&message.content, to) else { return Ok(Ok(None)) };
        let search = Search {
            company: company.clone(),
            channel: message.channel,
            to: number.clone(),
            content: content.clone(),
            since: since - CLOCKS,
        };
        let found = match self.ports.messages.search(&search).await {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        let query = MessageQuery { to: Some(to.clone()), limit: MOST, ..MessageQuery::default() };
        let others = self.ports.outbox.messages(company, query).await?;
        let turn = turn.iter().filter_map(|change| change.provider_id.as_deref());
        let others: HashSet<&str> =
            others.iter().filter_map(|other| other.provider_id.as_deref()).chain(turn).collect();
        Ok(Ok(found.into_iter().find(|report| !others.contains(report.provider_id.as_str()))))
    }
}
