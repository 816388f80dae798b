use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::integrations::{Integration, IntegrationKind, IntegrationStore};
use kopru_ports::tokens::ConnectionStatus;
use secrecy::SecretString;

use super::{MemoryStore, kept};

#[async_trait]
impl IntegrationStore for MemoryStore {
    async fn get(&self, company: &CompanyId, kind: IntegrationKind) -> Result<Option<Integration>, StoreError> {
        Ok(self.state().integrations.get(&(company.clone(), kind)).cloned())
    }

    async fn put(&self, company: &CompanyId, kind: IntegrationKind, settings: SecretString) -> Result<(), StoreError> {
        let (mut state, key) = (self.state(), (company.clone(), kind));
        let version = state.integrations.get(&key).map_or(0, |stored| stored.version) + 1;
        state.integrations.insert(key, Integration::unused(settings, version));
        Ok(())
    }

    async fn set_status(
        &self,
        company: &CompanyId,
        kind: IntegrationKind,
        status: ConnectionStatus,
        error: Option<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(stored) = self.state().integrations.get_mut(&(company.clone(), kind)) {
            stored.used(status, error, kept(now));
        }
        Ok(())
    }

    async fn delete(&self, company: &CompanyId, kind: IntegrationKind) -> Result<(), StoreError> {
        self.state().integrations.remove(&(company.clone(), kind));
        Ok(())
    }
}
