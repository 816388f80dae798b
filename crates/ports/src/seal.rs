//! Sealing of secrets before they are stored.

use async_trait::async_trait;
use kopru_domain::CompanyId;
use secrecy::SecretString;

use crate::error::PortError;

/// What a sealed text belongs to: it opens for nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealContext {
    /// The tenant.
    pub company: CompanyId,
    /// The person or thing of the tenant that owns it; empty for the company itself.
    pub owner: String,
    /// What it is for, such as `google-sheets.refresh`.
    pub purpose: String,
}

/// Why a text cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealErrorKind {
    /// The key that sealed it is not at hand.
    UnknownKey,
    /// Not sealed by us, for something else, or damaged.
    Broken,
}

/// Seals and opens.
#[async_trait]
pub trait Sealer: Send + Sync {
    /// Seals `secret` into printable ASCII text, another one each time: nobody can tell by it that two secrets are
    /// the same.
    async fn seal(&self, context: &SealContext, secret: &SecretString) -> Result<String, PortError<SealErrorKind>>;
    /// Opens what [`Sealer::seal`] made for the same context, unchanged.
    ///
    /// # Errors
    /// [`SealErrorKind::UnknownKey`] where another key would open it; [`SealErrorKind::Broken`] for anything else.
    async fn open(&self, context: &SealContext, sealed: &str) -> Result<SecretString, PortError<SealErrorKind>>;
}
