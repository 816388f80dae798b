//! Sealing of secrets before they are stored.

use async_trait::async_trait;
use kopru_domain::{CompanyId, ConfigId};
use secrecy::SecretString;

use crate::error::{PortError, StoreError};
use crate::integrations::IntegrationKind;
use crate::tokens::TokenKey;

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

/// The part of a consent under way that proves who began it (PKCE).
pub const VERIFIER: &str = "verifier";
/// The one for which its vendor gives tokens.
pub const CODE: &str = "code";

impl SealContext {
    /// A part of a consent under way.
    #[must_use]
    pub fn of_consent(key: &TokenKey, part: &str) -> Self {
        Self { company: key.company.clone(), owner: key.user.to_string(), purpose: format!("oauth.{part}") }
    }
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
    /// Whether [`Sealer::seal`] would use the key by which this was sealed. Pure.
    fn is_current(&self, sealed: &str) -> bool;
}

/// Where a sealed text is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SealedPlace {
    /// A connection's access token.
    Access(TokenKey),
    /// Its refresh token.
    Refresh(TokenKey),
    /// A company's settings for a vendor.
    Settings(CompanyId, IntegrationKind),
    /// The secret that a configuration's script signs with.
    WebhookSecret(CompanyId, ConfigId),
    /// The verifier of a consent under way, which is known by that hash.
    Verifier(TokenKey, String),
    /// Its code, once it has one.
    Code(TokenKey, String),
    /// The text by which the keys of a database are known again.
    Probe,
}

impl SealedPlace {
    /// What a text in this place is bound to.
    #[must_use]
    pub fn context(&self) -> SealContext {
        let of_person = |key: &TokenKey, part: &str| SealContext {
            company: key.company.clone(),
            owner: key.user.to_string(),
            purpose: format!("{}.{part}", key.service.name()),
        };
        match self {
            Self::Access(key) => of_person(key, "access"),
            Self::Refresh(key) => of_person(key, "refresh"),
            Self::Settings(company, kind) => SealContext {
                company: company.clone(),
                owner: String::new(),
                purpose: format!("{}.settings", kind.name()),
            },
            Self::WebhookSecret(company, id) => {
                SealContext { company: company.clone(), owner: id.to_string(), purpose: "webhook.secret".to_owned() }
            }
            Self::Verifier(key, _) => SealContext::of_consent(key, VERIFIER),
            Self::Code(key, _) => SealContext::of_consent(key, CODE),
            Self::Probe => SealContext {
                company: CompanyId::of_the_service(),
                owner: String::new(),
                purpose: "vault.probe".to_owned(),
            },
        }
    }
}

/// The sealed texts of a database as they are kept, for sealing them anew under another key.
#[async_trait]
pub trait SealedTexts: Send + Sync {
    /// All of a company's.
    async fn sealed(&self, company: &CompanyId) -> Result<Vec<(SealedPlace, String)>, StoreError>;
    /// Replaces `old` by `new`; false, and nothing changes, where something else stands there by now.
    async fn reseal(&self, place: &SealedPlace, old: &str, new: &str) -> Result<bool, StoreError>;
    /// Keeps a text by which the vault's keys are known again; the one that was kept first.
    async fn vault_probe(&self, sealed: &str) -> Result<String, StoreError>;
}
