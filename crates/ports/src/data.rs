//! How long a company's data are kept, what is kept of whom, and its end.

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{CompanyId, ConfigId, UserId};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::sessions::Session;
use crate::sync::SheetEvent;
use crate::tokens::{ConnectionStatus, Service};

/// The lane of a company's housekeeping. An erasure runs on it, and so deletes it last.
pub const HOUSE: &str = "house";

/// For how many days a company's data are kept; `None` is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// What was written, in the history.
    pub history: Option<u16>,
    /// Events that are dealt with.
    pub events: Option<u16>,
    /// The audit log.
    pub audit: Option<u16>,
    /// Messages for which nothing is left to be done, and what was counted and told of them.
    pub messages: Option<u16>,
}

impl Default for Retention {
    fn default() -> Self {
        Self { history: Some(365), events: Some(30), audit: Some(730), messages: Some(365) }
    }
}

/// A connection without its tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// The person.
    pub user: UserId,
    /// To what.
    pub service: Service,
    /// The account's e-mail address.
    pub account_email: String,
    /// What was granted.
    pub scopes: Vec<String>,
    /// How it is.
    pub status: ConnectionStatus,
    /// What went wrong last.
    pub last_error: Option<String>,
}

/// An event of a sheet, and when it was dealt with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedEvent {
    /// The event.
    #[serde(flatten)]
    pub event: SheetEvent,
    /// `None` for one that waits.
    pub processed: Option<Timestamp>,
}

/// Keeps data for as long as they are wanted, and tells what other ports give to nobody.
#[async_trait]
pub trait DataStore: Send + Sync {
    /// How long the company's data are kept: the default until it is set.
    async fn retention(&self, company: &CompanyId) -> Result<Retention, StoreError>;

    /// Replaces it. Repeatable.
    async fn set_retention(&self, company: &CompanyId, retention: Retention) -> Result<(), StoreError>;

    /// Deletes what is not to be kept any more, and what says nothing any more: sessions and consents that have ended,
    /// lanes on which nothing waits, limits that nobody has spent from for an hour. Of each kind `limit` at the most; whether there may be more.
    async fn prune(&self, company: &CompanyId, now: Timestamp, limit: u32) -> Result<bool, StoreError>;

    /// All connections of the company's people, and the company's own, by person and service.
    async fn connections(&self, company: &CompanyId) -> Result<Vec<Connection>, StoreError>;

    /// All sessions of the company's people that are kept, by person and end.
    async fn sessions(&self, company: &CompanyId) -> Result<Vec<Session>, StoreError>;

    /// Events of a configuration, also those that are dealt with, by id, after that one.
    async fn event_log(
        &self,
        company: &CompanyId,
        config: ConfigId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<LoggedEvent>, StoreError>;

    /// Deletes all that is kept of the company, or of `person` alone, but for what belongs to numbers and not to who
    /// wrote to them. Of each kind `limit` at the most; whether there may be more. Repeatable, from wherever another call
    /// broke off. The company itself goes last, in one step with its lane [`HOUSE`]: whoever holds a lane of it, or
    /// refers to it, records nothing afterwards.
    async fn erase(
        &self,
        company: &CompanyId,
        person: Option<&UserId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<bool, StoreError>;
}
