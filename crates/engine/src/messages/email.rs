//! Taking e-mails: read, checked, stored with their work in one step.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::email::{DraftParts, Email, EmailDraft, Envelope, Mailbox, PartFault, Road};
use kopru_domain::message::{Channel, OptOutCause, Trouble};
use kopru_ports::emails::EmailAccount;
use kopru_ports::messages::SendError;
use kopru_ports::outbox::{Body, Message, OptOut};
use url::Url;
use uuid::Uuid;

use super::log::SentBatch;
use super::send::{FARTHEST, MOST_RECIPIENTS, NewRequest, Recipient, first_status, is_key};
use crate::callers::Caller;
use crate::error::{EngineError, Problem};
use crate::{Engine, work};

/// The e-mails of one request have so many bytes together at the most: they are stored in one step.
const MOST_TOGETHER: usize = 64_000_000;
/// Resend takes no more (<https://resend.com/docs/api-reference/emails/send-email>).
const MOST_COPIES: usize = 50;

/// E-mails to be sent.
#[derive(Debug, Clone, Default)]
pub struct EmailWish {
    /// From whom; the account's own where it is not given.
    pub from: Option<Mailbox>,
    /// To whom, with or without a name: one or many, each with an e-mail of its own.
    pub recipients: Vec<Recipient>,
    /// Whether it was asked for as many: then each recipient has a result of its own, none refuses the request, and
    /// each can end e-mails by one click.
    pub many: bool,
    /// What.
    pub parts: DraftParts,
    /// Variables of all recipients.
    pub variables: BTreeMap<String, String>,
    /// Not before.
    pub send_at: Option<Timestamp>,
    /// By what the caller knows the request.
    pub key: Option<String>,
    /// What tells another request with the same key from a repetition.
    pub fingerprint: String,
}

/// What all e-mails of a request have in common.
struct Common {
    batch: Uuid,
    most_bytes: usize,
    draft: EmailDraft,
    variables: BTreeMap<String, String>,
    many: bool,
    planned: Option<Timestamp>,
    now: Timestamp,
}

impl Engine {
    /// Takes e-mails: stored, with each recipient's own result, before this returns. Repeatable with a key.
    ///
    /// # Errors
    /// [`EngineError::Message`] without a usable account, and for a single e-mail that cannot go;
    /// [`EngineError::KeyTaken`] where another request has the key.
    pub async fn send_emails(&self, caller: &Caller, wish: EmailWish) -> Result<SentBatch, EngineError> {
        let now = self.ports.clock.now();
        check(&wish, now)?;
        if let Some(known) = self.known_request(caller, wish.key.as_deref(), &wish.fingerprint).await? {
            return Ok(known);
        }
        let EmailWish { from, recipients, many, parts, variables, send_at, key, fingerprint } = wish;
        let accounts = self.email_accounts(&caller.company).await?;
        let most_bytes = accounts.iter().map(|account| account.most_bytes).max().unwrap_or_default();
        let own = || accounts.iter().find_map(|account| account.from.clone());
        let from = from.or_else(own).ok_or(EngineError::Message(Trouble::SenderMissing))?;
        self.check_copies(&caller.company, &parts).await?;
        let draft = EmailDraft::parse(from, parts).map_err(in_part)?;
        let (batch, planned) = (self.ports.ids.next(), send_at.filter(|at| *at > now));
        let common = Common { batch, most_bytes, draft, variables, many, planned, now };
        let messages: Vec<Message> = recipients.iter().map(|to| self.email(caller, &common, to)).collect();
        if !many {
            common.check_single(&recipients, &messages)?;
        }
        self.accept(caller, NewRequest { id: batch, key, fingerprint, many }, messages).await
    }

    /// The accounts that the company's e-mails may go by, the one it likes best first.
    async fn email_accounts(&self, company: &CompanyId) -> Result<Vec<EmailAccount>, EngineError> {
        let (mut accounts, mut missing) = (Vec::new(), Trouble::NotConfigured);
        for road in self.ports.texts.policy(company).await?.email_roads.roads() {
            match self.account_on(company, road).await {
                Ok(account) => accounts.push(account),
                Err(error) if error.kind == Trouble::NotConfigured => {}
                Err(error) => missing = error.kind,
            }
        }
        if accounts.is_empty() { Err(EngineError::Message(missing)) } else { Ok(accounts) }
    }

    pub(crate) async fn account_on(&self, company: &CompanyId, road: Road) -> Result<EmailAccount, SendError> {
        self.road(road)?.account(company).await
    }

