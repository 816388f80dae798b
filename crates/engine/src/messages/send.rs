//! Taking messages: read, checked, stored with their work in one step.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use kopru_domain::message::{
    Address, Channel, MessageStatus, Policy, Segments, Template, TemplateFault, Trouble, window,
};
use kopru_ports::delivery::Urgency;
use kopru_ports::messages::{Content, Sender};
use kopru_ports::outbox::{BatchAccepted, Body, Message, NewBatch};
use sha2::{Digest as _, Sha256};
use url::Url;
use uuid::Uuid;

use super::log::SentBatch;
use crate::callers::Caller;
use crate::error::{EngineError, Problem};
use crate::{Engine, work};

/// So many recipients a request may have.
pub(super) const MOST_RECIPIENTS: usize = 10_000;
/// Twilio takes no longer texts; the shortest of all vendors' limits.
const LONGEST: usize = 1600;
const MOST_MEDIA: usize = 10;
/// A message may be planned for so long ahead.
pub(super) const FARTHEST: Duration = Duration::from_hours(365 * 24);
/// An idempotency key is no longer.
const LONGEST_KEY: usize = 255;

/// Somebody to write to.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// A number or an e-mail address, as people write it.
    pub to: String,
    /// What the text's variables are for this one; they go before those of all.
    pub variables: BTreeMap<String, String>,
}

/// What is to be said.
#[derive(Debug, Clone)]
pub enum Says {
    /// A text, in which `{{name}}` stands for a variable.
    Text(String),
    /// The company's own template of that name.
    Template(String),
    /// A template that the vendor keeps.
    Approved(String),
}

/// Messages to be sent.
#[derive(Debug, Clone)]
pub struct SendWish {
    /// By SMS or WhatsApp.
    pub channel: Channel,
    /// To whom: one or many.
    pub recipients: Vec<Recipient>,
    /// Whether it was asked for as many: then each recipient has a result of its own, and none refuses the request.
    pub many: bool,
    /// What.
    pub says: Says,
    /// Variables of all recipients.
    pub variables: BTreeMap<String, String>,
    /// Pictures and files.
    pub media: Vec<Url>,
    /// Whether it goes in quiet hours too.
    pub urgent: bool,
    /// Not before.
    pub send_at: Option<Timestamp>,
    /// By what the caller knows the request.
    pub key: Option<String>,
    /// What tells another request with the same key from a repetition.
    pub fingerprint: String,
}

/// A request whose messages are to be stored.
pub(super) struct NewRequest {
    pub id: Uuid,
    pub key: Option<String>,
    pub fingerprint: String,
    pub many: bool,
}

/// What all messages of a request have in common.
struct Common {
    batch: Uuid,
    sender: Sender,
    policy: Policy,
    text: Option<Template>,
    now: Timestamp,
}

impl Engine {
    /// Takes messages: stored, with each recipient's own result, before this returns. Repeatable with a key.
    ///
    /// # Errors
    /// [`EngineError::Message`] without a usable account, and for a single message that cannot go;
    /// [`EngineError::KeyTaken`] where another request has the key.
    pub async fn send_messages(&self, caller: &Caller, wish: SendWish) -> Result<SentBatch, EngineError> {
        check(&wish, self.ports.clock.now())?;
        if let Some(known) = self.known_request(caller, wish.key.as_deref(), &wish.fingerprint).await? {
            return Ok(known);
        }
        let common = self.common(caller, &wish).await?;
        if let ([single], Some(text), false) = (wish.recipients.as_slice(), &common.text, wish.many) {
            text.fill(&single.variables(&wish.variables)).map_err(in_message)?;
        }
        let messages: Vec<Message> =
            wish.recipients.iter().map(|recipient| self.message(caller, &wish, &common, recipient)).collect();
        if let [single] = messages.as_slice()
            && !wish.many
        {
            self.check_single(caller, single, common.now).await?;
        }
        let request = NewRequest { id: common.batch, key: wish.key, fingerprint: wish.fingerprint, many: wish.many };
        self.accept(caller, request, messages).await
    }

    /// Stores a request's messages with their work.
    pub(super) async fn accept(
        &self,
        caller: &Caller,
        request: NewRequest,
        messages: Vec<Message>,
    ) -> Result<SentBatch, EngineError> {
        let NewRequest { id, key, fingerprint, many } = request;
        let urgency = if many { Urgency::Bulk } else { Urgency::Interactive };
        let waiting = messages.iter().filter(|message| !message.status.is_final());
        let work = waiting.map(|message| work::message(&caller.company, message, urgency)).collect();
        let (company, created) = (caller.company.clone(), self.ports.clock.now());
        let batch = NewBatch { id, company, key, fingerprint, created, messages: messages.clone(), work };
        match self.ports.outbox.accept(batch).await? {
            BatchAccepted::Stored => {
                self.waker.wake();
                Ok(SentBatch { id, messages })
            }
            BatchAccepted::Known(id) => self.known_batch(caller, id).await,
            BatchAccepted::KeyTaken => Err(EngineError::KeyTaken),
        }
    }

    /// A repetition is answered before anything is looked at that may have changed since: accepted is accepted.
    pub(super) async fn known_request(
        &self,
        caller: &Caller,
        key: Option<&str>,
        fingerprint: &str,
    ) -> Result<Option<SentBatch>, EngineError> {
        let Some(key) = key else { return Ok(None) };
        match self.ports.outbox.known(&caller.company, key, fingerprint).await? {
            Some(BatchAccepted::Known(id)) => Ok(Some(self.known_batch(caller, id).await?)),
            Some(BatchAccepted::KeyTaken) => Err(EngineError::KeyTaken),
            Some(BatchAccepted::Stored) | None => Ok(None),
        }
    }

