//! What vendors tell us by themselves.

use jiff::Timestamp;
use kopru_domain::message::{Address, Channel, OptWord, PhoneNumber};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use crate::error::PortError;
use crate::integrations::IntegrationKind;
use crate::messages::Report;

/// A vendor's request, as it came.
#[derive(Debug, Clone)]
pub struct InboundRequest {
    /// Under which public address of ours it came, with its query: vendors sign it.
    pub url: Url,
    /// Its headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// When.
    pub received: Timestamp,
}

/// A person's message to a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundMessage {
    /// The vendor's id of it: the only thing by which repetitions are known.
    pub provider_id: String,
    /// By SMS or WhatsApp.
    pub channel: Channel,
    /// From whom.
    pub from: PhoneNumber,
    /// What it says.
    pub text: String,
    /// Whether it ends or takes up messages, where the vendor decided that itself.
    pub word: Option<OptWord>,
}

/// What was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inbound {
    /// Where a message of ours stands.
    Report {
        /// Our id of it, where the vendor gave it back.
        id: Option<Uuid>,
        /// Whom it is about, where the vendor says: an e-mail goes to others too, who may have it or not.
        recipients: Vec<Address>,
        /// What is said of it.
        report: Report,
    },
    /// A person wrote.
    Message(InboundMessage),
    /// Something that concerns us not.
    Nothing,
}

/// Why a request is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InboundErrorKind {
    /// The signature is wrong or missing, or it is about another account.
    NotAuthentic,
    /// It is signed, but cannot be read.
    Unreadable,
}

/// Reads one vendor's requests. Pure.
pub trait InboundWebhook: Send + Sync {
    /// Whose requests.
    fn vendor(&self) -> IntegrationKind;

    /// What the request tells, if it is the vendor's own by the company's `settings`.
    ///
    /// # Errors
    /// [`InboundErrorKind`]; never to be repeated.
    fn read(&self, settings: &SecretString, request: &InboundRequest) -> Result<Inbound, PortError<InboundErrorKind>>;
}
