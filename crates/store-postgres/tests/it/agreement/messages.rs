//! Random calls on messages: few of them, to few numbers.

use jiff::Timestamp;
use jiff::civil::date;
use kopru_domain::CompanyId;
use kopru_domain::message::{Address, Channel, Hold, MessageStatus, OptOutCause, OptWord, PhoneNumber, Trouble};
use kopru_ports::delivery::NewWork;
use kopru_ports::inbound::InboundMessage;
use kopru_ports::messages::Report;
use kopru_ports::outbox::{
    Caps, ContactStore, Message, MessageChange, MessageQuery, NewBatch, OptOut, OutboxStore, Told,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use super::calls::{company, moment, text, work};
use super::run::said;
use crate::database;

/// A call on a company's messages.
#[derive(Debug, Clone)]
pub enum MessageCall {
    Accept(Box<NewBatch>),
    Known(String, String),
    InDoubt(Uuid),
    List(MessageQuery),
    Outgoing(Vec<Uuid>),
    Count(i8, Caps, Vec<Uuid>),
    Told(Told),
    Cancel(Uuid),
    OptOut(OptOut, bool),
    OptOuts(Option<(Channel, Address)>, u32),
}

impl MessageCall {
    /// What there is in the end.
    pub fn all() -> [Self; 3] {
        let query = MessageQuery { limit: 99, ..MessageQuery::default() };
        [Self::List(query), Self::Outgoing((0..6).map(Uuid::from_u128).collect()), Self::OptOuts(None, 99)]
    }

    pub async fn answer(self, store: &(impl OutboxStore + ContactStore), of: &CompanyId, now: Timestamp) -> String {
        match self {
            Self::Accept(batch) => said(store.accept(*batch).await),
            Self::Known(key, fingerprint) => said(store.known(of, &key, &fingerprint).await),
            Self::InDoubt(id) => said(store.is_in_doubt(of, id).await),
            Self::List(query) => said(store.messages(of, query).await),
            Self::Outgoing(ids) => said(store.outgoing(of, &ids).await),
            Self::Count(day, caps, ids) => said(store.count(of, date(2026, 1, day), caps, &ids).await),
            Self::Told(told) => said(store.told(of, told, now).await),
            Self::Cancel(id) => said(store.cancel(of, id, now).await),
            Self::OptOut(out, is_out) => said(store.set_opt_out(of, &out, is_out).await),
            Self::OptOuts(after, limit) => said(store.opt_outs(of, after, limit).await),
        }
    }
}

pub fn calls() -> impl Strategy<Value = MessageCall> {
    let caps = (option::of(0..4_u32), option::of(0..6_u32));
    let count = (1..3_i8, caps.prop_map(|(messages, segments)| Caps { messages, segments }), vec(id(), 0..5));
    prop_oneof![
        4 => batch().prop_map(|batch| MessageCall::Accept(Box::new(batch))),
        1 => (key(), text()).prop_map(|(key, fingerprint)| MessageCall::Known(key, fingerprint)),
        1 => id().prop_map(MessageCall::InDoubt),
        2 => query().prop_map(MessageCall::List),
        1 => vec(id(), 0..5).prop_map(MessageCall::Outgoing),
        2 => count.prop_map(|(day, caps, ids)| MessageCall::Count(day, caps, ids)),
        4 => told().prop_map(MessageCall::Told),
        1 => id().prop_map(MessageCall::Cancel),
        1 => (out(), any::<bool>()).prop_map(|(out, is_out)| MessageCall::OptOut(out, is_out)),
        1 => (option::of((channel(), address())), 0..3_u32)
            .prop_map(|(after, limit)| MessageCall::OptOuts(after, limit)),
    ]
}

/// What a turn changes in messages.
pub fn changes() -> impl Strategy<Value = Vec<MessageChange>> {
    let change = (id(), report(), option::of(select(vec![Hold::QuietHours, Hold::DailyLimit])), any::<bool>());
    vec(
        change.prop_map(|(id, report, hold, at_vendor)| {
            let change = MessageChange { hold, ..MessageChange::reported(id, report) };
            MessageChange { provider_id: change.provider_id.filter(|_| at_vendor), ..change }
        }),
        0..3,
    )
}

fn id() -> impl Strategy<Value = Uuid> {
    (0..6_u128).prop_map(Uuid::from_u128)
}

fn key() -> impl Strategy<Value = String> {
    select(vec!["k", "K"]).prop_map(str::to_owned)
}

fn number() -> impl Strategy<Value = PhoneNumber> {
    (0..3_u8).prop_map(|last| PhoneNumber::try_from(format!("+90532123456{last}")).unwrap())
}

fn address() -> impl Strategy<Value = Address> {
    prop_oneof![
        number().prop_map(Address::from),
        (0..2_u8).prop_map(|last| format!("a{last}@example.com").parse().unwrap())
    ]
}

fn channel() -> impl Strategy<Value = Channel> {
    select(vec![Channel::Sms, Channel::WhatsApp, Channel::Email])
}

fn status() -> impl Strategy<Value = MessageStatus> {
    use MessageStatus::{Canceled, Delivered, Failed, Queued, Scheduled, Sent, Skipped, Unknown};
    select(vec![Canceled, Delivered, Failed, Queued, Scheduled, Sent, Skipped, Unknown])
}

fn batch() -> impl Strategy<Value = NewBatch> {
    (any::<u128>(), company(), option::of(key()), text(), moment(), vec((message(), work(), any::<bool>()), 0..3))
        .prop_map(|(id, company, key, fingerprint, created, messages)| {
            let id = Uuid::from_u128(id);
            let (mut batch, mut due) = (Vec::new(), Vec::new());
            for (message, work, is_due) in messages {
                let message = Message { batch: id, lane: work.lane.clone(), created, updated: created, ..message };
                let new = NewWork { company: company.clone(), key: message.id.to_string(), ..work };
                due.extend(is_due.then_some(new));
                batch.push(message);
            }
            NewBatch { id, company, key, fingerprint, created, messages: batch, work: due }
        })
}

fn message() -> impl Strategy<Value = Message> {
    (id(), channel(), option::of(address()), 0..4_u32, status(), option::of(moment())).prop_map(
        |(id, channel, to, segments, status, send_at)| Message {
            id,
            channel,
            to,
            segments,
            status,
            send_at,
            ..database::message()
        },
    )
}

fn query() -> impl Strategy<Value = MessageQuery> {
    let narrowed = (option::of(channel()), option::of(status()), option::of(address()), option::of(id()), 0..5_u32);
    narrowed.prop_map(|(channel, status, to, before, limit)| MessageQuery {
        batch: None,
        channel,
        status,
        to,
        user: None,
        before,
        limit,
    })
}

fn report() -> impl Strategy<Value = Report> {
    let trouble = option::of(select(vec![Trouble::OptedOut, Trouble::Bounced, Trouble::Expired]));
    (0..3_u8, status(), trouble, option::of(text())).prop_map(|(id, status, trouble, code)| Report {
        provider_id: format!("SM{id}"),
        status,
        trouble,
        code,
    })
}

fn told() -> impl Strategy<Value = Told> {
    let word = option::of(select(vec![OptWord::Stop, OptWord::Start, OptWord::Help]));
    let wrote = (0..20_u8, channel(), number(), word).prop_map(|(id, channel, from, word)| {
        let message = InboundMessage { provider_id: format!("IN{id}"), channel, from, text: String::new(), word: None };
        Told::Message(message, word)
    });
    prop_oneof![(option::of(id()), report()).prop_map(|(id, report)| Told::Report { id, report }), wrote]
}

fn out() -> impl Strategy<Value = OptOut> {
    let cause = select(vec![OptOutCause::Asked, OptOutCause::Bounced, OptOutCause::Complained]);
    (channel(), address(), moment(), cause).prop_map(|(channel, address, since, cause)| OptOut {
        channel,
        address,
        since,
        cause,
    })
}
