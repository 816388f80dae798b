use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{CompanyId, ConfigId};
use kopru_ports::StoreError;
use kopru_ports::restore::RestoreStore;
use kopru_ports::sync::ScanProgress;

use super::{MemoryStore, State, kept};

#[async_trait]
impl RestoreStore for MemoryStore {
    /// What is gone with its process cannot be restored.
    async fn notice(&self, _: Timestamp) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn restored(&self, now: Timestamp) -> Result<(), StoreError> {
        self.state().hold(kept(now));
        Ok(())
    }

    async fn held(&self) -> Result<Vec<(CompanyId, ConfigId)>, StoreError> {
        let state = self.state();
        let held = state.tabs.iter().filter(|(_, tab)| tab.config.held);
        Ok(held.map(|(key, _)| key.clone()).collect())
    }
}

impl State {
    fn hold(&mut self, now: Timestamp) {
        self.sessions.clear();
        self.consents.clear();
        for tab in self.tabs.values_mut() {
            (tab.config.held, tab.config.restored) = (true, Some(now));
            tab.config.scan = Some(ScanProgress::begun(now.as_microsecond()));
        }
        let waiting = self.messages.iter().filter(|(_, message)| message.status.is_waiting());
        let in_doubt: BTreeSet<_> = waiting.map(|((company, _), message)| (company, &message.lane)).collect();
        for ((company, name), lane) in &mut self.lanes {
            lane.begin_anew(now, in_doubt.contains(&(company, name)));
        }
    }
}
