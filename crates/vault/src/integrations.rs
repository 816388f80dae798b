use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::integrations::{Integration, IntegrationKind, IntegrationStore};
use kopru_ports::seal::{SealedPlace, Sealer};
use kopru_ports::tokens::ConnectionStatus;
use secrecy::SecretString;

use crate::sealed::{open, seal};

/// A store of companies' settings whose inner store sees sealed settings only.
pub struct SealedIntegrations {
    inner: Arc<dyn IntegrationStore>,
    sealer: Arc<dyn Sealer>,
}

impl SealedIntegrations {
    /// Seals what goes into `inner` and opens what comes out of it.
    #[must_use]
    pub fn new(inner: Arc<dyn IntegrationStore>, sealer: Arc<dyn Sealer>) -> Self {
        Self { inner, sealer }
    }
}

#[async_trait]
impl IntegrationStore for SealedIntegrations {
    async fn get(&self, company: &CompanyId, kind: IntegrationKind) -> Result<Option<Integration>, StoreError> {
        let Some(mut found) = self.inner.get(company, kind).await? else { return Ok(None) };
        found.settings = open(&*self.sealer, SealedPlace::Settings(company.clone(), kind), &found.settings).await?;
        Ok(Some(found))
    }

    async fn put(&self, company: &CompanyId, kind: IntegrationKind, settings: SecretString) -> Result<(), StoreError> {
        let sealed = seal(&*self.sealer, SealedPlace::Settings(company.clone(), kind), &settings).await?;
        self.inner.put(company, kind, sealed).await
    }

    async fn set_status(
        &self,
        company: &CompanyId,
        kind: IntegrationKind,
        status: ConnectionStatus,
        error: Option<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.inner.set_status(company, kind, status, error, now).await
    }

    async fn delete(&self, company: &CompanyId, kind: IntegrationKind) -> Result<(), StoreError> {
        self.inner.delete(company, kind).await
    }
}
