//! [`EmailSender`]'s clauses.

mod reading;
mod repeating;
mod searching;
mod sending;
mod troubles;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::email::{Attachment, Email, EmailAddress, Envelope, Mailbox};
use kopru_domain::message::MessageStatus;
use kopru_ports::delivery::Urgency;
use kopru_ports::emails::{EmailRequest, EmailSender};
use kopru_ports::messages::{Report, SendError};
use uuid::Uuid;

pub use super::trouble::Trouble;
pub use repeating::*;
pub use searching::*;
pub use sending::*;
pub use troubles::*;

/// Runs the clauses of [`EmailSender`]: `$world` gives a future of a fresh
/// [`EmailWorld`](crate::suites::email_sender::EmailWorld).
#[macro_export]
macro_rules! email_sender_suite {
    ($world:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::clauses!(async { Some($world.await) }, email_sender: [
            an_account_says_what_it_takes,
            an_email_is_taken_as_it_is,
            another_email_is_another_one,
            a_report_follows_its_email,
            of_what_the_vendor_does_not_know_nothing_is_said,
            what_the_vendor_refuses_is_not_sent,
            without_settings_nothing_is_asked,
            a_repetition_goes_once,
            a_repetition_after_a_lost_answer_is_answered,
            what_never_arrived_goes_with_the_repetition,
            what_was_taken_is_found,
            what_never_arrived_is_not_found,
            a_vendor_that_asks_for_a_pause_has_taken_nothing,
            where_nobody_listens_nothing_was_taken,
            a_lost_answer_is_unknown,
            an_answer_that_does_not_come_is_unknown,
            looking_up_may_be_repeated_whatever_became_of_it,
        ], skip: [$($($skip)*)?]);
    };
}

/// An e-mail as the vendor took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenEmail {
    /// The vendor's id of it.
    pub provider_id: String,
    /// From whom.
    pub from: Mailbox,
    /// To whom.
    pub to: Vec<Mailbox>,
    /// Who else gets it, and is seen to.
    pub cc: Vec<Mailbox>,
    /// Who else gets it, unseen.
    pub bcc: Vec<Mailbox>,
    /// Where answers go.
    pub reply_to: Vec<Mailbox>,
    /// What it is about.
    pub subject: String,
    /// What it says to who reads no HTML.
    pub text: String,
    /// What it says.
    pub html: Option<String>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// `List-Unsubscribe` and `List-Unsubscribe-Post`.
    pub list_headers: Vec<(String, String)>,
}

/// A vendor that has taken nothing yet, one company with an account there, and the adapter under test. Its author
/// arranges what a clause asks for, by other means than the adapter.
#[async_trait]
pub trait EmailWorld: Send + Sync {
    /// The adapter.
    fn emails(&self) -> &dyn EmailSender;
    /// Who has an account.
    fn company(&self) -> CompanyId;
    /// From whom the account may send.
    fn sender(&self) -> Mailbox;
    /// An address to which the vendor takes nothing.
    fn refused_address(&self) -> EmailAddress;
    /// The id of no e-mail.
    fn unknown_id(&self) -> String;
    /// What the vendor took, in order.
    async fn taken(&self) -> Vec<TakenEmail>;
    /// An e-mail reaches a status: it is delivered, or not.
    async fn becomes(&self, provider_id: &str, status: MessageStatus);
    /// The next call to the vendor meets `trouble`.
    async fn next(&self, trouble: Trouble);
    /// From now on nobody listens at the vendor's address.
    async fn cut_off(&self);
}

fn address(text: &str) -> EmailAddress {
    text.parse().expect("an address")
}

fn mailbox(text: &str) -> Mailbox {
    text.parse().expect("a mailbox")
}

/// An e-mail of a few words.
fn email(world: &impl EmailWorld, subject: &str) -> Email {
    Email::plain(world.sender(), subject, "Merhaba Işıl")
}

/// An e-mail to `isil@example.com`, which that number tells from others.
#[must_use]
pub fn to_isil(company: CompanyId, id: u128, email: Email) -> EmailRequest {
    let date = Timestamp::constant(1_795_428_000, 0);
    let envelope = Envelope { id: Uuid::from_u128(id), to: address("isil@example.com"), date };
    EmailRequest { company, envelope, email, urgency: Urgency::Interactive }
}

fn request(world: &impl EmailWorld, id: u128, email: Email) -> EmailRequest {
    to_isil(world.company(), id, email)
}

fn plain(world: &impl EmailWorld, id: u128) -> EmailRequest {
    request(world, id, email(world, "a"))
}

async fn send(world: &impl EmailWorld, id: u128) -> Result<Report, SendError> {
    world.emails().send(plain(world, id)).await
}

async fn sent(world: &impl EmailWorld, id: u128) -> Report {
    send(world, id).await.expect("taken")
}
