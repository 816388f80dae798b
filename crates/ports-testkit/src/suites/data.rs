//! [`DataStore`]'s clauses.

use std::sync::Arc;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use kopru_domain::message::{Channel, MessageStatus, OptWord};
use kopru_domain::{CompanyId, RowState};
use kopru_ports::StoreErrorKind;
use kopru_ports::audit::{Actor, AuditAction, AuditEntry, AuditLog};
use kopru_ports::configs::SyncConfig;
use kopru_ports::data::{DataStore, Retention};
use kopru_ports::delivery::{Claim, LeaseAnswer, Outcome, Settlement};
use kopru_ports::identity::IdentityStore;
use kopru_ports::inbound::InboundMessage;
use kopru_ports::oauth::ConsentStore;
use kopru_ports::outbox::{BatchAccepted, Caps, Message, MessageQuery, NewBatch, OutboxStore, Told};
use kopru_ports::seal::SealedTexts;
use kopru_ports::sessions::{Session, SessionStore};
use kopru_ports::sync::{Accepted, HistoryEntry, SheetEvent, SyncChanges};
use kopru_ports::tokens::{Service, TokenKey, TokenStore};
use uuid::Uuid;

use super::outbox::{self, Store as Messages, batch, message};
use super::sync::{Store, config, due, row_id};
use super::tokens::token;

const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

/// The day of `NOW`, and a cap that one message fills.
const DAY: Date = date(2023, 11, 14);
const ONE: Caps = Caps { messages: Some(1), segments: None };

fn day(number: i64) -> Timestamp {
    NOW + SignedDuration::from_hours(24 * number)
}

fn history(number: u32, at: Timestamp) -> HistoryEntry {
    HistoryEntry {
        row: row_id(1),
        number,
        record: None,
        fields: [].into(),
        state: RowState::Completed,
        refusals: Vec::new(),
        at,
    }
}

/// Three entries of the history and of the log, two of them of the first day, and three events, two of them dealt with.
async fn fill(store: &(impl Store + AuditLog), config: &SyncConfig) {
    for number in 1..=3 {
        let event = SheetEvent { id: format!("e{number}"), rows: None, received: NOW };
        store.accept(&config.company, config.id, event, due(config)).await.expect("accepted");
        let entry = AuditEntry {
            id: Uuid::from_u128(number),
            company: config.company.clone(),
            at: if number < 3 { NOW } else { day(5) },
            actor: Actor::default(),
            action: AuditAction::ConfigChanged,
            subject: String::new(),
        };
        store.record(&entry).await.expect("recorded");
    }
    let changes = SyncChanges {
        events: vec!["e1".into(), "e2".into()],
        history: vec![history(1, NOW), history(2, NOW), history(3, day(5))],
        ..SyncChanges::of(config.id)
    };
    let LeaseAnswer::Granted(lease) = store.lease(NOW, day(1)).await.expect("an answer") else {
        panic!("the lane is free");
    };
    let claim = Claim { urgency: None, limit: 10, skip: Vec::new() };
    let work = store.claim(&lease, NOW, claim).await.expect("a claim");
    let outcomes = work.into_iter().map(|work| (work.key, work.generation, Outcome::Done)).collect();
    let settlement = Settlement { outcomes, sync: vec![changes], ..Settlement::default() };
    store.settle(&lease, NOW, settlement).await.expect("a settlement");
    store.release(&lease, NOW).await.expect("released");
}

/// Entries of the history and of the log, and events that count as known.
async fn left(store: &(impl Store + AuditLog), config: &SyncConfig) -> (usize, usize, usize) {
    let history = store.history(&config.company, config.id, None, 10).await.expect("history");
    let log = store.audit_log(&config.company, None, 10).await.expect("a log");
    let mut known = 0;
    for number in 1..=3 {
        let event = SheetEvent { id: format!("e{number}"), rows: None, received: NOW };
        let accepted = store.accept(&config.company, config.id, event, due(config)).await.expect("an answer");
        known += usize::from(accepted == Accepted::Duplicate);
    }
    (history.len(), log.len(), known)
}

