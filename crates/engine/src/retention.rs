//! How long data are kept, and the turn of work that deletes what is older.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kopru_delivery::{Handler, Turn};
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::audit::AuditAction;
use kopru_ports::data::Retention;
use kopru_ports::delivery::{Outcome, Settlement, Work};
use serde_json::json;

use crate::callers::Caller;
use crate::error::{EngineError, Problem};
use crate::{Engine, work};

/// Ten years.
const MOST_DAYS: u16 = 3650;
/// So much of a kind is deleted at once, so that nobody waits for it.
pub(crate) const BITE: u32 = 500;
const DAY: Duration = Duration::from_hours(24);

impl Engine {
    /// How long the company's data are kept.
    pub async fn retention(&self, company: &CompanyId) -> Result<Retention, EngineError> {
        Ok(self.ports.data.retention(company).await?)
    }

    /// Replaces it; what is older is deleted soon.
    ///
    /// # Errors
    /// [`Problem::BadValue`] for less than a day or more than ten years.
    pub async fn set_retention(&self, caller: &Caller, retention: Retention) -> Result<(), EngineError> {
        let Retention { history, events, audit, messages } = retention;
        let fields =
            [("history_days", history), ("events_days", events), ("audit_days", audit), ("messages_days", messages)];
        let sound = |days: Option<u16>| days.is_none_or(|days| (1..=MOST_DAYS).contains(&days));
        if let Some((field, _)) = fields.into_iter().find(|(_, days)| !sound(*days)) {
            return Err(EngineError::Invalid(Problem::BadValue(field)));
        }
        self.record(caller, AuditAction::RetentionChanged, json!(retention)).await?;
        self.ports.data.set_retention(&caller.company, retention).await?;
        self.keep_house_of([(&caller.company, Duration::ZERO)]).await
    }

    /// Lets each company's old data be deleted, spread over the day that follows and then once a day. Repeatable: to be
    /// called when a service starts.
    pub async fn keep_house(&self) -> Result<(), EngineError> {
        let companies = self.companies().await?;
        let each = DAY / u32::try_from(companies.len().max(1)).unwrap_or(u32::MAX);
        self.keep_house_of(companies.iter().zip(0..).map(|((company, _), place)| (company, each * place))).await
    }

    /// Of each company after so long. Many are not made due at once: nobody waits for them.
    pub(crate) async fn keep_house_of(
        &self,
        companies: impl IntoIterator<Item = (&CompanyId, Duration)>,
    ) -> Result<(), EngineError> {
        let now = self.ports.clock.now();
        let prune: Vec<_> = companies.into_iter().map(|(company, begin)| work::prune(company, now + begin)).collect();
        for bite in prune.chunks(BITE as usize) {
            self.ports.delivery.enqueue(bite.to_vec()).await?;
        }
        self.waker.wake();
        Ok(())
    }
}

/// Deletes a company's old data, a bite a turn.
pub(crate) struct Prune(pub(crate) Arc<Engine>);

#[async_trait]
impl Handler for Prune {
    async fn turn(&self, turn: &Turn, works: Vec<Work>) -> Result<Settlement, StoreError> {
        let now = self.0.ports.clock.now();
        let more = self.0.ports.data.prune(&turn.lease.company, now, BITE).await?;
        let due = if more { now } else { now + DAY };
        let again = |work: Work| (work.key, work.generation, Outcome::Again { due, payload: work.payload });
        Ok(Settlement { outcomes: works.into_iter().map(again).collect(), ..Settlement::default() })
    }
}
