//! From which pages in the browser a company's people may call.

use async_trait::async_trait;
use kopru_domain::CompanyId;

use crate::error::StoreError;

/// Keeps companies' origins, such as `https://crm.example.com` (RFC 6454, 6.2).
#[async_trait]
pub trait OriginStore: Send + Sync {
    /// Replaces a company's origins. [`crate::StoreErrorKind::Conflict`] where there is no such company.
    async fn set_origins(&self, company: &CompanyId, origins: &[String]) -> Result<(), StoreError>;
    /// A company's origins, in the order of their letters.
    async fn origins(&self, company: &CompanyId) -> Result<Vec<String>, StoreError>;
    /// Whether it is an origin of any company: a browser asks before it says whose page it shows.
    async fn is_origin(&self, origin: &str) -> Result<bool, StoreError>;
}
