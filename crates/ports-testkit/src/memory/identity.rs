use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::identity::{ApiKey, IdentityStore};
use kopru_ports::{StoreError, StoreErrorKind};
use uuid::Uuid;

use super::{MemoryStore, error, kept};

#[async_trait]
impl IdentityStore for MemoryStore {
    async fn add_company(&self, company: &CompanyId, name: &str, _: Timestamp) -> Result<(), StoreError> {
        self.state().companies.entry(company.clone()).or_insert_with(|| name.to_owned());
        Ok(())
    }

    async fn company(&self, company: &CompanyId) -> Result<Option<String>, StoreError> {
        Ok(self.state().companies.get(company).cloned())
    }

    async fn companies(&self) -> Result<Vec<(CompanyId, String)>, StoreError> {
        Ok(self.state().companies.iter().map(|(id, name)| (id.clone(), name.clone())).collect())
    }

    async fn add_key(&self, key: &ApiKey, hash: &str) -> Result<(), StoreError> {
        let mut state = self.state();
        let same =
            |(other, known): (&String, &ApiKey)| other == hash || (&known.company, known.id) == (&key.company, key.id);
        if state.keys.iter().any(same) || !state.companies.contains_key(&key.company) {
            return Err(error(StoreErrorKind::Conflict));
        }
        let stored = ApiKey { created: kept(key.created), revoked: None, ..key.clone() };
        state.keys.insert(hash.to_owned(), stored);
        Ok(())
    }

    async fn key_by_hash(&self, hash: &str) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.state().keys.get(hash).cloned())
    }

    async fn keys(&self, company: &CompanyId) -> Result<Vec<ApiKey>, StoreError> {
        let mut keys: Vec<_> = self.state().keys.values().filter(|key| key.company == *company).cloned().collect();
        keys.sort_by(|one, other| (other.created, one.id).cmp(&(one.created, other.id)));
        Ok(keys)
    }

    async fn revoke_key(&self, company: &CompanyId, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(key) = state.keys.values_mut().find(|key| key.company == *company && key.id == id) else {
            return Ok(false);
        };
        key.revoked = key.revoked.or(Some(kept(now)));
        state.sessions.retain(|_, session| (&session.company, session.key) != (company, id));
        Ok(true)
    }
}
