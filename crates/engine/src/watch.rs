//! Seeing how a configuration is doing, and trying again what was given up.

use kopru_domain::{CompanyId, ConfigId};
use kopru_ports::configs::SyncConfig;
use kopru_ports::sync::{HistoryEntry, RowsQuery, SyncRow, SyncSummary};

use crate::Engine;
use crate::error::EngineError;

impl Engine {
    /// The company's configurations in the order of their making.
    pub async fn configs(
        &self,
        company: &CompanyId,
        after: Option<ConfigId>,
        limit: u32,
    ) -> Result<Vec<SyncConfig>, EngineError> {
        Ok(self.ports.configs.list(company, after, limit).await?)
    }

    /// How a configuration is doing.
    pub async fn summary(&self, company: &CompanyId, id: ConfigId) -> Result<SyncSummary, EngineError> {
        self.config(company, id).await?;
        Ok(self.ports.sync.summary(company, id).await?)
    }

    /// Its history, newest first, before the entry `before`.
    pub async fn history(
        &self,
        company: &CompanyId,
        id: ConfigId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, HistoryEntry)>, EngineError> {
        self.config(company, id).await?;
        Ok(self.ports.sync.history(company, id, before, limit).await?)
    }

    /// Its rows with cells that were not written.
    pub async fn refused_rows(
        &self,
        company: &CompanyId,
        id: ConfigId,
        limit: u32,
    ) -> Result<Vec<SyncRow>, EngineError> {
        self.config(company, id).await?;
        Ok(self.ports.sync.rows(company, id, RowsQuery::Refused(limit)).await?)
    }

    /// Tries again what was given up or refused, against the portal as it is now; how many rows that are.
    pub async fn retry(&self, company: &CompanyId, id: ConfigId) -> Result<u32, EngineError> {
        let config = self.config(company, id).await?;
        self.ports.catalog.forget(company).await;
        let count = self.ports.sync.replay(company, id).await?;
        self.scan(&config).await?;
        Ok(count)
    }
}
