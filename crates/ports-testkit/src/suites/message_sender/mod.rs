//! [`MessageSender`]'s clauses.

mod finding;
mod sending;
mod troubles;

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::message::{Channel, MessageStatus, PhoneNumber};
use kopru_ports::delivery::Urgency;
use kopru_ports::messages::{Content, MessageSender, Report, Search, SendError, SendRequest};
use url::Url;
use uuid::Uuid;

pub use super::trouble::Trouble;
pub use finding::*;
pub use sending::*;
pub use troubles::*;

/// Runs the clauses of [`MessageSender`]: `$world` gives a future of a fresh
/// [`MessagesWorld`](crate::suites::message_sender::MessagesWorld).
#[macro_export]
macro_rules! message_sender_suite {
    ($world:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::clauses!(async { Some($world.await) }, message_sender: [
            each_channel_has_a_sender,
            a_message_is_taken_as_it_is,
            a_template_goes_by_whatsapp,
            a_report_follows_its_message,
            a_message_for_later_can_be_taken_back,
            what_went_cannot_be_taken_back,
            of_what_the_vendor_does_not_know_nothing_is_said,
            what_the_vendor_refuses_is_not_sent,
            without_settings_nothing_is_asked,
            a_vendor_that_asks_for_a_pause_has_taken_nothing,
            where_nobody_listens_nothing_was_taken,
            a_lost_answer_is_unknown,
            an_answer_that_does_not_come_is_unknown,
            what_never_arrived_is_not_said_to_be_taken,
            looking_up_may_be_repeated_whatever_became_of_it,
            a_message_in_doubt_is_found,
            what_is_found_fits,
            of_several_the_newest_comes_first,
            a_template_is_not_guessed_at,
        ], skip: [$($($skip)*)?]);
    };
}

/// A message as the vendor took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The vendor's id of it.
    pub provider_id: String,
    /// By SMS or WhatsApp.
    pub channel: Channel,
    /// To whom.
    pub to: PhoneNumber,
    /// What it says; of a template, whatever became of it.
    pub text: String,
    /// Pictures and files.
    pub media: Vec<Url>,
}

/// A vendor that has taken nothing yet, one company with an account there and a sender for each channel, and the
/// adapter under test. Its author arranges what a clause asks for, by other means than the adapter.
#[async_trait]
pub trait MessagesWorld: Send + Sync {
    /// The adapter.
    fn messages(&self) -> &dyn MessageSender;
    /// Who has an account.
    fn company(&self) -> CompanyId;
    /// The vendor's present.
    async fn now(&self) -> Timestamp;
    /// A template that the vendor takes on WhatsApp.
    async fn template(&self) -> Content;
    /// A number to which the vendor takes nothing.
    fn refused_number(&self) -> PhoneNumber;
    /// The id of no message.
    fn unknown_id(&self) -> String;
    /// What the vendor took, in order.
    async fn taken(&self) -> Vec<Taken>;
    /// A message reaches a status: it is delivered, or not.
    async fn becomes(&self, provider_id: &str, status: MessageStatus);
    /// The next call to the vendor meets `trouble`.
    async fn next(&self, trouble: Trouble);
    /// From now on nobody listens at the vendor's address.
    async fn cut_off(&self);
}

fn number(last: u8) -> PhoneNumber {
    format!("+9053211111{last:02}").try_into().expect("a number")
}

fn text(text: &str) -> Content {
    Content::Text(text.to_owned())
}

/// A template's content, for worlds.
#[must_use]
pub fn template(id: &str, variables: &[(&str, &str)]) -> Content {
    let variables: BTreeMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Content::Template { id: id.to_owned(), variables }
}

fn request(world: &impl MessagesWorld, to: &PhoneNumber, content: Content) -> SendRequest {
    SendRequest {
        company: world.company(),
        channel: Channel::Sms,
        to: to.clone(),
        content,
        media: Vec::new(),
        id: Uuid::from_u128(7),
        callback: None,
        send_at: None,
        urgency: Urgency::Interactive,
    }
}

async fn send(world: &impl MessagesWorld, said: &str) -> Result<Report, SendError> {
    world.messages().send(request(world, &number(11), text(said))).await
}

async fn sent(world: &impl MessagesWorld, said: &str) -> Report {
    send(world, said).await.expect("taken")
}

/// What is found of an SMS with this text in the last minute.
async fn search(world: &impl MessagesWorld, said: &str) -> Result<Vec<Report>, SendError> {
    let (company, since) = (world.company(), world.now().await - jiff::SignedDuration::from_mins(1));
    let search = Search { company, channel: Channel::Sms, to: number(11), content: text(said), since };
    world.messages().search(&search).await
}

fn ids(reports: &[Report]) -> Vec<&str> {
    reports.iter().map(|report| report.provider_id.as_str()).collect()
}
