//! [`OutboxStore`]'s clauses; those about messages' steps are in [`super::message_steps`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use kopru_domain::CompanyId;
use kopru_domain::email::{Attachment, Email, Tag};
use kopru_domain::message::{Address, Channel, MessageStatus, OptOutCause, Trouble};
use kopru_ports::StoreErrorKind;
use kopru_ports::delivery::{Claim, DeliveryStore, Gather, Lease, LeaseAnswer, NewWork, Settlement, Urgency};
use kopru_ports::identity::IdentityStore;
use kopru_ports::messages::{Content, Report};
use kopru_ports::outbox::{
    BatchAccepted, Body, Caps, ContactStore, Message, MessageChange, MessageQuery, NewBatch, OptOut, OutboxStore, Told,
};
use serde_json::Value;
use tokio::task::JoinSet;
use uuid::Uuid;

/// All that these clauses need of a store.
pub trait Store: OutboxStore + ContactStore + DeliveryStore + IdentityStore + 'static {}
impl<T: OutboxStore + ContactStore + DeliveryStore + IdentityStore + 'static> Store for T {}

pub(crate) const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);
pub(crate) const LATER: Timestamp = Timestamp::constant(1_700_000_060, 0);
const DAY: Date = date(2023, 11, 14);

/// A company, made in the store.
pub(crate) async fn company(store: &impl IdentityStore, id: &str) -> CompanyId {
    let company = id.parse().expect("an id");
    store.add_company(&company, "", NOW).await.expect("a company");
    company
}

/// A number that can be told from others.
pub(crate) fn number(last: u128) -> Address {
    format!("+90532123{last:04}").parse().expect("a number")
}

/// A mailbox that can be told from others.
pub(crate) fn mailbox(last: u128) -> Address {
    format!("ayse{last}@example.com").parse().expect("an address")
}

pub(crate) fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(crate) fn message(last: u128) -> Message {
    Message {
        id: id(last),
        batch: id(0),
        lane: "message:sms".into(),
        channel: Channel::Sms,
        given: format!("0532 123 {last:04}"),
        to: Some(number(last)),
        content: Body::Phone(Content::Text("Yarın görüşürüz 🙂".into())),
        media: vec!["https://example.com/a.png".parse().expect("an address")],
        segments: 2,
        urgent: true,
        send_at: Some(LATER),
        user: Some("ayse".parse().expect("an id")),
        status: MessageStatus::Queued,
        hold: None,
        trouble: None,
        code: None,
        provider_id: None,
        tries: Vec::new(),
        created: NOW,
        updated: NOW,
    }
}

/// What has no number, no media, no user, and is settled from the start.
fn unsendable(last: u128) -> Message {
    Message {
        to: None,
        content: Body::Phone(Content::Template {
            id: "HX1".into(),
            variables: [("1".into(), "\"Ayşe\"".into())].into(),
        }),
        media: Vec::new(),
        user: None,
        send_at: None,
        urgent: false,
        status: MessageStatus::Failed,
        trouble: Some(Trouble::RecipientMissing),
        ..message(last)
    }
}

/// An e-mail with all that one can have.
pub(crate) fn email(last: u128) -> Message {
    let mailbox = |text: &str| text.parse().expect("a mailbox");
    let email = Email {
        from: mailbox("\"Köprü, \\\"Satış\\\"\" <satis@example.com>"),
        to_name: Some("Ayşe".into()),
        cc: vec![mailbox("b@example.com")],
        bcc: vec![mailbox("c@example.com"), mailbox("Işıl <d@example.com>")],
        reply_to: vec![mailbox("e@example.com")],
        subject: "Teklif 🙂".into(),
        text: "Merhaba\nIşıl".into(),
        html: Some("<p>Merhaba</p>".into()),
        attachments: vec![Attachment::new("teklif ğ.pdf", None, vec![0, 255]).expect("a file")],
        tags: vec![Tag::new("kampanya", "bahar").expect("a tag")],
        unsubscribe: Some("https://example.com/u/1".into()),
    };
    Message {
        lane: "message:email".into(),
        channel: Channel::Email,
        given: "Ayse@Example.com".into(),
        to: Some(self::mailbox(last)),
        content: Body::Email(Box::new(email)),
        media: Vec::new(),
        segments: 0,
        ..message(last)
    }
}

