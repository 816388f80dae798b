//! Old data, and the turn that deletes them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_engine::Caller;
use kopru_ports::Clock as _;
use kopru_ports::audit::{Actor, AuditAction, AuditEntry, AuditLog};
use kopru_ports::data::{DataStore, Retention};
use kopru_ports::delivery::{DeliveryStore, Gather, LeaseAnswer, NewWork, Urgency};
use kopru_ports::identity::IdentityStore;
use kopru_ports_testkit::MemoryStore;
use uuid::Uuid;

use crate::worker::{Worker, World};

const HOUR: Duration = Duration::from_hours(1);

fn entry(world: &World, company: &CompanyId, number: u128) -> AuditEntry {
    AuditEntry {
        id: Uuid::from_u128(number),
        company: company.clone(),
        at: world.clock.now(),
        actor: Actor::default(),
        action: AuditAction::ConfigChanged,
        subject: String::new(),
    }
}

async fn entries(store: &MemoryStore, company: &CompanyId) -> usize {
    store.audit_log(company, None, u32::MAX).await.expect("a log").len()
}

#[tokio::test(start_paused = true)]
async fn what_is_old_is_deleted_today_and_every_day() {
    let world = World::new(1, None);
    let (store, company): (Arc<MemoryStore>, CompanyId) = (world.memory.clone(), "acme".parse().expect("an id"));
    store.add_company(&company, "", world.clock.now()).await.expect("a company");
    let two_days = Retention { audit: Some(2), ..Retention::default() };
    store.set_retention(&company, two_days).await.expect("set");
    for number in 0..1200 {
        let day = if number < 1100 { 3 } else { 1 };
        let entry = AuditEntry { at: world.clock.now() - 24 * day * HOUR, ..entry(&world, &company, number) };
        store.record(&entry).await.expect("recorded");
    }
    let worker = Worker::start(&world);
    worker.engine.keep_house().await.expect("kept");
    for (hours, left) in [(1, 100), (24, 100), (24, 0)] {
        world.clock.sleep_until(world.clock.now() + hours * HOUR).await;
        assert_eq!(entries(&store, &company).await, left);
    }
}

async fn company(world: &World) -> CompanyId {
    let company: CompanyId = "acme".parse().expect("an id");
    world.memory.add_company(&company, "", world.clock.now()).await.expect("a company");
    company
}

/// Of 1,200 entries of a person's, a worker that is killed meanwhile leaves none; nor of what a request that was under way
/// put back, once that has ended. In the end its lane says nothing of it either.
#[tokio::test(start_paused = true)]
async fn a_person_is_erased_and_looked_for_once_more() {
    let world = World::new(1, None);
    let company = company(&world).await;
    let by_ayse = |number: u128| {
        let actor = Actor { key: None, user: Some("ayse".parse().expect("an id")) };
        AuditEntry { actor, ..entry(&world, &company, number) }
    };
    // The engine's own ids count from one.
    for number in 10_000..11_200 {
        world.memory.record(&by_ayse(number)).await.expect("recorded");
    }
    let worker = Worker::start(&world);
    let ayse = Some("ayse".parse().expect("an id"));
    let erasure = worker.engine.erase(&Caller::operator(company.clone()), ayse).await.expect("begun");
    assert!(worker.engine.erase_on(&erasure).await.expect("a bite"), "500 at once");
    let engine = worker.engine.clone();
    worker.kill();
    engine.enqueue_erasure(&erasure).await.expect("enqueued");
    assert_eq!(entries(&world.memory, &company).await, 701);
    let _worker = Worker::start(&world);
    world.clock.sleep_until(world.clock.now() + Duration::from_mins(1)).await;
    assert_eq!(entries(&world.memory, &company).await, 1, "that somebody was erased");
    world.memory.record(&by_ayse(20_000)).await.expect("recorded");
    world.clock.sleep_until(world.clock.now() + Duration::from_mins(2)).await;
    assert_eq!(entries(&world.memory, &company).await, 1);
    assert_eq!(world.memory.lease(Timestamp::MAX, Timestamp::MAX).await.expect("an answer"), LeaseAnswer::Idle(None));
}

/// What was made due while the company was erased goes when its turn comes.
#[tokio::test(start_paused = true)]
async fn late_work_of_an_erased_company_goes_too() {
    let world = World::new(1, None);
    let company = company(&world).await;
    let worker = Worker::start(&world);
    worker.engine.keep_house().await.expect("kept");
    let erasure = worker.engine.erase(&Caller::operator(company.clone()), None).await.expect("begun");
    worker.engine.enqueue_erasure(&erasure).await.expect("enqueued");
    world.clock.sleep_until(world.clock.now() + Duration::from_mins(1)).await;
    assert_eq!(world.memory.companies().await.expect("companies"), []);
    let late = NewWork {
        company,
        lane: "sheet:s".to_owned(),
        kind: "sheet.scan",
        key: "k".to_owned(),
        owner: String::new(),
        payload: serde_json::Value::Null,
        due: world.clock.now(),
        gather: Gather::Earliest,
        urgency: Urgency::Bulk,
    };
    world.memory.enqueue(vec![late]).await.expect("enqueued");
    world.clock.sleep_until(world.clock.now() + Duration::from_mins(1)).await;
    assert_eq!(world.memory.lease(Timestamp::MAX, Timestamp::MAX).await.expect("an answer"), LeaseAnswer::Idle(None));
}
