use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_ports::audit::{AuditEntry, AuditLog};
use kopru_ports::{StoreError, StoreErrorKind};
use uuid::Uuid;

use super::{MemoryStore, error, kept, most};

#[async_trait]
impl AuditLog for MemoryStore {
    async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut state = self.state();
        let key = (entry.company.clone(), entry.id);
        if !state.companies.contains_key(&entry.company) || state.audit.contains_key(&key) {
            return Err(error(StoreErrorKind::Conflict));
        }
        state.audit.insert(key, AuditEntry { at: kept(entry.at), ..entry.clone() });
        Ok(())
    }

    async fn audit_log(
        &self,
        company: &CompanyId,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let state = self.state();
        let own = state.audit.values().rev().filter(|entry| entry.company == *company);
        Ok(own.filter(|entry| before.is_none_or(|before| entry.id < before)).take(most(limit)).cloned().collect())
    }
}