pub(crate) fn work(company: &CompanyId, message: &Message) -> NewWork {
    NewWork {
        company: company.clone(),
        lane: message.lane.clone(),
        kind: "message.send",
        key: message.id.to_string(),
        owner: message.batch.to_string(),
        payload: Value::Null,
        due: NOW,
        gather: Gather::Earliest,
        urgency: Urgency::Bulk,
    }
}

pub(crate) fn batch(company: &CompanyId, number: u128, messages: Vec<Message>) -> NewBatch {
    let messages: Vec<_> = messages.into_iter().map(|message| Message { batch: id(number), ..message }).collect();
    NewBatch {
        id: id(number),
        company: company.clone(),
        key: None,
        fingerprint: String::new(),
        created: NOW,
        work: messages.iter().map(|message| work(company, message)).collect(),
        messages,
    }
}

async fn accept(store: &impl Store, batch: NewBatch) -> BatchAccepted {
    store.accept(batch).await.expect("an answer")
}

/// Accepts messages of these numbers for the company.
pub(crate) async fn sent(store: &impl Store, company: &CompanyId, numbers: impl IntoIterator<Item = u128>) {
    let messages = numbers.into_iter().map(message).collect();
    assert_eq!(accept(store, batch(company, 900, messages)).await, BatchAccepted::Stored);
}

pub(crate) async fn found(store: &impl Store, company: &CompanyId, last: u128) -> Message {
    store.message(company, id(last)).await.expect("an answer").expect("the message")
}

pub(crate) async fn leased(store: &impl Store, now: Timestamp) -> Lease {
    match store.lease(now, now + Duration::from_secs(30)).await.expect("an answer") {
        LeaseAnswer::Granted(lease) => lease,
        LeaseAnswer::Idle(next) => panic!("nothing was due, next {next:?}"),
    }
}

pub(crate) fn report(status: MessageStatus) -> Report {
    Report { provider_id: "SM1".into(), status, trouble: None, code: None }
}

pub(crate) async fn told(store: &impl Store, company: &CompanyId, of: Option<u128>, report: Report) -> Option<Message> {
    store.told(company, Told::Report { id: of.map(id), report }, LATER).await.expect("an answer")
}

async fn listed(store: &impl Store, company: &CompanyId, query: MessageQuery) -> Vec<u128> {
    let query = if query.limit == 0 { MessageQuery { limit: 100, ..query } } else { query };
    let found = store.messages(company, query).await.expect("messages");
    found.iter().map(|message| message.id.as_u128()).collect()
}

async fn counted(store: &impl Store, company: &CompanyId, day: Date, caps: Caps, of: &[u128]) -> Vec<u128> {
    let ids: Vec<_> = of.iter().copied().map(id).collect();
    let granted = store.count(company, day, caps, &ids).await.expect("an answer");
    granted.iter().map(Uuid::as_u128).collect()
}