    /// One recipient's e-mail: on its way, or failed from the start.
    fn email(&self, caller: &Caller, common: &Common, recipient: &Recipient) -> Message {
        let id = self.ports.ids.next();
        let (to, written) = self.written(&caller.company, common, recipient, id);
        let trouble = written.as_ref().err().copied();
        Message {
            id,
            batch: common.batch,
            lane: work::EMAILS.to_owned(),
            channel: Channel::Email,
            given: recipient.to.clone(),
            to: to.map(|to| to.address.into()),
            content: Body::Email(Box::new(written.unwrap_or_else(|_| common.draft.empty()))),
            media: Vec::new(),
            segments: 0,
            urgent: false,
            send_at: common.planned,
            user: caller.user.clone(),
            status: first_status(trouble, common.planned),
            hold: None,
            trouble,
            code: None,
            provider_id: None,
            tries: Vec::new(),
            created: common.now,
            updated: common.now,
        }
    }

    /// To whom, and what is said there.
    fn written(
        &self,
        company: &CompanyId,
        common: &Common,
        recipient: &Recipient,
        id: Uuid,
    ) -> (Option<Mailbox>, Result<Email, Trouble>) {
        let to: Mailbox = match recipient.to.parse() {
            Ok(to) => to,
            Err(fault) => return (None, Err(Trouble::BadAddress(fault))),
        };
        let filled = common.draft.fill(to.name(), &recipient.variables(&common.variables));
        let written = filled.map_err(|_| Trouble::TemplateVariables).and_then(|email| {
            let unsubscribe = if common.many { self.unsubscribe_address(company, id) } else { None };
            let email = Email { unsubscribe: unsubscribe.map(Into::into), ..email };
            let envelope = Envelope { id, to: to.address.clone(), date: common.now };
            match email.mime(&envelope).len() {
                _ if email.text.is_empty() && email.html.is_none() => Err(Trouble::ContentEmpty),
                size if size > common.most_bytes => Err(Trouble::EmailTooLarge),
                _ => Ok(email),
            }
        });
        (Some(to), written)
    }

    /// Nobody who gets no more e-mails gets them as a copy.
    async fn check_copies(&self, company: &CompanyId, parts: &DraftParts) -> Result<(), EngineError> {
        for Mailbox { address, .. } in parts.cc.iter().chain(&parts.bcc) {
            let contact = self.ports.contacts.contact(company, Channel::Email, &address.clone().into()).await?;
            if let Some((_, cause)) = contact.opted_out {
                return Err(EngineError::Message(cause.trouble()));
            }
        }
        Ok(())
    }

    /// Where a mail program ends e-mails to a recipient. Who has the e-mail has its id, and nobody guesses one.
    fn unsubscribe_address(&self, company: &CompanyId, id: Uuid) -> Option<Url> {
        let mut url = Url::parse(self.public_url()).ok()?;
        url.path_segments_mut().ok()?.pop_if_empty().extend(["unsubscribe", company.as_str(), &id.to_string()]);
        Some(url)
    }

    /// Ends e-mails to the recipient of this one, who asked for it there. Repeatable.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for an e-mail that has no such address.
    pub async fn unsubscribe(&self, company: &CompanyId, id: Uuid) -> Result<(), EngineError> {
        let message = self.ports.outbox.message(company, id).await?.ok_or(EngineError::NotFound("message"))?;
        let offers = matches!(&message.content, Body::Email(email) if email.unsubscribe.is_some());
        let address = message.to.filter(|_| offers).ok_or(EngineError::NotFound("message"))?;
        let since = self.ports.clock.now();
        let out = OptOut { channel: Channel::Email, address, since, cause: OptOutCause::Asked };
        Ok(self.ports.contacts.set_opt_out(company, &out, true).await?)
    }
}

impl Common {
    /// What stops a single e-mail is told at once; of what it says, the part at fault.
    fn check_single(&self, recipients: &[Recipient], messages: &[Message]) -> Result<(), EngineError> {
        for recipient in recipients {
            self.draft.fill(None, &recipient.variables(&self.variables)).map_err(in_part)?;
        }
        messages.iter().find_map(|message| message.trouble).map_or(Ok(()), |trouble| Err(EngineError::Message(trouble)))
    }
}

fn in_part(PartFault { part, fault }: PartFault) -> EngineError {
    EngineError::Template(part, fault)
}

fn check(wish: &EmailWish, now: Timestamp) -> Result<(), EngineError> {
    let (parts, count) = (&wish.parts, wish.recipients.len());
    let copies = parts.cc.len() + parts.bcc.len();
    let field = match () {
        () if !(1..=MOST_RECIPIENTS).contains(&count) => "recipients",
        // Of many e-mails each would go to them.
        () if copies > MOST_COPIES || copies > 0 && wish.many => "cc",
        () if parts.reply_to.len() > MOST_COPIES => "reply_to",
        () if wish.send_at.is_some_and(|at| at > now + FARTHEST) => "send_at",
        () if !is_key(wish.key.as_deref()) => "Idempotency-Key",
        () if parts.size() * count > MOST_TOGETHER => return Err(EngineError::Message(Trouble::EmailTooLarge)),
        () => return Ok(()),
    };
    Err(Problem::BadValue(field).refused())
}
