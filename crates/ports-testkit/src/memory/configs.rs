use std::collections::BTreeMap;

use async_trait::async_trait;
use kopru_domain::{CompanyId, ConfigId};
use kopru_ports::configs::{ConfigStore, SyncConfig};
use kopru_ports::sync::ScanProgress;
use kopru_ports::{StoreError, StoreErrorKind};

use super::rows::Tab;
use super::{MemoryStore, error, kept, most};

#[async_trait]
impl ConfigStore for MemoryStore {
    async fn add(&self, config: &SyncConfig) -> Result<(), StoreError> {
        let mut state = self.state();
        let tab = |config: &SyncConfig| (config.spreadsheet.clone(), config.gid);
        let same = |other: &SyncConfig| {
            let twin = other.company == config.company && (other.id == config.id || tab(other) == tab(config));
            twin || other.webhook_key_hash == config.webhook_key_hash
        };
        if state.tabs.values().any(|tab| same(&tab.config)) || !state.companies.contains_key(&config.company) {
            return Err(error(StoreErrorKind::Conflict));
        }
        let created = kept(config.created);
        let stored = SyncConfig { created, scan: None, restored: None, held: false, ..config.clone() };
        let tab = Tab { config: stored, events: BTreeMap::new(), rows: BTreeMap::new(), history: BTreeMap::new() };
        state.tabs.insert((config.company.clone(), config.id), tab);
        Ok(())
    }

    async fn get(&self, company: &CompanyId, id: ConfigId) -> Result<Option<SyncConfig>, StoreError> {
        Ok(self.state().tabs.get(&(company.clone(), id)).map(|tab| tab.config.clone()))
    }

    async fn by_webhook_key(&self, key_hash: &str) -> Result<Option<SyncConfig>, StoreError> {
        let state = self.state();
        let found = state.tabs.values().find(|tab| tab.config.webhook_key_hash == key_hash);
        Ok(found.map(|tab| tab.config.clone()))
    }

    async fn list(
        &self,
        company: &CompanyId,
        after: Option<ConfigId>,
        limit: u32,
    ) -> Result<Vec<SyncConfig>, StoreError> {
        let state = self.state();
        let configs = state.tabs.values().map(|tab| &tab.config).filter(|config| config.company == *company);
        let later = configs.filter(|config| after.is_none_or(|after| config.id > after));
        Ok(later.take(most(limit)).cloned().collect())
    }

    async fn update(&self, config: &SyncConfig) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(Tab { config: stored, .. }) = state.tabs.get_mut(&(config.company.clone(), config.id)) else {
            return Ok(false);
        };
        stored.name.clone_from(&config.name);
        stored.mapping.clone_from(&config.mapping);
        stored.language = config.language;
        stored.quiet_ms = config.quiet_ms;
        stored.enabled = config.enabled;
        Ok(true)
    }

    async fn begin_scan(&self, company: &CompanyId, id: ConfigId, scan: i64) -> Result<(), StoreError> {
        if let Some(tab) = self.state().tabs.get_mut(&(company.clone(), id)) {
            tab.config.scan = Some(ScanProgress::begun(scan));
        }
        Ok(())
    }

    async fn delete(&self, company: &CompanyId, id: ConfigId) -> Result<bool, StoreError> {
        let mut state = self.state();
        let owner = id.to_string();
        for (_, lane) in state.lanes.iter_mut().filter(|((of, _), _)| of == company) {
            lane.forget(|_, job| job.owner == owner);
        }
        Ok(state.tabs.remove(&(company.clone(), id)).is_some())
    }
}
