//! Asking the vendor about messages of which it has told nothing yet.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_delivery::{Handler, Turn, retry};
use kopru_domain::CompanyId;
use kopru_ports::delivery::{NewWork, Outcome, Settlement, Work};
use kopru_ports::outbox::{Message, MessageChange};
use kopru_ports::{Retry, StoreError};
use serde_json::json;
use uuid::Uuid;

use crate::sheet_turn::ended;
use crate::{Engine, work};

/// So long the vendor has for telling by itself.
const FIRST: Duration = Duration::from_mins(1);
/// The pauses double, and after this one nobody asks any more.
const LAST: Duration = Duration::from_hours(24);

pub(crate) struct Reports(pub(crate) Arc<Engine>);

/// The first question, should nothing be told.
pub(super) fn first(company: &CompanyId, message: &Message, now: Timestamp) -> NewWork {
    work::report(company, message, now + FIRST, FIRST)
}

#[async_trait]
impl Handler for Reports {
    async fn turn(&self, turn: &Turn, works: Vec<Work>) -> Result<Settlement, StoreError> {
        let mut all = Settlement::default();
        for work in works {
            let one = self.one(&turn.lease.company, &work).await?;
            all.outcomes.extend(one.outcomes);
            all.messages.extend(one.messages);
        }
        Ok(all)
    }
}

impl Reports {
    async fn one(&self, company: &CompanyId, work: &Work) -> Result<Settlement, StoreError> {
        let now = self.0.ports.clock.now();
        let id: Option<Uuid> = work.key.parse().ok();
        let message = match id {
            Some(id) => self.0.ports.outbox.message(company, id).await?,
            None => None,
        };
        let Some(message) = message.filter(|message| !message.status.is_final()) else {
            return Ok(ended(work, Outcome::Done));
        };
        let Some(provider_id) = &message.provider_id else { return Ok(ended(work, Outcome::Done)) };
        match self.0.ask(company, &message, provider_id).await {
            Ok(Some(report)) => {
                let settled = report.status.is_final();
                let mut settlement = ended(work, if settled { Outcome::Done } else { later(work, now) });
                settlement.messages.push(MessageChange::reported(message.id, report));
                Ok(settlement)
            }
            Ok(None) => Ok(ended(work, later(work, now))),
            Err(error) => Ok(ended(
                work,
                match error.retry {
                    Retry::After(pause) => retry(work, now, pause, error.to_string()),
                    Retry::Never | Retry::OutcomeUnknown => later(work, now),
                },
            )),
        }
    }
}

/// When the next question comes, if one does.
fn later(work: &Work, now: Timestamp) -> Outcome {
    let seconds = work.payload["pause"].as_u64().unwrap_or_default();
    let pause = Duration::from_secs(seconds) * 2;
    if pause.is_zero() || pause > LAST {
        return Outcome::Done;
    }
    Outcome::Again { due: now + pause, payload: json!({ "pause": pause.as_secs() }) }
}
