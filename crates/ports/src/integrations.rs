//! A company's own settings for a vendor, and how the vendor is doing.

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::email::Road;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::tokens::ConnectionStatus;

/// A vendor that a company as a whole uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum IntegrationKind {
    /// The company's Bitrix24 portal.
    Bitrix24,
    /// Its Twilio account.
    Twilio,
    /// Its Resend account.
    Resend,
    /// The Gmail account that its e-mails go by.
    Gmail,
    /// The Microsoft account that its e-mails go by.
    Outlook,
    /// Its mail server.
    Smtp,
}

impl From<Road> for IntegrationKind {
    fn from(road: Road) -> Self {
        match road {
            Road::Resend => Self::Resend,
            Road::Gmail => Self::Gmail,
            Road::Outlook => Self::Outlook,
            Road::Smtp => Self::Smtp,
        }
    }
}

impl IntegrationKind {
    /// The vendor's stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bitrix24 => "bitrix24",
            Self::Twilio => "twilio",
            Self::Resend => "resend",
            Self::Gmail => "gmail",
            Self::Outlook => "outlook",
            Self::Smtp => "smtp",
        }
    }
}

/// A company's settings for one vendor.
#[derive(Debug, Clone)]
pub struct Integration {
    /// The vendor's settings as JSON, in the shape of its adapter's configuration.
    pub settings: SecretString,
    /// Grows with every change.
    pub version: i64,
    /// How it is.
    pub status: ConnectionStatus,
    /// What went wrong last, readable and free of secrets.
    pub last_error: Option<String>,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// Since when it has had trouble, where it has.
    pub ailing_since: Option<Timestamp>,
}

impl Integration {
    /// Settings that nothing was done with yet.
    #[must_use]
    pub fn unused(settings: SecretString, version: i64) -> Self {
        let status = ConnectionStatus::Inactive;
        Self { settings, version, status, last_error: None, last_used: None, ailing_since: None }
    }

    /// How it is after a use at `now`, the same in every store.
    pub fn used(&mut self, status: ConnectionStatus, error: Option<String>, now: Timestamp) {
        self.ailing_since = status.is_trouble().then(|| self.ailing_since.unwrap_or(now));
        (self.status, self.last_error, self.last_used) = (status, error, Some(now));
    }
}

/// Keeps companies' settings. Sealing is a decorator's work.
#[async_trait]
pub trait IntegrationStore: Send + Sync {
    /// The settings, if there are any.
    async fn get(&self, company: &CompanyId, kind: IntegrationKind) -> Result<Option<Integration>, StoreError>;
    /// Replaces the settings; the status becomes inactive until the first use.
    async fn put(&self, company: &CompanyId, kind: IntegrationKind, settings: SecretString) -> Result<(), StoreError>;
    /// Records the outcome of a use.
    async fn set_status(
        &self,
        company: &CompanyId,
        kind: IntegrationKind,
        status: ConnectionStatus,
        error: Option<String>,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// Forgets the settings. Repeatable.
    async fn delete(&self, company: &CompanyId, kind: IntegrationKind) -> Result<(), StoreError>;
}
