//! [`DataStore::erase`]'s clauses.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kopru_domain::message::{Channel, OptOutCause, Template};
use kopru_domain::{CompanyId, Gid, RowState};
use kopru_ports::StoreErrorKind;
use kopru_ports::audit::{Actor, AuditAction, AuditEntry, AuditLog};
use kopru_ports::configs::SyncConfig;
use kopru_ports::data::{DataStore, HOUSE};
use kopru_ports::delivery::{Lease, LeaseAnswer, NewAttempt, NewWork, Outcome, Settlement, Urgency};
use kopru_ports::gate::{Charge, Limit, LimitStore, Pass, Spent};
use kopru_ports::identity::{ApiKey, Scope};
use kopru_ports::integrations::{IntegrationKind, IntegrationStore};
use kopru_ports::oauth::{ConsentStore, PendingConsent};
use kopru_ports::origins::OriginStore;
use kopru_ports::outbox::{ContactStore, Message, MessageQuery, OptOut, OutboxStore};
use kopru_ports::sessions::{Session, SessionKind, SessionStore};
use kopru_ports::sync::{HistoryEntry, RowsQuery, SheetEvent, SyncChanges, SyncStore};
use kopru_ports::texts::{NamedTemplate, TextStore};
use kopru_ports::tokens::{Saved, Service, StoredToken, TokenKey, TokenStore};
use secrecy::SecretString;
use serde_json::Value;
use uuid::Uuid;

use super::outbox::{self, batch, message};
use super::sync::{Store, due, new_config, row_id, seen};
use super::tokens::token;

const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);
const LATER: Timestamp = Timestamp::constant(1_700_086_400, 0);

/// All that something is kept in.
pub trait Whole:
    Store
    + AuditLog
    + DataStore
    + TokenStore
    + ConsentStore
    + SessionStore
    + IntegrationStore
    + OriginStore
    + OutboxStore
    + ContactStore
    + TextStore
    + LimitStore
{
}
impl<S> Whole for S where
    S: Store
        + AuditLog
        + DataStore
        + TokenStore
        + ConsentStore
        + SessionStore
        + IntegrationStore
        + OriginStore
        + OutboxStore
        + ContactStore
        + TextStore
        + LimitStore
{
}

/// A company with something in everything that belongs to no person.
async fn company(store: &impl Whole, name: &str) -> CompanyId {
    let company: CompanyId = name.parse().expect("an id");
    store.add_company(&company, name, NOW).await.expect("a company");
    store.set_origins(&company, &["https://a.example".to_owned()]).await.expect("set");
    let settings = SecretString::from("sealed");
    IntegrationStore::put(store, &company, IntegrationKind::Bitrix24, settings).await.expect("put");
    for last in 1..=3 {
        let out =
            OptOut { channel: Channel::Sms, address: outbox::number(last), since: NOW, cause: OptOutCause::Asked };
        store.set_opt_out(&company, &out, true).await.expect("set");
    }
    let template = NamedTemplate { name: "n".into(), template: Template::parse("t").expect("sound"), changed: NOW };
    store.put_template(&company, &template).await.expect("put");
    spend(store, &company, &format!("bitrix24-time:p:{name}:m")).await;
    company
}

fn bucket(company: &CompanyId, scope: &str) -> Pass {
    let limit = Limit { scope: scope.to_owned(), per_second: 0.001, burst: 1.0, kept: 0.0 };
    Pass { company: company.clone(), urgency: Urgency::Bulk, charges: vec![Charge { limit, cost: 1.0 }] }
}

/// Whether the limit was full.
async fn spend(store: &impl Whole, company: &CompanyId, scope: &str) -> bool {
    store.spend(NOW, &bucket(company, scope)).await.expect("an answer") == Spent::All
}

fn connection(company: &CompanyId, user: &str) -> TokenKey {
    TokenKey { company: company.clone(), user: user.parse().expect("an id"), service: Service::GoogleSheets }
}

fn consent(company: &CompanyId, user: &str) -> PendingConsent {
    PendingConsent {
        key: connection(company, user),
        sealed_verifier: "sealed".into(),
        return_to: "/".into(),
        session: None,
        by_code: false,
        sealed_code: None,
        actor: Actor::default(),
    }
}

