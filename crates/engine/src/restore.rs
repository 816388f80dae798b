//! After the database was restored from a backup: nothing is written before it is known again what there is.

use crate::Engine;
use crate::error::EngineError;

impl Engine {
    /// Notices a database that was restored, and lets the configurations that are held read their tabs. Repeatable: to
    /// be called when a service starts, before its lanes run.
    pub async fn take_stock(&self) -> Result<(), EngineError> {
        if self.ports.restores.notice(self.ports.clock.now()).await? {
            tracing::warn!(
                "the database was restored from a backup, or brought here from elsewhere: configurations are held until \
                 their tabs were read anew, and messages that waited are not sent but looked up (docs/backup.md)"
            );
        }
        self.read_held().await?;
        Ok(())
    }

    /// The same, on the word of an operator who knows that it was restored; how many configurations are held.
    pub async fn restored(&self) -> Result<usize, EngineError> {
        self.ports.restores.restored(self.ports.clock.now()).await?;
        self.read_held().await
    }

    /// How many configurations of all companies are held.
    pub async fn held(&self) -> Result<usize, EngineError> {
        Ok(self.ports.restores.held().await?.len())
    }

    /// A configuration that somebody paused reads its tab when it is taken up again.
    async fn read_held(&self) -> Result<usize, EngineError> {
        let held = self.ports.restores.held().await?;
        for (company, id) in &held {
            let config = self.ports.configs.get(company, *id).await?;
            if let Some(config) = config.filter(|config| config.enabled) {
                self.scan(&config).await?;
            }
        }
        Ok(held.len())
    }
}
