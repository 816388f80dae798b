//! Messages to people's phones: SMS and WhatsApp.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::message::{Channel, MessageStatus, PhoneNumber, Trouble};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::delivery::Urgency;
use crate::error::{PortError, Retry};

/// Why a message was not taken; the kind says what the person has to do.
pub type SendError = PortError<Trouble>;

impl SendError {
    /// The same for a call that sends nothing, or nothing now: whatever became of it, it may be made again, and leaves
    /// no message in doubt.
    #[must_use]
    pub fn sent_nothing(mut self) -> Self {
        if self.retry == Retry::OutcomeUnknown {
            self.kind = Trouble::ProviderDown;
        }
        self.without_effect()
    }
}

/// By what account and sender a company's messages go.
#[derive(Debug, Clone, PartialEq)]
pub struct Sender {
    /// The account at the vendor.
    pub account: String,
    /// The number or the service, as the vendor knows it.
    pub name: String,
    /// How many messages it takes in a second.
    pub per_second: f64,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// Text as it is.
    Text(String),
    /// A template that the vendor keeps and has had approved.
    Template {
        /// The vendor's id of it.
        id: String,
        /// Its variables.
        variables: BTreeMap<String, String>,
    },
}

/// A message to be sent.
#[derive(Debug, Clone)]
pub struct SendRequest {
    /// Whose.
    pub company: CompanyId,
    /// By SMS or WhatsApp.
    pub channel: Channel,
    /// To whom.
    pub to: PhoneNumber,
    /// What.
    pub content: Content,
    /// Pictures and files by their addresses; ten at the most.
    pub media: Vec<Url>,
    /// Our id of it. The vendor has no idempotency keys: reports come back with it, which proves that the message
    /// was taken.
    pub id: Uuid,
    /// Where the vendor reports to, without the id; nowhere where the service cannot be reached from outside.
    pub callback: Option<Url>,
    /// When the vendor is to send it; at once where it is not given.
    pub send_at: Option<Timestamp>,
    /// Whether a person waits.
    pub urgency: Urgency,
}

/// What the vendor says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The vendor's id of it.
    pub provider_id: String,
    /// Where it stands.
    pub status: MessageStatus,
    /// Why it failed, where it did.
    pub trouble: Option<Trouble>,
    /// The vendor's own code of that, for people.
    pub code: Option<String>,
}

/// A message whose outcome is not known, as the vendor would have it.
#[derive(Debug, Clone)]
pub struct Search {
    /// Whose.
    pub company: CompanyId,
    /// By SMS or WhatsApp.
    pub channel: Channel,
    /// To whom.
    pub to: PhoneNumber,
    /// What it says.
    pub content: Content,
    /// From when on it may have been taken.
    pub since: Timestamp,
}

/// Sends messages.
#[async_trait]
pub trait MessageSender: Send + Sync {
    /// By what account and sender the company's messages go.
    ///
    /// # Errors
    /// [`Trouble::NotConfigured`] without usable settings. Repeatable.
    async fn sender(&self, company: &CompanyId, channel: Channel) -> Result<Sender, SendError>;

    /// Sends a message. Not repeatable: where no answer came, it may have been taken
    /// ([`crate::Retry::OutcomeUnknown`]); look it up.
    async fn send(&self, request: SendRequest) -> Result<Report, SendError>;

    /// The messages that fit, newest first: more than one where the same text was sent more than once. None for a template:
    /// what it became nobody knows. Repeatable.
    async fn search(&self, search: &Search) -> Result<Vec<Report>, SendError>;

    /// Where a message stands; `None` where the vendor knows none of that id. Repeatable.
    async fn report(&self, company: &CompanyId, provider_id: &str) -> Result<Option<Report>, SendError>;

    /// Takes back what the vendor was to send later; false where it is too late. Repeatable.
    async fn cancel(&self, company: &CompanyId, provider_id: &str) -> Result<bool, SendError>;
}