/// Something of one of its people in everything, three times where there can be many.
async fn person(store: &impl Whole, company: &CompanyId, user: &str, number: u32) -> SyncConfig {
    let key = ApiKey {
        id: Uuid::now_v7(),
        company: company.clone(),
        name: String::new(),
        last_four: "wxyz".into(),
        scopes: vec![Scope::Admin],
        created: NOW,
        revoked: None,
    };
    store.add_key(&key, &format!("{company} {user}")).await.expect("a key");
    let session = Session {
        company: company.clone(),
        user: user.parse().expect("an id"),
        kind: SessionKind::Embedded,
        scopes: vec![],
        key: key.id,
        expires: LATER,
    };
    store.begin_session(&format!("session {company} {user}"), &session, NOW).await.expect("begun");
    let connected = StoredToken { account_id: format!("account {user}"), ..token(0, "access") };
    store.save(&connection(company, user), connected).await.expect("saved");
    spend(store, company, &format!("google:c:read:account {user}")).await;
    let state = format!("state {company} {user}");
    ConsentStore::put(store, &state, consent(company, user), NOW..LATER).await.expect("stored");
    for (action, actor, subject) in [
        (AuditAction::ConfigCreated, Some(user), ""),
        (AuditAction::LinkMade, None, user),
        (AuditAction::TemplateChanged, Some("somebody"), user),
    ] {
        let actor = Actor { key: None, user: actor.map(|user| user.parse().expect("an id")) };
        let (id, company, subject) = (Uuid::now_v7(), company.clone(), subject.to_owned());
        store.record(&AuditEntry { id, company, at: NOW, actor, action, subject }).await.expect("recorded");
    }
    let config = SyncConfig {
        user: user.parse().expect("an id"),
        gid: Gid(i32::try_from(number).expect("few")),
        ..new_config(company.as_str())
    };
    store.add(&config).await.expect("a configuration");
    rows(store, &config).await;
    messages(store, company, user, number).await;
    config
}

/// Rows, events, history, and work for later.
async fn rows(store: &impl Whole, config: &SyncConfig) {
    for number in 1..=3 {
        let event = SheetEvent { id: format!("e{number}"), rows: None, received: NOW };
        SyncStore::accept(store, &config.company, config.id, event, due(config)).await.expect("accepted");
    }
    let lease = leased(store, NOW).await;
    assert_eq!(lease.company, config.company);
    let changes = SyncChanges {
        seen: (1..=3).map(|number| seen(number, "a")).collect(),
        history: (1..=3).map(history).collect(),
        ..SyncChanges::of(config.id)
    };
    let key = due(config).key;
    let settlement =
        Settlement { outcomes: vec![(key, 3, Outcome::Done)], sync: vec![changes], ..Settlement::default() };
    store.settle(&lease, NOW, settlement).await.expect("a settlement");
    store.release(&lease, NOW).await.expect("released");
    let later = |number| NewWork { key: format!("{}/{number}", config.id), due: LATER, ..due(config) };
    store.enqueue((1..=3).map(later).collect()).await.expect("enqueued");
}

fn history(number: u32) -> HistoryEntry {
    HistoryEntry {
        row: row_id(1),
        number,
        record: None,
        fields: [].into(),
        state: RowState::Completed,
        refusals: Vec::new(),
        at: NOW,
    }
}

/// Three messages of one request, which wait for later.
async fn messages(store: &impl Whole, company: &CompanyId, user: &str, number: u32) {
    let first = u128::from(number) * 100;
    let user = Some(user.parse().expect("an id"));
    let messages = (1..=3).map(|last| outbox::id(first + last));
    let messages = messages.map(|id| Message { id, user: user.clone(), ..message(1) });
    let mut batch = batch(company, first, messages.collect());
    for work in &mut batch.work {
        work.due = LATER;
    }
    OutboxStore::accept(store, batch).await.expect("accepted");
}

async fn leased(store: &impl Whole, now: Timestamp) -> Lease {
    match store.lease(now, now + Duration::from_secs(30)).await.expect("an answer") {
        LeaseAnswer::Granted(lease) => lease,
        LeaseAnswer::Idle(next) => panic!("nothing was due, next {next:?}"),
    }
}

