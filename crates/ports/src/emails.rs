//! E-mail.

use std::time::Duration;

use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_domain::email::{Email, Envelope, Mailbox};

use crate::delivery::Urgency;
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
    /// So long after it was sent first, an e-mail that is sent again is answered as before, and goes once.
    pub repeatable_for: Duration,
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

/// Sends e-mails.
#[async_trait]
pub trait EmailSender: Send + Sync {
    /// By what account the company's e-mails go.
    ///
    /// # Errors
    /// [`kopru_domain::message::Trouble::NotConfigured`] without usable settings. Repeatable.
    async fn account(&self, company: &CompanyId) -> Result<EmailAccount, SendError>;

    /// Sends an e-mail. Where no answer came, it may have been taken ([`crate::Retry::OutcomeUnknown`]).
    ///
    /// # Idempotency
    /// The same request within [`EmailAccount::repeatable_for`] after the first is answered as that one, and nothing
    /// goes twice; later it is another e-mail.
    async fn send(&self, request: EmailRequest) -> Result<Report, SendError>;

    /// Where an e-mail stands; `None` where the vendor knows none of that id. Repeatable.
    async fn report(&self, company: &CompanyId, provider_id: &str) -> Result<Option<Report>, SendError>;
}
