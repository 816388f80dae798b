//! The audit log: who connected, revoked, changed what.

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{CompanyId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::StoreError;

/// Who did it: a key, a person, a key for a person; an operator of the service where neither is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The API key.
    pub key: Option<Uuid>,
    /// The person.
    pub user: Option<UserId>,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditAction {
    /// The company was made.
    CompanyAdded,
    /// An API key was made; its id.
    KeyCreated,
    /// An API key was revoked; its id.
    KeyRevoked,
    /// Secrets were sealed under another key of the vault.
    VaultRotated,
    /// The origins of the company's pages were replaced.
    OriginsChanged,
    /// How long data are kept was changed.
    RetentionChanged,
    /// A link to the console was made; for whom.
    LinkMade,
    /// A portal was connected; its name.
    PortalConnected,
    /// The portal was disconnected.
    PortalDisconnected,
    /// A person connected a Google account; the person.
    GoogleConnected,
    /// A person's Google account was disconnected; the person.
    GoogleDisconnected,
    /// A configuration was made; its id.
    ConfigCreated,
    /// A configuration's mapping or settings were changed; its id.
    ConfigChanged,
    /// A configuration was activated; its id.
    ConfigActivated,
    /// A configuration was deleted; its id.
    ConfigDeleted,
    /// An account at a vendor was connected; the vendor.
    VendorConnected,
    /// An account at a vendor was disconnected; the vendor.
    VendorDisconnected,
    /// A message template was changed or deleted; its name.
    TemplateChanged,
    /// How messages may go was changed.
    MessagePolicyChanged,
    /// A number's opt-out was set or lifted by hand; whose is not told.
    OptOutChanged,
    /// Data were handed out; whose, where they were one person's.
    DataExported,
    /// A person's data were deleted; whose is not told.
    DataErased,
}

impl AuditAction {
    /// Those whose subject is a person.
    pub const OF_PEOPLE: [Self; 4] =
        [Self::LinkMade, Self::GoogleConnected, Self::GoogleDisconnected, Self::DataExported];
}

/// One entry. It is written before what it tells of: what is not there was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its id; ids grow with time.
    pub id: Uuid,
    /// In which company.
    pub company: CompanyId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub action: AuditAction,
    /// To what, as the action says; empty where it needs none.
    pub subject: String,
}

/// Keeps the audit log.
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Adds an entry. [`crate::StoreErrorKind::Conflict`] where there is no such company.
    async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError>;
    /// A company's entries, newest first, before the entry `before`.
    async fn audit_log(
        &self,
        company: &CompanyId,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError>;
}