/// What is kept of a company, a line for each thing.
async fn kept(store: &impl Whole, company: &CompanyId) -> Vec<String> {
    let mut kept = Vec::new();
    kept.extend(store.keys(company).await.expect("keys").iter().map(|one| format!("key {}", one.id)));
    kept.extend(store.origins(company).await.expect("origins").iter().map(|one| format!("origin {one}")));
    let settings = IntegrationStore::get(store, company, IntegrationKind::Bitrix24).await.expect("an answer");
    kept.extend(settings.map(|_| "settings".to_owned()));
    let connections = store.connections(company).await.expect("connections");
    kept.extend(connections.iter().map(|one| format!("connection of {}", one.user)));
    let sessions = store.sessions(company).await.expect("sessions");
    kept.extend(sessions.iter().map(|one| format!("session of {}", one.user)));
    let out = store.opt_outs(company, None, 99).await.expect("opt-outs");
    kept.extend(out.iter().map(|one| format!("opt-out {}", one.address)));
    let templates = store.templates(company, None, 99).await.expect("templates");
    kept.extend(templates.iter().map(|one| format!("template {}", one.name)));
    let query = MessageQuery { limit: 99, ..MessageQuery::default() };
    let messages = store.messages(company, query).await.expect("messages");
    kept.extend(messages.iter().map(|one| format!("message of {:?}: {}", one.user, one.id)));
    let log = store.audit_log(company, None, 99).await.expect("a log");
    kept.extend(log.iter().map(|one| format!("audit {:?} {:?} {}", one.action, one.actor.user, one.subject)));
    for config in store.list(company, None, 99).await.expect("configurations") {
        kept.extend(kept_of(store, &config).await);
    }
    kept
}

async fn kept_of(store: &impl Whole, config: &SyncConfig) -> Vec<String> {
    let (company, id, user) = (&config.company, config.id, &config.user);
    let rows = store.rows(company, id, RowsQuery::After(None, 99)).await.expect("rows");
    let events = store.event_log(company, id, None, 99).await.expect("events");
    let history = store.history(company, id, None, 99).await.expect("history");
    let work = store.summary(company, id).await.expect("a summary").work;
    let counts = (rows.len(), events.len(), history.len(), work);
    vec![format!("config of {user}, enabled: {}", config.enabled), format!("of {user}'s: {counts:?}")]
}

async fn erase(store: &impl Whole, company: &CompanyId, user: Option<&str>) {
    let person = user.map(|user| user.parse().expect("an id"));
    while store.erase(company, person.as_ref(), NOW, 2).await.expect("an answer") {}
}

/// What is left of two people and of another company when one person is gone: all of it, and nothing of the person. A
/// turn that was under way records nothing of the person.
pub async fn a_person_is_erased_and_nobody_else(store: Arc<impl Whole>) {
    let (acme, other) = (company(&*store, "acme").await, company(&*store, "other").await);
    let config = person(&*store, &acme, "ayse", 1).await;
    person(&*store, &acme, "can", 2).await;
    person(&*store, &other, "ayse", 3).await;
    let is_of_nobody_else = |line: &String| !line.contains("ayse") || line.contains("somebody");
    let (before, others) = (kept(&*store, &acme).await, kept(&*store, &other).await);
    assert!(before.len() > 20 && before.contains(&"of ayse's: (3, 3, 3, 3)".to_owned()), "{before:#?}");
    store.enqueue(vec![due(&config)]).await.expect("enqueued");
    let under_way = leased(&*store, NOW).await;

    erase(&*store, &acme, Some("ayse")).await;
    let left: Vec<_> = before.into_iter().filter(is_of_nobody_else).collect();
    assert_eq!(kept(&*store, &acme).await, left);
    assert_eq!(kept(&*store, &other).await, others);
    for (state, is_there) in [("acme ayse", false), ("acme can", true), ("other ayse", true)] {
        let taken = store.take(&format!("state {state}"), NOW).await.expect("an answer");
        assert_eq!(taken.is_some(), is_there, "{state}");
    }
    let refreshed = store.save(&connection(&acme, "ayse"), token(1, "refreshed")).await.expect("an answer");
    assert_eq!(refreshed, Saved::Conflict);
    let changes = SyncChanges { seen: vec![seen(9, "b")], history: vec![history(9)], ..SyncChanges::of(config.id) };
    let settlement = Settlement {
        outcomes: vec![(due(&config).key, 1, Outcome::Done)],
        sync: vec![changes],
        ..Settlement::default()
    };
    store.settle(&under_way, NOW, settlement).await.expect("recorded, of others");
    assert_eq!(kept(&*store, &acme).await, left);
    let scope = "google:c:read:account ayse";
    assert!(!spend(&*store, &acme, scope).await, "the account is connected in the other company too");
    erase(&*store, &other, Some("ayse")).await;
    assert!(spend(&*store, &other, scope).await, "and now nowhere");
}

