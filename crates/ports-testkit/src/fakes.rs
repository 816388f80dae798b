//! Stand-ins for tests of adapters.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::gate::{Gate, Later, Pass};
use kopru_ports::integrations::{Integration, IntegrationKind, IntegrationStore};
use kopru_ports::tokens::ConnectionStatus;
use secrecy::SecretString;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lets everybody in until it is told otherwise, and remembers who came.
#[derive(Debug, Default)]
pub struct OpenGate {
    /// Who came.
    pub passes: Mutex<Vec<Pass>>,
    /// Which scopes were said to refuse calls, and until when.
    pub refusals: Mutex<Vec<(String, Timestamp)>>,
    /// The scopes whose charges a vendor corrected, and by how much.
    pub corrections: Mutex<Vec<(String, f64)>>,
    /// From when on somebody may come in.
    pub closed_until: Mutex<Option<Timestamp>>,
}

#[async_trait]
impl Gate for OpenGate {
    async fn enter(&self, pass: Pass) -> Result<(), Later> {
        lock(&self.passes).push(pass);
        lock(&self.closed_until).map_or(Ok(()), |at| Err(Later { at }))
    }

    async fn refused(&self, scope: &str, until: Timestamp) {
        lock(&self.refusals).push((scope.to_owned(), until));
    }

    async fn corrected(&self, scope: &str, units: f64) {
        lock(&self.corrections).push((scope.to_owned(), units));
    }
}

/// Companies' settings in memory; what becomes of them is not kept.
#[derive(Debug, Default)]
pub struct MemoryIntegrations {
    /// The settings as they were given.
    pub settings: Mutex<HashMap<CompanyId, SecretString>>,
}

#[async_trait]
impl IntegrationStore for MemoryIntegrations {
    async fn get(&self, company: &CompanyId, _: IntegrationKind) -> Result<Option<Integration>, StoreError> {
        let settings = lock(&self.settings).get(company).cloned();
        Ok(settings.map(|settings| Integration::unused(settings, 1)))
    }

    async fn put(&self, company: &CompanyId, _: IntegrationKind, settings: SecretString) -> Result<(), StoreError> {
        lock(&self.settings).insert(company.clone(), settings);
        Ok(())
    }

    async fn set_status(
        &self,
        _: &CompanyId,
        _: IntegrationKind,
        _: ConnectionStatus,
        _: Option<String>,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    async fn delete(&self, company: &CompanyId, _: IntegrationKind) -> Result<(), StoreError> {
        lock(&self.settings).remove(company);
        Ok(())
    }
}
