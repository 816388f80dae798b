//! Rationing of calls to a vendor, asked by adapters just before each call.

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;

/// A vendor's limit as a leaky bucket: `burst` calls at once, `per_second` regained.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// What is limited, such as `bitrix24:acme.bitrix24.com`. Shared by all companies that spend from it.
    pub scope: String,
    /// Calls regained per second.
    pub per_second: f64,
    /// Calls that may be made at once.
    pub burst: f64,
}

/// A wish to make one call.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    /// Who pays.
    pub company: CompanyId,
    /// All limits that the call counts against.
    pub limits: Vec<Limit>,
}

/// The call has to wait longer than a worker should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Later {
    /// When to ask again.
    pub at: Timestamp,
}

/// The turnstile in front of vendors.
#[async_trait]
pub trait Gate: Send + Sync {
    /// Returns when the call may be made and is counted; waits for a few seconds at most.
    ///
    /// # Errors
    /// [`Later`] when the turn comes only after that; nothing was counted.
    async fn enter(&self, pass: Pass) -> Result<(), Later>;

    /// Takes the vendor's word: `scope` refuses calls until `until`.
    async fn refused(&self, scope: &str, until: Timestamp);
}
