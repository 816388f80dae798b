//! Sync configurations: a tab bound to an entity of the company's portal.

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{CompanyId, ConfigId, EntityKind, Gid, Language, Mapping, SpreadsheetId, UserId};
use serde::{Deserialize, Serialize};

use crate::delivery::Urgency;
use crate::error::StoreError;
use crate::spreadsheets::TabRef;
use crate::sync::ScanProgress;
use crate::tokens::{Service, TokenKey};

/// A sync configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncConfig {
    /// Its id.
    pub id: ConfigId,
    /// The tenant.
    pub company: CompanyId,
    /// On whose Google connection it runs.
    pub user: UserId,
    /// What people call it.
    pub name: String,
    /// The file.
    pub spreadsheet: SpreadsheetId,
    /// The tab.
    pub gid: Gid,
    /// The kind of record.
    pub entity: EntityKind,
    /// The portal's host: rows are bound to its records only.
    pub portal: String,
    /// Which column feeds what.
    pub mapping: Mapping,
    /// The language of what is written into the sheet.
    pub language: Language,
    /// How long a row has to be quiet before it is sent, in milliseconds.
    pub quiet_ms: u32,
    /// Whether edits are followed.
    pub enabled: bool,
    /// SHA-256 of the key in its webhook address, in base64url.
    pub webhook_key_hash: String,
    /// The webhook's signing secret, sealed.
    pub sealed_secret: String,
    /// When it was made.
    pub created: Timestamp,
    /// The last or present reading of its whole tab; changed by settlements and [`ConfigStore::begin_scan`].
    pub scan: Option<ScanProgress>,
    /// When the database was restored from a backup, if it was; changed by [`crate::restore::RestoreStore`].
    pub restored: Option<Timestamp>,
    /// Whether nothing is written to the CRM for now: since it was restored, until a reading of its whole tab has ended.
    pub held: bool,
}

impl SyncConfig {
    /// The tab, by the owner's connection.
    #[must_use]
    pub fn tab(&self, urgency: Urgency) -> TabRef {
        TabRef { connection: self.connection(), spreadsheet: self.spreadsheet.clone(), gid: self.gid, urgency }
    }

    /// A row whose id is older may have a record that is not known here.
    #[must_use]
    pub fn known_since(&self) -> Timestamp {
        self.restored.map_or(self.created, |restored| restored.max(self.created))
    }

    /// The owner's connection.
    #[must_use]
    pub fn connection(&self) -> TokenKey {
        TokenKey { company: self.company.clone(), user: self.user.clone(), service: Service::GoogleSheets }
    }
}

/// Keeps configurations.
#[async_trait]
pub trait ConfigStore: Send + Sync {
    /// Stores a new configuration; [`crate::StoreErrorKind::Conflict`] where the company has one for the
    /// same tab.
    async fn add(&self, config: &SyncConfig) -> Result<(), StoreError>;
    /// One of the company's configurations.
    async fn get(&self, company: &CompanyId, id: ConfigId) -> Result<Option<SyncConfig>, StoreError>;
    /// The configuration whose webhook key has that hash: the only way in without a company.
    async fn by_webhook_key(&self, key_hash: &str) -> Result<Option<SyncConfig>, StoreError>;
    /// The company's configurations in the order of their making, after `after`, `limit` at most.
    async fn list(
        &self,
        company: &CompanyId,
        after: Option<ConfigId>,
        limit: u32,
    ) -> Result<Vec<SyncConfig>, StoreError>;
    /// Replaces mapping, name, policies and `enabled`; false where there is no such configuration.
    async fn update(&self, config: &SyncConfig) -> Result<bool, StoreError>;
    /// The next reading of the whole tab begins at its top, as scan number `scan`; a page of an earlier one
    /// that is under way records no progress any more.
    async fn begin_scan(&self, company: &CompanyId, id: ConfigId, scan: i64) -> Result<(), StoreError>;
    /// Forgets a configuration with its rows, events, history and work; false where there is none. What a
    /// turn under way records of it afterwards changes nothing.
    async fn delete(&self, company: &CompanyId, id: ConfigId) -> Result<bool, StoreError>;
}
