//! Short-lived proofs of who a person is, made from a company's API key.

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{CompanyId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::StoreError;
use crate::identity::Scope;

/// What a session is shown by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    /// A bearer token in the host's pages.
    Embedded,
    /// A link that signs in to the console, once.
    SignIn,
    /// The console's cookie.
    Console,
}

/// One person's session. Its token is not kept, only a hash of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The person's company.
    pub company: CompanyId,
    /// The person.
    pub user: UserId,
    /// By what it is shown.
    pub kind: SessionKind,
    /// What it may do; never more than the key may.
    pub scopes: Vec<Scope>,
    /// The key that it was made with: revoked, it ends its sessions.
    pub key: Uuid,
    /// Until when it is valid.
    pub expires: Timestamp,
}

/// Keeps sessions under the hashes of their tokens.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Begins a session and forgets its company's expired ones. [`crate::StoreErrorKind::Conflict`] where its key is
    /// unknown or revoked.
    async fn begin_session(&self, hash: &str, session: &Session, now: Timestamp) -> Result<(), StoreError>;
    /// The session with that hash, while it is valid.
    async fn session(&self, hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError>;
    /// Ends a session; what it was, to one caller only.
    async fn end_session(&self, hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError>;
}
