//! The log of messages: what became of each, and what may still be done about it.

use std::time::Duration;

use kopru_domain::message::{MessageStatus, Trouble};
use kopru_ports::delivery::Urgency;
use kopru_ports::outbox::{BatchAccepted, Message, MessageQuery, NewBatch};
use uuid::Uuid;

use crate::callers::Caller;
use crate::error::{EngineError, Problem};
use crate::{Engine, work};

/// How often somebody who waits for outcomes is told of them.
const GLANCE: Duration = Duration::from_millis(50);
/// Outcomes are waited for with so many recipients at the most.
const MOST_WAITED_FOR: u32 = 100;
const MOST: u32 = 10_000;

/// A request's messages.
#[derive(Debug, Clone)]
pub struct SentBatch {
    /// The request's id.
    pub id: Uuid,
    /// Its messages, in the order of the recipients.
    pub messages: Vec<Message>,
}

impl Engine {
    /// A request's messages as they are now, whoever sent them.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] where the company has no such request.
    pub(crate) async fn sent_batch(&self, caller: &Caller, id: Uuid) -> Result<SentBatch, EngineError> {
        let query = MessageQuery { batch: Some(id), limit: MOST, ..MessageQuery::default() };
        let mut messages = self.ports.outbox.messages(&caller.company, query).await?;
        messages.reverse();
        if messages.is_empty() { Err(EngineError::NotFound("messages")) } else { Ok(SentBatch { id, messages }) }
    }

    /// The request's messages once the vendor has taken or refused each of them, or as they are after `patience`.
    pub async fn outcome(
        &self,
        caller: &Caller,
        mut sent: SentBatch,
        patience: Duration,
    ) -> Result<SentBatch, EngineError> {
        let until = self.ports.clock.now() + patience;
        while sent.messages.len() <= MOST_WAITED_FOR as usize
            && sent.messages.iter().any(is_waiting)
            && self.ports.clock.now() < until
        {
            self.ports.clock.sleep_until((self.ports.clock.now() + GLANCE).min(until)).await;
            sent = self.sent_batch(caller, sent.id).await?;
        }
        Ok(sent)
    }

    /// Messages that the caller reaches, newest first.
    pub async fn messages(&self, caller: &Caller, mut query: MessageQuery) -> Result<Vec<Message>, EngineError> {
        query.user = caller.confined_to().cloned().or(query.user);
        Ok(self.ports.outbox.messages(&caller.company, query).await?)
    }

    /// One of them.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], also for a colleague's.
    pub async fn message_of(&self, caller: &Caller, id: Uuid) -> Result<Message, EngineError> {
        let found = self.ports.outbox.message(&caller.company, id).await?;
        found.filter(|message| caller.reaches(message.user.as_ref())).ok_or(EngineError::NotFound("message"))
    }

    /// Takes back a message that waits here.
    ///
    /// # Errors
    /// [`Problem::TooLate`] where it is on its way or settled.
    pub async fn cancel_message(&self, caller: &Caller, id: Uuid) -> Result<Message, EngineError> {
        self.message_of(caller, id).await?;
        let cancelled = self.ports.outbox.cancel(&caller.company, id, self.ports.clock.now()).await?;
        let message = cancelled.ok_or(EngineError::NotFound("message"))?;
        if message.status == MessageStatus::Canceled { Ok(message) } else { Err(Problem::TooLate.refused()) }
    }

    /// Sends a message once more that was not sent or not delivered, as a new one: whoever asks for it knows that
    /// one of an unknown outcome may have arrived. Asked twice, it goes once, unless that one came to nothing too.
    ///
    /// # Errors
    /// [`Problem::NotToRepeat`] for one that is on its way, has arrived or can never go; [`Problem::InDoubt`] while it is
    /// looked up at the vendor.
    pub async fn resend_message(&self, caller: &Caller, id: Uuid) -> Result<Message, EngineError> {
        let mut earlier = self.message_of(caller, id).await?;
        loop {
            if !is_to_repeat(&earlier) {
                return Err(Problem::NotToRepeat.refused());
            }
            if self.ports.outbox.is_in_doubt(&caller.company, earlier.id).await? {
                return Err(Problem::InDoubt.refused());
            }
            let (batch, message) = self.again(caller, earlier).await?;
            match self.ports.outbox.accept(batch).await? {
                BatchAccepted::Stored => {
                    self.waker.wake();
                    return Ok(message);
                }
                BatchAccepted::KeyTaken => return Err(EngineError::KeyTaken),
                BatchAccepted::Known(known) => {
                    let known = self.sent_batch(caller, known).await?.messages.pop();
                    let known = known.ok_or(EngineError::NotFound("message"))?;
                    if !is_to_repeat(&known) {
                        return Ok(known);
                    }
                    earlier = known;
                }
            }
        }
    }

    /// The same message as a request of its own, whose key no caller can give.
    async fn again(&self, caller: &Caller, earlier: Message) -> Result<(NewBatch, Message), EngineError> {
        let lane = self.lane_of(&caller.company, earlier.channel).await?;
        let (key, now) = (format!("\u{21bb} {}", earlier.id), self.ports.clock.now());
        let message = Message {
            id: self.ports.ids.next(),
            batch: self.ports.ids.next(),
            lane,
            send_at: None,
            user: caller.user.clone(),
            status: MessageStatus::Queued,
            hold: None,
            trouble: None,
            code: None,
            provider_id: None,
            tries: Vec::new(),
            created: now,
            updated: now,
            ..earlier
        };
        let batch = NewBatch {
            id: message.batch,
            company: caller.company.clone(),
            key: Some(key),
            fingerprint: String::new(),
            created: now,
            work: vec![work::message(&caller.company, &message, Urgency::Interactive)],
            messages: vec![message.clone()],
        };
        Ok((batch, message))
    }
}

/// Whether it came to nothing, and may come to something: a text that could not be made is not there to be sent.
fn is_to_repeat(message: &Message) -> bool {
    let was_never_whole = matches!(
        message.trouble,
        Some(Trouble::TemplateVariables | Trouble::ContentEmpty | Trouble::ContentTooLong | Trouble::BadNumber(_))
    );
    message.to.is_some()
        && !(was_never_whole && message.provider_id.is_none())
        && matches!(
            message.status,
            MessageStatus::Failed | MessageStatus::Undelivered | MessageStatus::Unknown | MessageStatus::Canceled
        )
}

/// Neither taken nor refused by the vendor yet, nor held for later.
fn is_waiting(message: &Message) -> bool {
    message.status == MessageStatus::Queued && message.provider_id.is_none() && message.hold.is_none()
}
