use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_ports::origins::OriginStore;
use kopru_ports::{StoreError, StoreErrorKind};

use super::{MemoryStore, error};

#[async_trait]
impl OriginStore for MemoryStore {
    async fn set_origins(&self, company: &CompanyId, origins: &[String]) -> Result<(), StoreError> {
        let mut state = self.state();
        if !state.companies.contains_key(company) {
            return Err(error(StoreErrorKind::Conflict));
        }
        state.origins.retain(|(of, _)| of != company);
        state.origins.extend(origins.iter().map(|origin| (company.clone(), origin.clone())));
        Ok(())
    }

    async fn origins(&self, company: &CompanyId) -> Result<Vec<String>, StoreError> {
        let state = self.state();
        let own = state.origins.iter().filter(|(of, _)| of == company);
        Ok(own.map(|(_, origin)| origin.clone()).collect())
    }

    async fn is_origin(&self, origin: &str) -> Result<bool, StoreError> {
        Ok(self.state().origins.iter().any(|(_, known)| known == origin))
    }
}