/// A request is stored once for its key, whatever its id; another request with the key is told apart; another company's
/// key is another one.
pub async fn a_request_is_known_by_its_key(store: Arc<impl Store>) {
    let (acme, beta) = (company(&*store, "acme").await, company(&*store, "beta").await);
    let with = |company: &CompanyId, number: u128, key: Option<&str>, fingerprint: &str| NewBatch {
        key: key.map(str::to_owned),
        fingerprint: fingerprint.to_owned(),
        ..batch(company, 100 + number, vec![message(number)])
    };
    assert_eq!(accept(&*store, with(&acme, 1, Some("k"), "f")).await, BatchAccepted::Stored);
    assert_eq!(accept(&*store, with(&acme, 2, Some("k"), "f")).await, BatchAccepted::Known(id(101)));
    assert_eq!(accept(&*store, with(&acme, 2, Some("k"), "g")).await, BatchAccepted::KeyTaken);
    assert_eq!(accept(&*store, with(&beta, 3, Some("k"), "g")).await, BatchAccepted::Stored);
    assert_eq!(accept(&*store, with(&acme, 4, None, "f")).await, BatchAccepted::Stored);
    assert_eq!(accept(&*store, with(&acme, 5, None, "f")).await, BatchAccepted::Stored);
    assert_eq!(listed(&*store, &acme, MessageQuery::default()).await, [5, 4, 1]);
    for (key, fingerprint, known) in [
        ("k", "f", Some(BatchAccepted::Known(id(101)))),
        ("k", "g", Some(BatchAccepted::KeyTaken)),
        ("other", "f", None),
    ] {
        assert_eq!(store.known(&acme, key, fingerprint).await.expect("an answer"), known, "{key} {fingerprint}");
    }
}

/// Of many at once with one key one is stored, and the others know which.
pub async fn of_requests_with_one_key_at_once_one_is_stored(store: Arc<impl Store>) {
    let acme = company(&*store, "acme").await;
    let mut callers = JoinSet::new();
    for caller in 0..10_u128 {
        let (store, acme) = (store.clone(), acme.clone());
        callers.spawn(async move {
            let fingerprint = ["even", "odd"][usize::from(caller % 2 == 1)].to_owned();
            let messages = vec![message(caller * 2), message(caller * 2 + 1)];
            let batch = NewBatch { key: Some("k".into()), fingerprint, ..batch(&acme, 100 + caller, messages) };
            (caller, accept(&*store, batch).await)
        });
    }
    let answers = callers.join_all().await;
    let stored: Vec<_> = answers.iter().filter(|(_, answer)| *answer == BatchAccepted::Stored).collect();
    let [(winner, _)] = stored[..] else { panic!("{answers:?}") };
    for (caller, answer) in answers.iter().filter(|(caller, _)| caller != winner) {
        let same = caller % 2 == winner % 2;
        let expected = if same { BatchAccepted::Known(id(100 + winner)) } else { BatchAccepted::KeyTaken };
        assert_eq!(*answer, expected, "to {caller} after {winner}");
    }
    assert_eq!(listed(&*store, &acme, MessageQuery::default()).await, [winner * 2 + 1, winner * 2]);
}

/// Messages are kept as they came, and their work is due with them; of what cannot be stored nothing is.
pub async fn a_request_comes_with_its_work_or_not_at_all(store: Arc<impl Store>) {
    let acme = company(&*store, "acme").await;
    let nobody: CompanyId = "nobody".parse().expect("an id");
    let error = store.accept(batch(&nobody, 900, vec![message(1)])).await.expect_err("no such company");
    assert_eq!(error.kind, StoreErrorKind::Conflict);
    sent(&*store, &acme, [1]).await;
    let mut twice = batch(&acme, 901, vec![message(2), message(1)]);
    for new in &mut twice.work {
        new.lane = "message:other".into();
    }
    let error = store.accept(twice).await.expect_err("a message that is there already");
    assert_eq!(error.kind, StoreErrorKind::Conflict);
    let other = batch(&acme, 902, vec![unsendable(3), email(4)]);
    assert_eq!(accept(&*store, NewBatch { work: Vec::new(), ..other }).await, BatchAccepted::Stored);
    assert_eq!(found(&*store, &acme, 1).await, Message { batch: id(900), ..message(1) });
    assert_eq!(found(&*store, &acme, 3).await, Message { batch: id(902), ..unsendable(3) });
    assert_eq!(found(&*store, &acme, 4).await, Message { batch: id(902), ..email(4) });
    assert_eq!(listed(&*store, &acme, MessageQuery::default()).await, [4, 3, 1]);
    let lease = leased(&*store, NOW).await;
    assert_eq!((lease.company.clone(), lease.lane.as_str()), (acme, "message:sms"));
    let claim = Claim { urgency: None, limit: 9, skip: Vec::new() };
    let works = store.claim(&lease, NOW, claim).await.expect("work");
    assert_eq!(works.iter().map(|work| work.key.clone()).collect::<Vec<_>>(), [id(1).to_string()]);
    assert!(matches!(store.lease(NOW, LATER).await.expect("an answer"), LeaseAnswer::Idle(_)), "of no other lane");
}