/// What is older than its company keeps it is deleted, no more at once than is asked, and nothing that waits.
pub async fn what_is_old_is_deleted_bite_by_bite(store: Arc<impl Store + AuditLog + DataStore>) {
    let (config, other) = (config(&*store, "acme").await, config(&*store, "other").await);
    fill(&*store, &config).await;
    fill(&*store, &other).await;
    let company = &config.company;
    assert_eq!(store.retention(company).await.expect("an answer"), Retention::default());
    let for_ever = Retention { history: None, events: None, audit: None, messages: None };
    store.set_retention(company, for_ever).await.expect("set");
    assert_eq!(store.retention(company).await.expect("an answer"), for_ever);
    assert!(!store.prune(company, day(100_000), 10).await.expect("an answer"));
    let ten_days = Retention { history: Some(10), events: Some(10), audit: Some(10), messages: None };
    store.set_retention(company, ten_days).await.expect("set");
    assert!(!store.prune(company, day(10), 1).await.expect("an answer"), "not a day too early");
    assert_eq!(left(&*store, &config).await, (3, 3, 3));
    for more in [true, true, false] {
        assert_eq!(store.prune(company, day(11), 1).await.expect("an answer"), more);
    }
    assert_eq!(left(&*store, &config).await, (1, 1, 1));
    assert_eq!(left(&*store, &other).await, (3, 3, 3));
    assert_eq!(store.retention(&other.company).await.expect("an answer"), Retention::default());
}

/// Sessions and consents are deleted once they have ended, and nothing that has not; a new consent makes room by itself.
pub async fn sessions_and_consents_that_have_ended_are_deleted<S>(store: Arc<S>)
where
    S: IdentityStore + DataStore + SessionStore + ConsentStore + SealedTexts,
{
    let session = super::sessions::session(&*store).await;
    let company = &session.company;
    let consent = super::consents::consent();
    for (number, end) in [(1, day(1)), (2, day(1)), (3, day(3))] {
        let session = Session { expires: end, ..session.clone() };
        store.begin_session(&format!("session {number}"), &session, NOW).await.expect("begun");
        store.put(&format!("consent {number}"), consent.clone(), NOW..end).await.expect("stored");
    }
    let left = async || {
        let consents = store.sealed(company).await.expect("a list").len();
        (store.sessions(company).await.expect("sessions").len(), consents)
    };
    assert!(!store.prune(company, day(1) - SignedDuration::from_secs(1), 1).await.expect("an answer"));
    assert_eq!(left().await, (3, 3), "not a second too early");
    for more in [true, true, false] {
        assert_eq!(store.prune(company, day(1), 1).await.expect("an answer"), more);
    }
    assert_eq!(left().await, (1, 1));
    store.put("later", consent, day(3)..day(4)).await.expect("stored");
    assert_eq!(left().await, (1, 1), "the last of the others has ended");
}

/// Messages go with what was counted and told of them; those that wait, are asked about or are too young stay.
pub async fn messages_are_deleted_when_nothing_is_left_to_be_done_for_them(store: Arc<impl Messages + DataStore>) {
    let (acme, other) = (outbox::company(&*store, "acme").await, outbox::company(&*store, "other").await);
    for company in [&acme, &other] {
        fill_messages(&*store, company).await;
    }
    let days = Retention { messages: Some(10), ..Retention::default() };
    store.set_retention(&acme, days).await.expect("set");
    assert!(!store.prune(&acme, day(10), 10).await.expect("an answer"), "not a day too early");
    assert_eq!(left_of_messages(&*store, &acme).await, vec![5, 4, 3, 2, 1]);
    while store.prune(&acme, day(11), 1).await.expect("an answer") {}
    assert_eq!(left_of_messages(&*store, &acme).await, vec![5, 4, 3], "one waits, one is asked about, one is young");
    assert_eq!(left_of_messages(&*store, &other).await, vec![5, 4, 3, 2, 1]);
    let again = NewBatch { key: Some("key".into()), ..batch(&acme, 1, vec![message(9)]) };
    assert_eq!(OutboxStore::accept(&*store, again).await.expect("an answer"), BatchAccepted::Stored, "its request too");
    let heard = || Told::Message(inbound(), Some(OptWord::Stop));
    store.told(&acme, heard(), day(11)).await.expect("told");
    assert_eq!(
        store.opt_outs(&acme, None, 9).await.expect("opt-outs").len(),
        1,
        "that it was told before is forgotten"
    );
    store.told(&other, heard(), day(11)).await.expect("told");
    assert_eq!(store.opt_outs(&other, None, 9).await.expect("opt-outs").len(), 0);
    for (company, may_go) in [(&acme, 1), (&other, 0)] {
        assert_eq!(store.count(company, DAY, ONE, &[outbox::id(5)]).await.expect("counted").len(), may_go);
    }
}

fn inbound() -> InboundMessage {
    let (provider_id, channel) = ("IN".into(), Channel::Sms);
    let from = outbox::number(1).to_string().try_into().expect("a number");
    InboundMessage { provider_id, channel, from, text: String::new(), word: None }
}

