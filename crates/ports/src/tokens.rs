//! People's tokens for other services.

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{CompanyId, UserId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::error::{PortError, StoreError};

/// A service that a person connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Service {
    /// Google Sheets and the list of spreadsheets.
    GoogleSheets,
    /// The person's own Google Calendar.
    GoogleCalendar,
    /// A Bitrix24 portal, through an app.
    Bitrix24,
    /// The Gmail account that a company's e-mails go by.
    Gmail,
    /// The Microsoft account that a company's e-mails go by.
    Outlook,
}

impl Service {
    /// The service's stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GoogleSheets => "google-sheets",
            Self::GoogleCalendar => "google-calendar",
            Self::Bitrix24 => "bitrix24",
            Self::Gmail => "gmail",
            Self::Outlook => "outlook",
        }
    }

    /// Whether an account of it is one person's own; otherwise any of a company's people may give the consent.
    #[must_use]
    pub fn is_personal(self) -> bool {
        match self {
            Self::GoogleSheets | Self::GoogleCalendar => true,
            Self::Bitrix24 | Self::Gmail | Self::Outlook => false,
        }
    }
}

/// Whose connection to what.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TokenKey {
    /// The tenant.
    pub company: CompanyId,
    /// The person.
    pub user: UserId,
    /// The service.
    pub service: Service,
}

impl TokenKey {
    /// What a company connects as a whole, whoever of its people gave the consent.
    #[must_use]
    pub fn of_company(company: &CompanyId, service: Service) -> Self {
        Self { company: company.clone(), user: UserId::from(company), service }
    }
}

/// How a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConnectionStatus {
    /// Never used.
    Inactive,
    /// In use.
    Active,
    /// The last call failed.
    Error,
    /// The person has to connect again.
    ReconnectRequired,
}

impl ConnectionStatus {
    /// Whether the last use came to nothing.
    #[must_use]
    pub fn is_trouble(self) -> bool {
        matches!(self, Self::Error | Self::ReconnectRequired)
    }
}

/// A connection with its tokens. Dates are moments; `version` grows with every save.
#[derive(Debug, Clone)]
pub struct StoredToken {
    /// Grows with every save; 0 for one not saved yet.
    pub version: i64,
    /// The access token.
    pub access: SecretString,
    /// The refresh token, where the service gave one.
    pub refresh: Option<SecretString>,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// What the person granted.
    pub scopes: Vec<String>,
    /// The account's stable id at the service.
    pub account_id: String,
    /// The account's e-mail address.
    pub account_email: String,
    /// How the connection is.
    pub status: ConnectionStatus,
    /// What went wrong last, readable and free of secrets.
    pub last_error: Option<String>,
}

/// Whether a save took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// Stored; the new version.
    At(i64),
    /// Somebody saved another version first: read again.
    Conflict,
}

/// Keeps people's tokens. Implementations store what they are given; sealing is a decorator's work.
#[async_trait]
pub trait TokenStore: Send + Sync {
    /// The connection, if there is one.
    async fn load(&self, key: &TokenKey) -> Result<Option<StoredToken>, StoreError>;

    /// Stores `token` if the stored version is `token.version` (0: there is none or it is replaced by a
    /// new consent). Ends a refresh that was begun. Repeating it gives [`Saved::Conflict`].
    async fn save(&self, key: &TokenKey, token: StoredToken) -> Result<Saved, StoreError>;

    /// Lets one caller refresh `version` until the moment `until`; false while another does, or when the
    /// version is not the stored one.
    async fn begin_refresh(
        &self,
        key: &TokenKey,
        version: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Records how the connection is, without touching tokens or version.
    async fn set_status(
        &self,
        key: &TokenKey,
        status: ConnectionStatus,
        error: Option<String>,
    ) -> Result<(), StoreError>;

    /// Forgets the connection. Repeatable.
    async fn delete(&self, key: &TokenKey) -> Result<(), StoreError>;

    /// How many connections of any service the account at the vendor has left, of all people of all
    /// companies: a vendor's revocation may end them all.
    async fn count_for_account(&self, account_id: &str) -> Result<u32, StoreError>;
}

/// Why there is no access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenErrorKind {
    /// The person never connected, or disconnected.
    NotConnected,
    /// The person has to connect again.
    ReconnectRequired,
    /// The vendor or our store does not answer.
    Unavailable,
    /// The vendor does not accept our own client.
    Misconfigured,
}

/// What opens an account for a while.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The token.
    pub secret: SecretString,
    /// The account's stable id at the service: what its limits are counted by.
    pub account: String,
}

/// Gives valid access tokens, refreshed in time by one caller at a time.
#[async_trait]
pub trait AccessTokens: Send + Sync {
    /// A token that is valid for some minutes at least, the same one until it ends. Repeatable: a vendor that is
    /// away ends no connection.
    async fn access_token(&self, key: &TokenKey) -> Result<AccessToken, PortError<TokenErrorKind>>;

    /// The vendor refused `token` before its time: the next one is fetched anew. Of any token but the present one
    /// it changes nothing. Repeatable.
    async fn refused(&self, key: &TokenKey, token: &SecretString) -> Result<(), PortError<TokenErrorKind>>;

    /// The vendor refused `token` too, which was fetched anew a moment ago: the person has to connect again. Of any
    /// token but the present one it changes nothing. Repeatable.
    async fn refused_again(&self, key: &TokenKey, token: &SecretString) -> Result<(), PortError<TokenErrorKind>>;
}