/// Newest first, page by page, and only what is asked for.
pub async fn messages_are_listed_newest_first_by_what_is_asked(store: Arc<impl Store>) {
    let (acme, beta) = (company(&*store, "acme").await, company(&*store, "beta").await);
    let whatsapp = |last| Message { channel: Channel::WhatsApp, to: Some(number(1)), ..message(last) };
    accept(&*store, batch(&acme, 100, vec![message(1), whatsapp(2), message(3)])).await;
    let of_nobody = Message { user: None, ..unsendable(4) };
    let of_another = Message { user: Some("can".parse().expect("an id")), ..message(5) };
    accept(&*store, batch(&acme, 101, vec![of_nobody, of_another])).await;
    accept(&*store, batch(&beta, 100, vec![message(6)])).await;
    let query = MessageQuery::default;
    for (query, expected) in [
        (query(), &[5, 4, 3, 2, 1][..]),
        (MessageQuery { limit: 2, ..query() }, &[5, 4]),
        (MessageQuery { limit: 2, before: Some(id(4)), ..query() }, &[3, 2]),
        (MessageQuery { batch: Some(id(100)), ..query() }, &[3, 2, 1]),
        (MessageQuery { channel: Some(Channel::WhatsApp), ..query() }, &[2]),
        (MessageQuery { status: Some(MessageStatus::Failed), ..query() }, &[4]),
        (MessageQuery { to: Some(number(1)), ..query() }, &[2, 1]),
        (MessageQuery { to: Some(number(1)), before: Some(id(2)), batch: Some(id(100)), ..query() }, &[1]),
        (MessageQuery { user: Some("can".parse().expect("an id")), ..query() }, &[5]),
        (MessageQuery { user: Some("ayse".parse().expect("an id")), limit: 2, ..query() }, &[3, 2]),
        (MessageQuery { batch: Some(id(7)), ..query() }, &[]),
    ] {
        assert_eq!(listed(&*store, &acme, query.clone()).await, expected, "{query:?}");
    }
}

/// Another company's message is neither shown nor changed, even by its known id.
pub async fn companies_messages_are_kept_apart(store: Arc<impl Store>) {
    let (acme, beta) = (company(&*store, "acme").await, company(&*store, "beta").await);
    sent(&*store, &acme, [1]).await;
    told(&*store, &acme, Some(1), report(MessageStatus::Queued)).await;
    assert_eq!(store.message(&beta, id(1)).await.expect("an answer"), None);
    assert_eq!(store.outgoing(&beta, &[id(1)]).await.expect("an answer"), []);
    assert_eq!(counted(&*store, &beta, DAY, Caps::default(), &[1]).await, []);
    assert_eq!(store.cancel(&beta, id(1), NOW).await.expect("an answer"), None);
    assert_eq!(told(&*store, &beta, Some(1), report(MessageStatus::Sent)).await, None);
    assert_eq!(told(&*store, &beta, None, report(MessageStatus::Sent)).await, None);
    assert_eq!(found(&*store, &acme, 1).await.status, MessageStatus::Queued);
    sent(&*store, &beta, [2]).await;
    let lease = leased(&*store, NOW).await;
    let other = if lease.company == acme { 2 } else { 1 };
    let messages = vec![MessageChange::to(id(other), MessageStatus::Failed)];
    store.settle(&lease, LATER, Settlement { messages, ..Settlement::default() }).await.expect("a settlement");
    let owner = if other == 1 { &acme } else { &beta };
    assert_eq!(found(&*store, owner, other).await.status, MessageStatus::Queued);
}

