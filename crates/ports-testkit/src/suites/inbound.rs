//! [`InboundWebhook`]'s clauses.

#![expect(clippy::unused_async, reason = "a clause is awaited, whether it waits or not")]

use kopru_domain::message::{Channel, MessageStatus, OptWord};
use kopru_ports::Retry;
use kopru_ports::inbound::{Inbound, InboundErrorKind, InboundMessage, InboundRequest, InboundWebhook};
use kopru_ports::messages::Report;
use secrecy::SecretString;
use uuid::Uuid;

/// Runs the clauses of [`InboundWebhook`]: `$world` gives a future of an
/// [`InboundWorld`](crate::suites::inbound::InboundWorld).
#[macro_export]
macro_rules! inbound_suite {
    ($world:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::clauses!(async { Some($world.await) }, inbound: [
            a_report_is_read,
            a_persons_message_is_read,
            a_changed_body_is_refused,
            a_changed_address_is_refused,
            an_unsigned_request_is_refused,
            another_accounts_request_is_refused,
        ], skip: [$($($skip)*)?]);
    };
}

/// A vendor that tells things, and the adapter under test.
pub trait InboundWorld {
    /// The adapter.
    fn webhook(&self) -> &dyn InboundWebhook;
    /// The settings of the company with the vendor.
    fn settings(&self) -> SecretString;
    /// The settings of a company with another account there.
    fn others_settings(&self) -> SecretString;
    /// The vendor's request that tells this of the company's account.
    fn tells(&self, told: &Inbound) -> InboundRequest;
}

fn report(status: MessageStatus, id: Option<Uuid>) -> Inbound {
    Inbound::Report {
        id,
        recipients: Vec::new(),
        report: Report { provider_id: "m1".to_owned(), status, trouble: None, code: None },
    }
}

fn message(channel: Channel, word: Option<OptWord>) -> Inbound {
    Inbound::Message(InboundMessage {
        provider_id: "m1".to_owned(),
        channel,
        from: "+905321111111".to_owned().try_into().expect("a number"),
        text: "Evet, %20 & +1 =\n\"çok\" 👍".to_owned(),
        word,
    })
}

fn delivered() -> Inbound {
    report(MessageStatus::Delivered, Some(Uuid::from_u128(7)))
}

fn assert_refused(world: &impl InboundWorld, request: &InboundRequest, settings: &SecretString) {
    let error = world.webhook().read(settings, request).expect_err("it must not be believed");
    assert_eq!((error.kind, error.retry), (InboundErrorKind::NotAuthentic, Retry::Never));
}

fn assert_read(world: &impl InboundWorld, told: &Inbound) {
    let request = world.tells(told);
    assert_eq!(&world.webhook().read(&world.settings(), &request).expect("the vendor's own"), told);
}

/// With our id, or without one where the vendor has none.
pub async fn a_report_is_read(world: impl InboundWorld) {
    for status in [MessageStatus::Sent, MessageStatus::Delivered, MessageStatus::Read, MessageStatus::Canceled] {
        assert_read(&world, &report(status, Some(Uuid::from_u128(7))));
    }
    assert_read(&world, &report(MessageStatus::Sent, None));
}

/// Letter by letter, with the vendor's own reading of it.
pub async fn a_persons_message_is_read(world: impl InboundWorld) {
    for channel in [Channel::Sms, Channel::WhatsApp] {
        for word in [None, Some(OptWord::Stop), Some(OptWord::Start), Some(OptWord::Help)] {
            assert_read(&world, &message(channel, word));
        }
    }
}

/// Also by what stands behind it.
pub async fn a_changed_body_is_refused(world: impl InboundWorld) {
    let request = world.tells(&delivered());
    for body in [[&request.body[..], b"&a=b"].concat(), Vec::new(), request.body[1..].to_vec()] {
        assert_refused(&world, &InboundRequest { body, ..request.clone() }, &world.settings());
    }
}

/// Our id is in it.
pub async fn a_changed_address_is_refused(world: impl InboundWorld) {
    let mut request = world.tells(&delivered());
    request.url.query_pairs_mut().append_pair("a", "b");
    assert_refused(&world, &request, &world.settings());
}

/// Whoever knows the address can send something there.
pub async fn an_unsigned_request_is_refused(world: impl InboundWorld) {
    let request = InboundRequest { headers: Vec::new(), ..world.tells(&delivered()) };
    assert_refused(&world, &request, &world.settings());
}

/// One company's vendor says nothing of another company's messages.
pub async fn another_accounts_request_is_refused(world: impl InboundWorld) {
    assert_refused(&world, &world.tells(&delivered()), &world.others_settings());
}