/// Nothing is left of it, and all of the other one. Nothing can be kept of it until it is made anew.
pub async fn a_company_is_erased_and_no_other(store: Arc<impl Whole>) {
    let (acme, other) = (company(&*store, "acme").await, company(&*store, "other").await);
    let config = person(&*store, &acme, "ayse", 1).await;
    person(&*store, &other, "ayse", 2).await;
    let others = kept(&*store, &other).await;
    erase(&*store, &acme, None).await;
    assert_eq!(kept(&*store, &acme).await, Vec::<String>::new());
    assert_eq!(kept(&*store, &other).await, others);
    let companies = store.companies().await.expect("companies");
    assert_eq!(companies.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["other"]);
    assert!(store.take("state acme ayse", NOW).await.expect("an answer").is_none());
    assert!(store.take("state other ayse", NOW).await.expect("an answer").is_some());
    assert!(store.key_by_hash("acme ayse").await.expect("an answer").is_none());
    assert!(spend(&*store, &acme, "bitrix24-time:p:acme:m").await, "its limits are forgotten");
    assert!(!spend(&*store, &other, "bitrix24-time:p:other:m").await);

    let put = ConsentStore::put(&*store, "state", consent(&acme, "ayse"), NOW..LATER).await;
    let accepted = OutboxStore::accept(&*store, batch(&acme, 7, vec![message(7)])).await;
    for kind in [
        store.add(&config).await.expect_err("no company").kind,
        put.expect_err("no company").kind,
        accepted.expect_err("no company").kind,
    ] {
        assert_eq!(kind, StoreErrorKind::Conflict);
    }
    let late = NewAttempt { key: due(&config).key, generation: 1, payload: Value::Null, deadline: NOW };
    assert!(store.reopen(due(&config), late).await.expect("an answer"), "nothing to be looked at");
    let LeaseAnswer::Granted(lease) = store.lease(LATER, LATER + Duration::from_secs(1)).await.expect("an answer")
    else {
        panic!("the other company's lane is due");
    };
    assert_eq!(lease.company, other);
}

/// Bite after bite, each no larger than is asked; what its lane holds is there until the end.
pub async fn an_erasure_goes_on_from_wherever_it_broke_off(store: Arc<impl Whole>) {
    let acme = company(&*store, "acme").await;
    person(&*store, &acme, "ayse", 1).await;
    let erasing = NewWork { lane: HOUSE.into(), ..outbox::work(&acme, &message(1)) };
    store.enqueue(vec![erasing]).await.expect("enqueued");
    let mut sizes = vec![kept(&*store, &acme).await.len()];
    while store.erase(&acme, None, NOW, 1).await.expect("an answer") {
        sizes.push(kept(&*store, &acme).await.len());
        let lease = leased(&*store, NOW + SignedDuration::from_mins(i64::try_from(sizes.len()).expect("few"))).await;
        assert_eq!(lease.lane, HOUSE);
    }
    assert!(sizes.len() > 3 && sizes.is_sorted_by(|more, less| more >= less), "{sizes:?}");
    assert_eq!(kept(&*store, &acme).await.len(), 0);
    assert!(!store.erase(&acme, None, NOW, 1).await.expect("an answer"), "repeatable");
    let idle = store.lease(LATER, LATER).await.expect("an answer");
    assert_eq!(idle, LeaseAnswer::Idle(None));
}

/// A turn that was under way finds its lane gone, also when the company was made anew meanwhile.
pub async fn with_an_erased_companys_lane_nothing_is_recorded(store: Arc<impl Whole>) {
    let acme = company(&*store, "acme").await;
    let config = person(&*store, &acme, "ayse", 1).await;
    store.enqueue(vec![due(&config)]).await.expect("enqueued");
    let before = leased(&*store, NOW).await;
    erase(&*store, &acme, None).await;
    let settlement = || Settlement { follow_ups: vec![due(&config)], ..Settlement::default() };
    let error = store.settle(&before, NOW, settlement()).await.expect_err("no lane");
    assert_eq!(error.kind, StoreErrorKind::StaleLease);
    assert_eq!(store.lease(LATER, LATER).await.expect("an answer"), LeaseAnswer::Idle(None));

    company(&*store, "acme").await;
    store.enqueue(vec![due(&config)]).await.expect("enqueued");
    let anew = leased(&*store, NOW).await;
    assert!(anew.epoch > before.epoch);
    assert_eq!(store.settle(&before, NOW, settlement()).await.expect_err("stale").kind, StoreErrorKind::StaleLease);
}
