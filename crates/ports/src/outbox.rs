//! Messages on their way: what was wished for, what became of it, and what people said to it.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use kopru_domain::email::{Email, Try};
use kopru_domain::message::{Address, Channel, Hold, MessageStatus, OptOutCause, OptWord, Trouble};
use kopru_domain::{CompanyId, UserId};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::delivery::NewWork;
use crate::error::StoreError;
use crate::inbound::InboundMessage;
use crate::messages::{Content, Report};

/// What a message says, by its channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// An e-mail.
    #[serde(rename = "email")]
    Email(Box<Email>),
    /// What goes to a telephone.
    #[serde(untagged)]
    Phone(Content),
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id; ids grow with time, and within a batch in the order of its recipients.
    pub id: Uuid,
    /// The request that it came with.
    pub batch: Uuid,
    /// On which lane it waits.
    pub lane: String,
    /// How it goes.
    pub channel: Channel,
    /// To whom, as the caller wrote it.
    pub given: String,
    /// To whom; `None` for what is no address of the channel, which is settled from the start.
    pub to: Option<Address>,
    /// What.
    pub content: Body,
    /// Pictures and files by their addresses; an e-mail has its own.
    pub media: Vec<Url>,
    /// How many parts the vendor bills; none of an e-mail.
    pub segments: u32,
    /// Whether it goes in quiet hours too.
    pub urgent: bool,
    /// Not before.
    pub send_at: Option<Timestamp>,
    /// Who sent it.
    pub user: Option<UserId>,
    /// Where it stands.
    pub status: MessageStatus,
    /// Why it waits, where it does.
    pub hold: Option<Hold>,
    /// Why it was not sent or not delivered.
    pub trouble: Option<Trouble>,
    /// The vendor's own code of that, for people.
    pub code: Option<String>,
    /// The vendor's id of it, once it was taken.
    pub provider_id: Option<String>,
    /// What became of an e-mail on each road, the last one last.
    pub tries: Vec<Try>,
    /// When it was accepted here.
    pub created: Timestamp,
    /// When its status changed last.
    pub updated: Timestamp,
}

/// A request's messages.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// The request's id.
    pub id: Uuid,
    /// Whose.
    pub company: CompanyId,
    /// By what the caller knows it: a repetition with the same key is the same request.
    pub key: Option<String>,
    /// What tells another request with the same key from a repetition.
    pub fingerprint: String,
    /// When.
    pub created: Timestamp,
    /// Its messages.
    pub messages: Vec<Message>,
    /// What has to be done for them.
    pub work: Vec<NewWork>,
}

/// Whether a request was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchAccepted {
    /// Stored, and its work made due.
    Stored,
    /// The same request was accepted before, under this id; nothing changed.
    Known(Uuid),
    /// Another request has the key; nothing changed.
    KeyTaken,
}

/// Which messages to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageQuery {
    /// Of one request.
    pub batch: Option<Uuid>,
    /// Of one channel.
    pub channel: Option<Channel>,
    /// In one state.
    pub status: Option<MessageStatus>,
    /// To one address.
    pub to: Option<Address>,
    /// Sent by one person.
    pub user: Option<UserId>,
    /// Older than this one.
    pub before: Option<Uuid>,
    /// So many at the most.
    pub limit: u32,
}

/// What is known of an address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Contact {
    /// Since when it gets no messages, and why.
    pub opted_out: Option<(Timestamp, OptOutCause)>,
    /// When its owner wrote last.
    pub last_inbound: Option<Timestamp>,
}

/// A message about to go, with what is known of its recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The message.
    pub message: Message,
    /// To whom.
    pub to: Address,
    /// What is known of the address.
    pub contact: Contact,
}

/// How much a company lets go in a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Caps {
    /// Messages.
    pub messages: Option<u32>,
    /// Parts that the vendor bills.
    pub segments: Option<u32>,
}

/// What a company has let go in a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Messages.
    pub messages: u32,
    /// Parts that the vendor bills.
    pub segments: u32,
}

/// A message's step: what it changes [`Message::step`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageChange {
    /// The message.
    pub id: Uuid,
    /// Where it stands.
    pub status: MessageStatus,
    /// Why it waits.
    pub hold: Option<Hold>,
    /// Why it was not sent or not delivered.
    pub trouble: Option<Trouble>,
    /// The vendor's own code of that.
    pub code: Option<String>,
    /// The vendor's id of it; one that is known stays.
    pub provider_id: Option<String>,
    /// What became of an e-mail on a road.
    pub tried: Option<Try>,
}

impl MessageChange {
    /// A step to `status` and nothing else.
    #[must_use]
    pub fn to(id: Uuid, status: MessageStatus) -> Self {
        Self { id, status, hold: None, trouble: None, code: None, provider_id: None, tried: None }
    }
}