    /// The same words with the same key, but of a colleague, are another request.
    async fn known_batch(&self, caller: &Caller, id: Uuid) -> Result<SentBatch, EngineError> {
        let known = self.sent_batch(caller, id).await?;
        let reached = known.messages.iter().all(|message| caller.reaches(message.user.as_ref()));
        if reached { Ok(known) } else { Err(EngineError::KeyTaken) }
    }

    async fn common(&self, caller: &Caller, wish: &SendWish) -> Result<Common, EngineError> {
        let text = match &wish.says {
            Says::Text(text) => Some(Template::parse(text).map_err(in_message)?),
            Says::Template(name) => Some(self.template(&caller.company, name).await?.template),
            Says::Approved(_) => None,
        };
        Ok(Common {
            batch: self.ports.ids.next(),
            sender: self.ports.messages.sender(&caller.company, wish.channel).await?,
            policy: self.ports.texts.policy(&caller.company).await?,
            text,
            now: self.ports.clock.now(),
        })
    }

    /// One recipient's message: on its way, or failed from the start.
    fn message(&self, caller: &Caller, wish: &SendWish, common: &Common, recipient: &Recipient) -> Message {
        let to = Address::parse(&recipient.to, Some(common.policy.region), wish.channel);
        let content = content(wish, common, recipient);
        let trouble = to.as_ref().err().or(content.as_ref().err()).copied();
        let (content, segments) = content.unwrap_or((Content::Text(String::new()), 0));
        let planned = wish.send_at.filter(|at| *at > common.now);
        let status = first_status(trouble, planned);
        Message {
            id: self.ports.ids.next(),
            batch: common.batch,
            lane: work::messages_lane(wish.channel, &common.sender),
            channel: wish.channel,
            given: recipient.to.clone(),
            to: to.ok(),
            content: Body::Phone(content),
            media: wish.media.clone(),
            segments,
            urgent: wish.urgent,
            send_at: planned,
            user: caller.user.clone(),
            status,
            hold: None,
            trouble,
            code: None,
            provider_id: None,
            tries: Vec::new(),
            created: common.now,
            updated: common.now,
        }
    }

    /// What stops a single message is told at once.
    async fn check_single(&self, caller: &Caller, message: &Message, now: Timestamp) -> Result<(), EngineError> {
        if let Some(trouble) = message.trouble {
            return Err(EngineError::Message(trouble));
        }
        let (Channel::WhatsApp, Body::Phone(Content::Text(_)), Some(to)) =
            (message.channel, &message.content, &message.to)
        else {
            return Ok(());
        };
        let contact = self.ports.contacts.contact(&caller.company, message.channel, to).await?;
        let at = message.send_at.unwrap_or(now);
        if window::is_open(contact.last_inbound, at) {
            Ok(())
        } else {
            Err(EngineError::Message(Trouble::WindowClosed))
        }
    }
}

/// Where a message begins.
pub(super) fn first_status(trouble: Option<Trouble>, planned: Option<Timestamp>) -> MessageStatus {
    match (trouble, planned) {
        (Some(_), _) => MessageStatus::Failed,
        (None, Some(_)) => MessageStatus::Scheduled,
        (None, None) => MessageStatus::Queued,
    }
}

fn in_message(fault: TemplateFault) -> EngineError {
    EngineError::Template("message", fault)
}

impl Recipient {
    /// The recipient's variables: its own before those of all.
    pub(super) fn variables(&self, of_all: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut variables = of_all.clone();
        variables.extend(self.variables.clone());
        variables
    }
}

/// What is said to one recipient, and how many parts the vendor bills.
fn content(wish: &SendWish, common: &Common, recipient: &Recipient) -> Result<(Content, u32), Trouble> {
    let variables = recipient.variables(&wish.variables);
    let Some(template) = &common.text else {
        let Says::Approved(id) = &wish.says else { return Err(Trouble::ContentEmpty) };
        return Ok((Content::Template { id: id.clone(), variables }, 1));
    };
    let text = template.fill(&variables).map_err(|_| Trouble::TemplateVariables)?;
    match text.chars().count() {
        0 if wish.media.is_empty() => Err(Trouble::ContentEmpty),
        length if length > LONGEST => Err(Trouble::ContentTooLong),
        _ => {
            let segments = if wish.channel == Channel::Sms { Segments::of(&text).count } else { 1 };
            Ok((Content::Text(text), segments))
        }
    }
}

/// What tells requests with the same idempotency key apart: a hash over what they are made of.
#[must_use]
pub fn fingerprint(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

/// Whether it is one, where one was given.
pub(super) fn is_key(key: Option<&str>) -> bool {
    key.is_none_or(|key| (1..=LONGEST_KEY).contains(&key.len()))
}

fn check(wish: &SendWish, now: Timestamp) -> Result<(), EngineError> {
    let field = match () {
        () if !(1..=MOST_RECIPIENTS).contains(&wish.recipients.len()) => "recipients",
        () if wish.media.len() > MOST_MEDIA => "media",
        () if wish.send_at.is_some_and(|at| at > now + FARTHEST) => "send_at",
        () if !is_key(wish.key.as_deref()) => "Idempotency-Key",
        () => return Ok(()),
    };
    Err(Problem::BadValue(field).refused())
}
