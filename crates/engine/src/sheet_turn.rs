//! What the turns on a sheet's lane have in common.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_delivery::{Handler, Turn, retry};
use kopru_domain::CompanyId;
use kopru_ports::configs::SyncConfig;
use kopru_ports::crm::{CrmError, CrmErrorKind};
use kopru_ports::delivery::{Outcome, Settlement, Work};
use kopru_ports::spreadsheets::{SheetsError, SheetsErrorKind};
use kopru_ports::{Retry, StoreError};

use crate::Engine;

/// One kind of work on a sheet.
#[async_trait]
pub(crate) trait SheetWork: Send + Sync {
    /// Does one piece of it, for a configuration that follows its sheet.
    async fn one(&self, config: &SyncConfig, work: &Work) -> Result<Settlement, Trouble>;
}

/// Runs work on a sheet piece by piece; one that fails does not hold up the others.
pub(crate) struct OnSheet<T> {
    pub engine: Arc<Engine>,
    pub work: T,
}

#[async_trait]
impl<T: SheetWork> Handler for OnSheet<T> {
    async fn turn(&self, turn: &Turn, works: Vec<Work>) -> Result<Settlement, StoreError> {
        let mut all = Settlement::default();
        for work in works {
            let result = match self.engine.owner(&turn.lease.company, &work).await? {
                Some(config) => self.work.one(&config, &work).await,
                None => Ok(ended(&work, Outcome::Done)),
            };
            merge(&mut all, concluded(work, self.engine.ports.clock.now(), result)?);
        }
        Ok(all)
    }
}

/// Adds one piece of work's settlement to a turn's.
fn merge(all: &mut Settlement, one: Settlement) {
    all.outcomes.extend(one.outcomes);
    all.follow_ups.extend(one.follow_ups);
    all.sync.extend(one.sync);
}

/// A settlement that ends `work`.
pub(crate) fn ended(work: &Work, outcome: Outcome) -> Settlement {
    Settlement { outcomes: vec![(work.key.clone(), work.generation, outcome)], ..Settlement::default() }
}

impl Engine {
    /// The configuration that owns `work`, if it still follows its sheet.
    async fn owner(&self, company: &CompanyId, work: &Work) -> Result<Option<SyncConfig>, StoreError> {
        let Ok(id) = work.owner.parse() else { return Ok(None) };
        Ok(self.ports.configs.get(company, id).await?.filter(|config| config.enabled))
    }
}

/// Why a turn on a sheet ended early.
pub(crate) enum Trouble {
    Store(StoreError),
    Sheets(SheetsError),
    Crm(CrmError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<SheetsError> for Trouble {
    fn from(error: SheetsError) -> Self {
        Self::Sheets(error)
    }
}

impl From<CrmError> for Trouble {
    fn from(error: CrmError) -> Self {
        Self::Crm(error)
    }
}

/// So long a lane rests when somebody has to connect an account first; the queue stays.
const DISCONNECTED: Duration = Duration::from_mins(5);

/// What becomes of one piece of sheet work after its turn.
fn concluded(work: Work, now: Timestamp, result: Result<Settlement, Trouble>) -> Result<Settlement, StoreError> {
    let again = |pause: Duration| Outcome::Again { due: now + pause, payload: work.payload.clone() };
    let outcome = match result {
        Ok(settlement) => return Ok(settlement),
        Err(Trouble::Store(error)) => return Err(error),
        Err(Trouble::Sheets(error)) => {
            tracing::info!(%error, kind = work.kind, "a sheet could not be reached");
            match (error.kind, error.retry) {
                (SheetsErrorKind::ReconnectRequired | SheetsErrorKind::NotAllowed, _) => again(DISCONNECTED),
                (SheetsErrorKind::RateLimited, Retry::After(pause)) => again(pause.unwrap_or(Duration::from_secs(10))),
                (_, Retry::After(pause)) => retry(&work, now, pause, error.to_string()),
                (_, Retry::OutcomeUnknown) => retry(&work, now, None, error.to_string()),
                (_, Retry::Never) => Outcome::Parked { error: error.to_string() },
            }
        }
        Err(Trouble::Crm(error)) => crm_trouble(&work, now, &error),
    };
    Ok(Settlement { outcomes: vec![(work.key, work.generation, outcome)], ..Settlement::default() })
}

/// What becomes of sheet work when the portal as a whole could not be asked.
fn crm_trouble(work: &Work, now: Timestamp, error: &CrmError) -> Outcome {
    match (portal_rests(error), error.retry) {
        (Some(pause), _) => Outcome::Again { due: now + pause, payload: work.payload.clone() },
        (None, Retry::After(pause)) => retry(work, now, pause, error.to_string()),
        (None, Retry::Never | Retry::OutcomeUnknown) => retry(work, now, None, error.to_string()),
    }
}

/// How long a portal is left alone that somebody has to connect first, or that asks for it; `None` where it is in
/// trouble.
pub(crate) fn portal_rests(error: &CrmError) -> Option<Duration> {
    match (error.kind, error.retry) {
        (
            CrmErrorKind::NotConnected
            | CrmErrorKind::Credentials
            | CrmErrorKind::ScopeMissing
            | CrmErrorKind::PortalClosed
            | CrmErrorKind::NotOffered
            | CrmErrorKind::NotAllowed
            | CrmErrorKind::NotFound,
            _,
        ) => Some(DISCONNECTED),
        (CrmErrorKind::RateLimited, Retry::After(pause)) => Some(pause.unwrap_or(Duration::from_secs(10))),
        _ => None,
    }
}