/// Of five messages the first two are at their end; the third waits, the fourth is asked about, the fifth is young.
async fn fill_messages(store: &impl Messages, company: &CompanyId) {
    for last in 1..=5 {
        let status = match last {
            1 => MessageStatus::Delivered,
            3 => MessageStatus::Queued,
            _ => MessageStatus::Sent,
        };
        let created = if last == 5 { day(5) } else { NOW };
        let mut new = batch(company, last, vec![Message { status, created, ..message(last) }]);
        new.created = created;
        new.key = (last == 1).then(|| "key".into());
        new.work.retain(|_| last == 3 || last == 4);
        OutboxStore::accept(store, new).await.expect("accepted");
    }
    store.told(company, Told::Message(inbound(), None), NOW).await.expect("told");
    assert_eq!(store.count(company, DAY, ONE, &[outbox::id(3)]).await.expect("counted").len(), 1);
}

async fn left_of_messages(store: &impl Messages, company: &CompanyId) -> Vec<u128> {
    let query = MessageQuery { limit: 99, ..MessageQuery::default() };
    store.messages(company, query).await.expect("messages").iter().map(|one| one.id.as_u128()).collect()
}

/// Sessions that have ended, and lanes on which nothing waits; a lane that comes again has a later epoch.
pub async fn what_says_nothing_any_more_is_deleted<S>(store: Arc<S>)
where
    S: Store + DataStore + SessionStore,
{
    let config = config(&*store, "acme").await;
    let session = super::sessions::session(&*store).await;
    store.begin_session("hash", &session, NOW).await.expect("begun");
    store.enqueue(vec![due(&config)]).await.expect("enqueued");
    let LeaseAnswer::Granted(lease) = store.lease(NOW, session.expires).await.expect("an answer") else {
        panic!("the lane is due");
    };
    let done = Settlement { outcomes: vec![(due(&config).key, 1, Outcome::Done)], ..Settlement::default() };
    store.settle(&lease, NOW, done).await.expect("recorded");
    store.prune(&config.company, session.expires - SignedDuration::from_secs(1), 9).await.expect("an answer");
    assert_eq!(store.sessions(&config.company).await.expect("sessions").len(), 1);
    store.renew(&lease, session.expires).await.expect("its lane is held");
    store.prune(&config.company, session.expires, 9).await.expect("an answer");
    assert_eq!(store.sessions(&config.company).await.expect("sessions"), []);
    let error = store.renew(&lease, session.expires).await.expect_err("its lane is gone");
    assert_eq!(error.kind, StoreErrorKind::StaleLease);
    store.enqueue(vec![due(&config)]).await.expect("enqueued");
    let LeaseAnswer::Granted(anew) = store.lease(NOW, day(1)).await.expect("an answer") else {
        panic!("the lane is due");
    };
    assert!(anew.epoch > lease.epoch);
}

/// A company's connections are told without their tokens, its sessions without their hashes, events with their end.
pub async fn what_is_kept_is_listed<S>(store: Arc<S>)
where
    S: Store + AuditLog + DataStore + TokenStore + SessionStore,
{
    let config = config(&*store, "acme").await;
    let company = &config.company;
    fill(&*store, &config).await;
    let session = super::sessions::session(&*store).await;
    store.begin_session("hash", &session, NOW).await.expect("begun");
    let of_company = TokenKey::of_company(company, Service::Bitrix24);
    for key in [super::tokens::key(), of_company.clone()] {
        store.save(&key, token(0, "access")).await.expect("saved");
    }
    let connections = store.connections(company).await.expect("connections");
    let whose: Vec<_> = connections.iter().map(|one| (one.user.as_str(), one.service)).collect();
    assert_eq!(whose, [("acme", Service::Bitrix24), ("ayse", Service::GoogleSheets)]);
    assert_eq!(connections[1].account_email, "a@example.com");
    assert_eq!(store.sessions(company).await.expect("sessions"), [session]);
    let first = store.event_log(company, config.id, None, 2).await.expect("events");
    let second = store.event_log(company, config.id, Some("e2"), 2).await.expect("events");
    let told = [first, second].concat();
    let told: Vec<_> = told.iter().map(|one| (one.event.id.as_str(), one.processed)).collect();
    assert_eq!(told, [("e1", Some(NOW)), ("e2", Some(NOW)), ("e3", None)]);
    let other = "other".parse().expect("an id");
    assert_eq!(store.connections(&other).await.expect("connections"), []);
    assert_eq!(store.sessions(&other).await.expect("sessions"), []);
    assert_eq!(store.event_log(&other, config.id, None, 2).await.expect("events"), []);
}