/// Messages about to go come in the order of their ids with what is known of their recipients.
pub async fn outgoing_messages_come_with_their_contacts(store: Arc<impl Store>) {
    let acme = company(&*store, "acme").await;
    let whatsapp = Message { channel: Channel::WhatsApp, to: Some(number(1)), ..message(2) };
    accept(&*store, batch(&acme, 900, vec![message(1), whatsapp, unsendable(3), message(4)])).await;
    accept(&*store, batch(&acme, 901, vec![email(5)])).await;
    let asked = OptOut { channel: Channel::WhatsApp, address: number(1), since: NOW, cause: OptOutCause::Asked };
    let bounced = OptOut { channel: Channel::Email, address: mailbox(5), since: NOW, cause: OptOutCause::Bounced };
    for out in [asked, bounced] {
        store.set_opt_out(&acme, &out, true).await.expect("recorded");
    }
    let outgoing = store.outgoing(&acme, &[5, 4, 3, 2, 1, 9].map(id)).await.expect("an answer");
    let seen: Vec<_> =
        outgoing.iter().map(|one| (one.message.id.as_u128(), one.to.clone(), one.contact.opted_out)).collect();
    let out = |cause| Some((NOW, cause));
    let expected = [
        (1, number(1), None),
        (2, number(1), out(OptOutCause::Asked)),
        (4, number(4), None),
        (5, mailbox(5), out(OptOutCause::Bounced)),
    ];
    assert_eq!(seen, expected);
    assert_eq!(outgoing[0].message, found(&*store, &acme, 1).await);
}

/// Each message is counted once, on one day; what has no room does not keep out what has.
pub async fn caps_are_counted_once_for_each_message(store: Arc<impl Store>) {
    let acme = company(&*store, "acme").await;
    let of = |last, segments| Message { segments, ..message(last) };
    accept(&*store, batch(&acme, 900, vec![of(1, 3), of(2, 3), of(3, 1), of(4, 1), of(5, 0)])).await;
    let caps = Caps { messages: Some(3), segments: Some(5) };
    assert_eq!(counted(&*store, &acme, DAY, caps, &[2, 1, 3, 77]).await, [2, 3]);
    assert_eq!(counted(&*store, &acme, DAY, caps, &[1, 2, 3, 4, 5]).await, [2, 3, 4]);
    let next = DAY.tomorrow().expect("a day");
    assert_eq!(counted(&*store, &acme, next, caps, &[1, 2, 5]).await, [1, 2, 5]);
    assert_eq!(counted(&*store, &acme, DAY, Caps::default(), &[1]).await, [1]);
    assert_eq!(counted(&*store, &acme, next, Caps { messages: Some(0), segments: None }, &[4, 5]).await, [4, 5]);
}

/// However many count at once, no more go than the caps allow.
pub async fn caps_hold_for_all_that_count_at_once(store: Arc<impl Store>) {
    let acme = company(&*store, "acme").await;
    sent(&*store, &acme, 0..80).await;
    let mut callers = JoinSet::new();
    for caller in 0..80_u128 {
        let (store, acme) = (store.clone(), acme.clone());
        // Each message is counted by two of them, in opposite orders.
        let (one, other) = (caller, (caller + 1) % 80);
        let of = if caller % 2 == 0 { [one, other] } else { [other, one] };
        let caps = Caps { messages: Some(51), segments: None };
        callers.spawn(async move { counted(&*store, &acme, DAY, caps, &of).await });
    }
    let granted: BTreeSet<_> = callers.join_all().await.concat().into_iter().collect();
    assert_eq!(granted.len(), 51);
}
