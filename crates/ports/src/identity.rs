//! Companies and their API keys.

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::StoreError;

/// What an API key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Send messages.
    #[serde(rename = "messages:send")]
    MessagesSend,
    /// Write calendar events.
    #[serde(rename = "calendar:write")]
    CalendarWrite,
    /// Manage sheet sync.
    #[serde(rename = "sync:manage")]
    SyncManage,
    /// Everything of the company.
    #[serde(rename = "admin")]
    Admin,
}

/// An API key as it is stored: never the key itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id, for lists and revocation.
    pub id: Uuid,
    /// Whose it is.
    pub company: CompanyId,
    /// What people call it.
    pub name: String,
    /// Its last four characters.
    pub last_four: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
}

/// Keeps companies and their keys.
#[async_trait]
pub trait IdentityStore: Send + Sync {
    /// Makes a company. Repeatable.
    async fn add_company(&self, company: &CompanyId, name: &str, now: Timestamp) -> Result<(), StoreError>;
    /// A company's name.
    async fn company(&self, company: &CompanyId) -> Result<Option<String>, StoreError>;
    /// All companies, by id.
    async fn companies(&self) -> Result<Vec<(CompanyId, String)>, StoreError>;
    /// Stores a key under the hash of its text.
    async fn add_key(&self, key: &ApiKey, hash: &str) -> Result<(), StoreError>;
    /// The key with that hash, also a revoked one.
    async fn key_by_hash(&self, hash: &str) -> Result<Option<ApiKey>, StoreError>;
    /// A company's keys, newest first.
    async fn keys(&self, company: &CompanyId) -> Result<Vec<ApiKey>, StoreError>;
    /// Revokes a key and ends its sessions; false where the company has no such key.
    async fn revoke_key(&self, company: &CompanyId, id: Uuid, now: Timestamp) -> Result<bool, StoreError>;
}
