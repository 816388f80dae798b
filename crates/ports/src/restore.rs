//! A database that was restored from a backup: it is older than the world around it.

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{CompanyId, ConfigId};

use crate::error::StoreError;

/// Notices that a database was restored, and holds what must not go on as if nothing had happened.
///
/// To hold, all in one step: configurations are held until their tab was read anew ([`crate::configs::SyncConfig::held`]);
/// a message that waits has an open attempt, since it may have gone, and is due; leases of before record nothing any
/// more; sessions and consents under way end.
#[async_trait]
pub trait RestoreStore: Send + Sync {
    /// Whether this is not the database that the service left here; then everything is held. From now on it is the
    /// one. To be asked when a service starts, before anything else is done; many may ask at once.
    async fn notice(&self, now: Timestamp) -> Result<bool, StoreError>;

    /// Holds everything: somebody knows that the database was restored. Repeatable.
    async fn restored(&self, now: Timestamp) -> Result<(), StoreError>;

    /// The configurations of all companies that are held.
    async fn held(&self) -> Result<Vec<(CompanyId, ConfigId)>, StoreError>;
}
