//! E-mail, by whichever road.

use std::time::Duration;

use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_domain::email::{Email, Envelope, Mailbox};

use crate::delivery::Urgency;
use crate::integrations::IntegrationKind;
use crate::messages::{Report, SendError, Sender};

/// By what account a company's e-mails go, and what it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct EmailAccount {
    /// The account, and its pace. What was sent by another account is not known to it.
    pub sender: Sender,
    /// From whom an e-mail is that does not say it.
    pub from: Option<Mailbox>,
    /// An e-mail has so many bytes at the most, files and all, as [`Email::mime`] has them.
    pub most_bytes: usize,
    /// What helps where no answer came.
    pub doubt: Doubt,
}

/// What helps where it is not known whether an e-mail was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// So long after it was sent first, an e-mail that is sent again is answered as before, and goes once.
    Repeat(Duration),
    /// What was taken is found by its `Message-ID` within so long ([`EmailSender::search`]).
    Search(Duration),
    /// Nothing: a person decides.
    Ask,
}

/// An e-mail to be sent.
#[derive(Debug, Clone)]
pub struct EmailRequest {
    /// Whose.
    pub company: CompanyId,
    /// To whom, and our id of it: the vendor's idempotency key, where it has any.
    pub envelope: Envelope,
    /// What it says.
    pub email: Email,
    /// Whether a person waits.
    pub urgency: Urgency,
}

/// Sends e-mails by one road.
#[async_trait]
pub trait EmailSender: Send + Sync {
    /// Whose road it is.
    fn vendor(&self) -> IntegrationKind;

    /// By what account the company's e-mails go.
    ///
    /// # Errors
    /// [`kopru_domain::message::Trouble::NotConfigured`] without usable settings. Repeatable.
    async fn account(&self, company: &CompanyId) -> Result<EmailAccount, SendError>;

    /// Sends an e-mail. Where no answer came, it may have been taken ([`crate::Retry::OutcomeUnknown`]).
    ///
    /// # Idempotency
    /// Where the account's doubt is [`Doubt::Repeat`], the same request within that time after the first is answered as
    /// that one, and nothing goes twice; otherwise it is another e-mail.
    async fn send(&self, request: EmailRequest) -> Result<Report, SendError>;

    /// Where an e-mail stands; `None` where the vendor knows none of that id. Repeatable.
    async fn report(&self, company: &CompanyId, provider_id: &str) -> Result<Option<Report>, SendError>;

    /// The e-mail with our `Message-ID` among those that were sent, where the account's doubt is [`Doubt::Search`];
    /// `None` where there is none, and on every other road. Repeatable.
    async fn search(&self, request: &EmailRequest) -> Result<Option<Report>, SendError>;
}
