//! The CRM: what fields it has, and how records are written.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{CompanyId, EntityKind, FieldChange, FieldCode, FieldKind, FieldMeta};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::delivery::Urgency;
use crate::error::PortError;

/// What can go wrong with a CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CrmErrorKind {
    /// The company has no portal connected.
    NotConnected,
    /// The portal does not accept the credentials: connect again.
    Credentials,
    /// The credentials have no right to this record or kind of record.
    NotAllowed,
    /// The credentials lack a scope, or their person may not use the interface at all: nothing goes until that is
    /// granted, and then everything.
    ScopeMissing,
    /// The record, entity or field is not there.
    NotFound,
    /// The portal refuses the value.
    InvalidValue,
    /// The portal's plan or state allows nothing.
    PortalClosed,
    /// The portal's plan or modules do not have this kind of record, or not this way to it; its others go on.
    NotOffered,
    /// The portal asks for a pause.
    RateLimited,
    /// The portal does not answer, or not as agreed.
    Unavailable,
}

impl CrmErrorKind {
    /// Whether it says something of one record or one kind of record; all others are the portal's as a whole.
    #[must_use]
    pub const fn concerns_one(self) -> bool {
        matches!(self, Self::InvalidValue | Self::NotFound | Self::NotAllowed | Self::NotOffered)
    }
}

/// A CRM's failure.
pub type CrmError = PortError<CrmErrorKind>;

/// What to do with a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrmAction {
    /// Make one, marked with our own key for it so that it can be found after a crash.
    Create {
        /// The row's id.
        origin: String,
    },
    /// Change one.
    Update {
        /// The record's id.
        id: String,
    },
}

/// One record's write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrmCommand {
    /// The kind of record.
    pub entity: EntityKind,
    /// Create or update.
    pub action: CrmAction,
    /// Changed fields only.
    pub fields: BTreeMap<FieldCode, FieldChange>,
}

/// Commands for one portal, at most one for each record.
#[derive(Debug, Clone)]
pub struct WriteRequest {
    /// Whose portal.
    pub company: CompanyId,
    /// The portal that the records are of; another one is not written to.
    pub portal: String,
    /// Whether a person waits.
    pub urgency: Urgency,
    /// One to [`MOST_COMMANDS`]; a single one goes as a call of its own.
    pub commands: Vec<CrmCommand>,
    /// When to give up waiting. The adapter does not begin what it cannot end by then.
    pub deadline: Timestamp,
}

/// How many commands a [`WriteRequest`] holds at the most.
pub const MOST_COMMANDS: usize = 50;

/// What became of one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandOutcome {
    /// Written, all of its fields; the record's id.
    Done {
        /// The record's id.
        id: String,
    },
    /// Written but for fields that the portal did not keep, though it answered success.
    Partly {
        /// The record's id.
        id: String,
        /// The fields that hold something else; one at least.
        dropped: Vec<Dropped>,
    },
    /// Refused for good; the other commands are none the worse for it.
    Refused {
        /// What it means.
        kind: CrmErrorKind,
        /// The portal's words, for people.
        message: String,
        /// The field at fault, where the portal names it.
        field: Option<FieldCode>,
    },
    /// Certainly not done, for a reason that may be its own; again after the pause.
    Retry(Option<Duration>),
    /// Certainly not done, for a reason that is not its own: a limit of the portal, or no time was left to begin it.
    /// Again after the pause, however often.
    Later(Option<Duration>),
    /// Perhaps done: it was sent, and no answer says what became of it.
    Unknown,
}

/// A field that does not hold what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The field.
    pub field: FieldCode,
    /// What it holds, for people; empty where it is empty.
    pub holds: String,
}

/// The records that are searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Among {
    /// Whose portal.
    pub company: CompanyId,
    /// The portal that is meant; another one is not searched.
    pub portal: String,
    /// The kind of record.
    pub entity: EntityKind,
    /// Whether a person waits.
    pub urgency: Urgency,
}

/// A record that carries our key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundRecord {
    /// The key, as given in [`CrmAction::Create`].
    pub origin: String,
    /// The record's id; the oldest where there are several.
    pub id: String,
}

/// Phones or addresses, any of which a record may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactSearch {
    /// [`FieldKind::Phone`] or [`FieldKind::Email`].
    pub kind: FieldKind,
    /// In whatever spelling; a phone's extension does not count.
    pub values: Vec<String>,
}

/// The records that a [`ContactSearch`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContactMatches {
    /// Their ids.
    pub ids: Vec<String>,
    /// Whether there may be more.
    pub cut_off: bool,
}

/// Writes records.
#[async_trait]
pub trait CrmWriter: Send + Sync {
    /// Executes the commands: one outcome each, in order.
    ///
    /// # Errors
    /// Only when no command was begun, and for the portal as a whole: it is another one
    /// ([`CrmErrorKind::NotConnected`]), asks for a pause, takes nothing, or is not reached. What may have happened is an
    /// outcome, not an error; so is what concerns one kind of record.
    ///
    /// # Idempotency
    /// An update may be repeated, a clear too. A create may not: look for its origin first.
    async fn write(&self, request: WriteRequest) -> Result<Vec<CommandOutcome>, CrmError>;

    /// The records that carry any of the origins, as a whole: one for each origin that is there.
    /// Repeatable: a search that failed is no empty answer, and never [`crate::Retry::OutcomeUnknown`].
    async fn find_by_origin(&self, among: &Among, origins: &[String]) -> Result<Vec<FoundRecord>, CrmError>;

    /// The leads, contacts or companies that share a phone or an address: one answer for each search, in order.
    /// Repeatable.
    async fn find_by_contact(&self, among: &Among, searches: &[ContactSearch])
    -> Result<Vec<ContactMatches>, CrmError>;

    /// How many commands one [`WriteRequest`] to `portal` should have, so that they end in time: by what the
    /// last ones took, one to [`MOST_COMMANDS`]; fewer after each that was cut off. `None` while nothing is known of
    /// what it takes, and of any other portal.
    fn batch_size(&self, portal: &str) -> Option<usize>;
}

/// Describes what a portal has.
#[async_trait]
pub trait CrmCatalog: Send + Sync {
    /// The entity's fields with their choices, each field once; kept for some minutes, and longer while they cannot be
    /// read anew. Repeatable.
    async fn fields(
        &self,
        company: &CompanyId,
        entity: EntityKind,
        urgency: Urgency,
    ) -> Result<Vec<FieldMeta>, CrmError>;

    /// Forgets what is kept of the company's portal: somebody changed its fields.
    async fn forget(&self, company: &CompanyId);

    /// The stable name (the host) of the company's portal, by which limits and lanes are shared;
    /// [`CrmErrorKind::NotConnected`] where it has none.
    async fn portal(&self, company: &CompanyId) -> Result<String, CrmError>;

    /// Reaches the portal that `settings` describe, which are not stored; its stable name. Repeatable.
    ///
    /// # Errors
    /// [`CrmErrorKind::Credentials`] where the portal does not accept them. Settings that describe no portal are
    /// refused before anything is called.
    async fn reach(&self, company: &CompanyId, settings: &SecretString) -> Result<String, CrmError>;
}