/// What somebody at the vendor's side told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Where a message stands: by our id of it, or else by the vendor's.
    Report {
        /// Our id.
        id: Option<Uuid>,
        /// What is said.
        report: Report,
    },
    /// A person wrote, and by that word ended or took up messages.
    Message(InboundMessage, Option<OptWord>),
}

/// An address that gets no messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptOut {
    /// By which channel.
    pub channel: Channel,
    /// The address.
    pub address: Address,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub cause: OptOutCause,
}

/// Keeps messages. They change by [`crate::delivery::DeliveryStore::settle`] too.
#[async_trait]
pub trait OutboxStore: Send + Sync {
    /// Stores a request's messages and makes their work due, all or nothing. Repeatable with a key.
    async fn accept(&self, batch: NewBatch) -> Result<BatchAccepted, StoreError>;

    /// What [`Self::accept`] says of a request that has the key; `None` where no request has it.
    async fn known(
        &self,
        company: &CompanyId,
        key: &str,
        fingerprint: &str,
    ) -> Result<Option<BatchAccepted>, StoreError>;

    /// Messages, newest first.
    async fn messages(&self, company: &CompanyId, query: MessageQuery) -> Result<Vec<Message>, StoreError>;

    /// One message.
    async fn message(&self, company: &CompanyId, id: Uuid) -> Result<Option<Message>, StoreError>;

    /// The messages about to go with their recipients, in the order of their ids; those that are gone or have no
    /// address are left out.
    async fn outgoing(&self, company: &CompanyId, ids: &[Uuid]) -> Result<Vec<Outgoing>, StoreError>;

    /// Counts messages against the day's caps, in the given order, as far as they go; which of them may go. One that
    /// was counted already, on whichever day, may go and is not counted again.
    async fn count(&self, company: &CompanyId, day: Date, caps: Caps, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError>;

    /// Records what was told: any order, repeated, of messages that are not the company's: right every time. The
    /// message it was about, as it is now.
    async fn told(&self, company: &CompanyId, told: Told, now: Timestamp) -> Result<Option<Message>, StoreError>;

    /// Cancels a message that is neither settled nor on the wire (no attempt of it is open on its lane) nor at the
    /// vendor; the message as it is now, `None` where there is none.
    async fn cancel(&self, company: &CompanyId, id: Uuid, now: Timestamp) -> Result<Option<Message>, StoreError>;

    /// Whether the message is on the wire, or is still looked up after its answer was lost: an attempt of it is open.
    async fn is_in_doubt(&self, company: &CompanyId, id: Uuid) -> Result<bool, StoreError>;
}

/// An address with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownAddress {
    /// On which channel.
    pub channel: Channel,
    /// The address.
    pub address: Address,
    /// What is known of it.
    #[serde(flatten)]
    pub contact: Contact,
}

/// A request to send that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptBatch {
    /// Its id, which its messages have too.
    pub id: Uuid,
    /// By what its caller knows it.
    pub key: Option<String>,
    /// When it was accepted.
    pub created: Timestamp,
}

/// A day with what a company let go on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountedDay {
    /// The day.
    pub day: Date,
    /// How much.
    #[serde(flatten)]
    pub tally: Tally,
}

/// Keeps what is known beside the messages: of addresses, and which get none; of requests; of days.
#[async_trait]
pub trait ContactStore: Send + Sync {
    /// What is known of an address; nothing where nobody wrote from it.
    async fn contact(&self, company: &CompanyId, channel: Channel, address: &Address) -> Result<Contact, StoreError>;

    /// Ends or takes up messages to an address. Repeatable; an opt-out's first moment and cause stay.
    async fn set_opt_out(&self, company: &CompanyId, out: &OptOut, is_out: bool) -> Result<(), StoreError>;

    /// What gets none, by channel and address, after the one given.
    async fn opt_outs(
        &self,
        company: &CompanyId,
        after: Option<(Channel, Address)>,
        limit: u32,
    ) -> Result<Vec<OptOut>, StoreError>;

    /// All addresses that anything is known of, by channel and address, after the one given.
    async fn contacts(
        &self,
        company: &CompanyId,
        after: Option<(Channel, Address)>,
        limit: u32,
    ) -> Result<Vec<KnownAddress>, StoreError>;

    /// The requests, by id, after the one given.
    async fn batches(&self, company: &CompanyId, after: Option<Uuid>, limit: u32)
    -> Result<Vec<KeptBatch>, StoreError>;

    /// The days on which anything was counted, after the one given.
    async fn days(&self, company: &CompanyId, after: Option<Date>, limit: u32) -> Result<Vec<CountedDay>, StoreError>;
}
