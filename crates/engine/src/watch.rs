//! Seeing how a configuration is doing, and trying again what was given up.

use kopru_domain::ConfigId;
use kopru_ports::configs::SyncConfig;
use kopru_ports::sync::{HistoryEntry, RowsQuery, SyncRow, SyncSummary};

use crate::Engine;
use crate::callers::Caller;
use crate::error::EngineError;

impl Engine {
    /// The configurations that the caller reaches, in the order of their making.
    pub async fn configs(
        &self,
        caller: &Caller,
        mut after: Option<ConfigId>,
        limit: u32,
    ) -> Result<Vec<SyncConfig>, EngineError> {
        let (mut found, wanted) = (Vec::new(), usize::try_from(limit).unwrap_or(usize::MAX));
        loop {
            let page = self.ports.configs.list(&caller.company, after, limit).await?;
            let is_last = page.len() < wanted;
            after = page.last().map(|last| last.id);
            found.extend(page.into_iter().filter(|config| caller.reaches(Some(&config.user))));
            if is_last || found.len() >= wanted {
                found.truncate(wanted);
                return Ok(found);
            }
        }
    }

    /// How a configuration is doing.
    pub async fn summary(&self, caller: &Caller, id: ConfigId) -> Result<SyncSummary, EngineError> {
        self.config(caller, id).await?;
        Ok(self.ports.sync.summary(&caller.company, id).await?)
    }

    /// Its history, newest first, before the entry `before`.
    pub async fn history(
        &self,
        caller: &Caller,
        id: ConfigId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, HistoryEntry)>, EngineError> {
        self.config(caller, id).await?;
        Ok(self.ports.sync.history(&caller.company, id, before, limit).await?)
    }

    /// Its rows with cells that were not written.
    pub async fn refused_rows(&self, caller: &Caller, id: ConfigId, limit: u32) -> Result<Vec<SyncRow>, EngineError> {
        self.config(caller, id).await?;
        Ok(self.ports.sync.rows(&caller.company, id, RowsQuery::Refused(limit)).await?)
    }

    /// Tries again what was given up or refused, against the portal as it is now; how many rows that are.
    pub async fn retry(&self, caller: &Caller, id: ConfigId) -> Result<u32, EngineError> {
        let config = self.config(caller, id).await?;
        self.ports.catalog.forget(&caller.company).await;
        let count = self.ports.sync.replay(&caller.company, id).await?;
        self.scan(&config).await?;
        Ok(count)
    }
}
