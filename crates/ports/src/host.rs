//! The host's own tokens, by which its people come without a session of ours.

use async_trait::async_trait;
use kopru_domain::{CompanyId, UserId};
use secrecy::SecretString;

use crate::error::PortError;

/// Whom a host's token names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPerson {
    /// The company.
    pub company: CompanyId,
    /// The person.
    pub user: UserId,
}

/// Why a host's token could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostErrorKind {
    /// Not signed by the host, expired, not for us, or without a person.
    Refused,
    /// The host's keys could not be had.
    Unavailable,
}

/// A host token's failure.
pub type HostError = PortError<HostErrorKind>;

/// Knows the host's tokens.
#[async_trait]
pub trait HostTokens: Send + Sync {
    /// Whom a token names that the host signed for us, while it is valid. Repeatable.
    async fn verify(&self, token: &SecretString) -> Result<HostPerson, HostError>;
}
