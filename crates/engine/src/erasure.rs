//! Deletion of all that is kept of a company, or of one of its people.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_delivery::{Handler, Turn, retry};
use kopru_domain::{CompanyId, UserId};
use kopru_ports::audit::{Actor, AuditAction};
use kopru_ports::data::Connection;
use kopru_ports::delivery::{Outcome, Settlement, Work};
use kopru_ports::tokens::{Service, StoredToken};
use kopru_ports::{Retry, StoreError};
use serde::{Deserialize, Serialize};

use crate::callers::{Caller, Proof};
use crate::connect::personal;
use crate::error::EngineError;
use crate::retention::BITE;
use crate::{Engine, work};

/// A request that was under way at the beginning has ended by then, and what it put back is found.
const UNDER_WAY: Duration = Duration::from_mins(2);
/// So often a vendor is asked to end a grant, over about an hour; then its tokens are forgotten all the same.
const TRIES: u32 = 20;

/// An erasure under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Erasure {
    pub(crate) company: CompanyId,
    pub(crate) person: Option<UserId>,
    /// When it is looked for the last time whether something is left.
    last_look: Timestamp,
}

impl Engine {
    /// Begins to delete what is kept of the caller's company, or of `person` alone; [`Self::erase_on`] and
    /// [`Self::enqueue_erasure`] do it. That a person was deleted is recorded without a name; of a company nothing is left.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] for a company where the caller is neither an operator nor an API key.
    pub async fn erase(&self, caller: &Caller, person: Option<UserId>) -> Result<Erasure, EngineError> {
        self.known_company(&caller.company).await?;
        if person.is_some() {
            let nobody = Actor { user: None, ..caller.actor() };
            self.record_as(&caller.company, nobody, AuditAction::DataErased, "").await?;
        } else if !matches!(caller.by, Proof::Key(_) | Proof::Operator) {
            return Err(EngineError::NotAllowed);
        }
        Ok(Erasure { company: caller.company.clone(), person, last_look: self.ports.clock.now() + UNDER_WAY })
    }

    /// Makes sure that it comes to its end, whatever becomes of whoever began it. Repeatable.
    pub async fn enqueue_erasure(&self, erasure: &Erasure) -> Result<(), EngineError> {
        self.ports.delivery.enqueue(vec![work::erase(erasure, self.ports.clock.now())]).await?;
        self.waker.wake();
        Ok(())
    }

    /// Deletes the next bite; whether there is more. Repeatable, also beside others who do the same.
    ///
    /// # Errors
    /// [`EngineError::OAuth`] where a vendor does not answer: connections are ended there first.
    pub async fn erase_on(&self, erasure: &Erasure) -> Result<bool, EngineError> {
        self.end_access(erasure).await?;
        Ok(self.erase_here(&erasure.company, erasure.person.as_ref()).await?)
    }

    async fn erase_here(&self, company: &CompanyId, person: Option<&UserId>) -> Result<bool, StoreError> {
        if person.is_none() {
            self.ports.catalog.forget(company).await;
        }
        self.ports.data.erase(company, person, self.ports.clock.now(), BITE).await
    }

    /// Ends a company's keys at once, and its people's accounts, or the person's, at their vendors.
    async fn end_access(&self, erasure: &Erasure) -> Result<(), EngineError> {
        if erasure.person.is_none() {
            for key in self.ports.identity.keys(&erasure.company).await? {
                self.ports.identity.revoke_key(&erasure.company, key.id, self.ports.clock.now()).await?;
            }
        }
        self.end_grants(erasure).await
    }

    /// Google's revocation ends every grant of an account to the whole Cloud
    /// project: an account that somebody else has connected too is forgotten here and not ended there.
    async fn end_grants(&self, Erasure { company, person, .. }: &Erasure) -> Result<(), EngineError> {
        let mut own = self.ports.data.connections(company).await?;
        own.retain(|one| one.service.is_personal() && person.as_ref().is_none_or(|person| *person == one.user));
        for (account, grants) in self.grants(company, own).await? {
            let all = self.ports.tokens.count_for_account(&account).await?;
            if usize::try_from(all).is_ok_and(|all| all <= grants.len()) {
                for (service, token) in grants {
                    self.end_grant(service, token).await?;
                }
            }
        }
        Ok(())
    }

    /// The connections' tokens, by account. What cannot be read any more cannot be ended either.
    async fn grants(
        &self,
        company: &CompanyId,
        connections: Vec<Connection>,
    ) -> Result<BTreeMap<String, Vec<(Service, StoredToken)>>, EngineError> {
        let mut grants = BTreeMap::<_, Vec<_>>::new();
        for Connection { user, service, .. } in connections {
            match self.ports.tokens.load(&personal(company, &user, service)).await {
                Ok(Some(token)) => grants.entry(token.account_id.clone()).or_default().push((service, token)),
                Ok(None) => {}
                Err(error) if error.retry == Retry::Never => tracing::warn!(%error, "a grant could not be ended"),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(grants)
    }
}

/// Erases, a bite a turn.
pub(crate) struct Erase(pub(crate) Arc<Engine>);

#[async_trait]
impl Handler for Erase {
    async fn turn(&self, _: &Turn, works: Vec<Work>) -> Result<Settlement, StoreError> {
        let mut settlement = Settlement::default();
        for work in works {
            let outcome = self.one(&work).await?;
            settlement.outcomes.push((work.key, work.generation, outcome));
        }
        Ok(settlement)
    }
}

impl Erase {
    async fn one(&self, work: &Work) -> Result<Outcome, StoreError> {
        let now = self.0.ports.clock.now();
        let Ok(erasure) = serde_json::from_value::<Erasure>(work.payload.clone()) else { return Ok(Outcome::Done) };
        match self.0.end_access(&erasure).await {
            Err(EngineError::Store(error)) => return Err(error),
            Err(error) if work.failures < TRIES => return Ok(retry(work, now, None, error.to_string())),
            Err(error) => tracing::warn!(%error, "a grant was not ended at its vendor: only forgotten"),
            Ok(()) => {}
        }
        let more = self.0.erase_here(&erasure.company, erasure.person.as_ref()).await?;
        let due = if more { now } else { erasure.last_look };
        let over = !more && erasure.last_look <= now;
        Ok(if over { Outcome::Done } else { Outcome::Again { due, payload: work.payload.clone() } })
    }
}

/// Does a company's work. What was made due while the company was erased goes the same way.
pub(crate) struct OfCompany {
    pub engine: Arc<Engine>,
    pub work: Arc<dyn Handler>,
}

#[async_trait]
impl Handler for OfCompany {
    async fn turn(&self, turn: &Turn, works: Vec<Work>) -> Result<Settlement, StoreError> {
        let company = &turn.lease.company;
        if self.engine.ports.identity.company(company).await?.is_some() {
            return self.work.turn(turn, works).await;
        }
        while self.engine.erase_here(company, None).await? {}
        Ok(Settlement::default())
    }
}
