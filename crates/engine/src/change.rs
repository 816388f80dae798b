//! Changing, pausing and deleting configurations.

use kopru_domain::{ConfigId, Mapping};
use kopru_ports::audit::AuditAction;
use kopru_ports::configs::SyncConfig;

use crate::Engine;
use crate::callers::Caller;
use crate::error::EngineError;
use crate::setup::{check_quiet, named};

/// What is to change of a configuration; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct ConfigChange {
    /// What people call it.
    pub name: Option<String>,
    /// Which column feeds what, and how its cells are read.
    pub mapping: Option<Mapping>,
    /// How long a row has to be quiet before it is sent, in milliseconds.
    pub quiet_ms: Option<u32>,
    /// False pauses: nothing is written and what happens is kept. True takes it up again.
    pub enabled: Option<bool>,
}

impl Engine {
    /// Changes a configuration. With a mapping the whole tab is read anew, and what was written under the
    /// old one is repaired; a field that is fed no more keeps its value in the CRM. Repeatable.
    pub async fn change_config(
        &self,
        caller: &Caller,
        id: ConfigId,
        change: ConfigChange,
    ) -> Result<SyncConfig, EngineError> {
        let company = &caller.company;
        let mut config = self.config(caller, id).await?;
        let name = change.name.as_deref().map(named).transpose()?;
        change.quiet_ms.map_or(Ok(()), check_quiet)?;
        if let Some(mapping) = &change.mapping {
            self.check_mapping(company, config.entity, mapping).await?;
        }
        self.record(caller, AuditAction::ConfigChanged, id).await?;
        let (remapped, resumed) = (change.mapping.is_some(), change.enabled == Some(true) && !config.enabled);
        if resumed {
            self.add_system_columns(&config).await?;
        }
        let ConfigChange { mapping, quiet_ms, enabled, .. } = change;
        config.name = name.unwrap_or(config.name);
        config.mapping = mapping.unwrap_or(config.mapping);
        config.quiet_ms = quiet_ms.unwrap_or(config.quiet_ms);
        config.enabled = enabled.unwrap_or(config.enabled);
        if !self.ports.configs.update(&config).await? {
            return Err(EngineError::NotFound("configuration"));
        }
        if remapped {
            // A scan that is under way has read its first pages by the old mapping.
            self.ports.configs.begin_scan(company, id, self.ports.clock.now().as_microsecond()).await?;
        }
        if config.enabled && (remapped || resumed) {
            self.scan(&config).await?;
        }
        Ok(config)
    }

    /// Forgets a configuration with its rows, events, history and work. Sheet and CRM stay as they are.
    pub async fn delete_config(&self, caller: &Caller, id: ConfigId) -> Result<(), EngineError> {
        self.config(caller, id).await?;
        self.record(caller, AuditAction::ConfigDeleted, id).await?;
        self.ports.configs.delete(&caller.company, id).await?;
        Ok(())
    }
}
