//! Old data, and the turn that deletes them.

use std::sync::Arc;
use std::time::Duration;

use kopru_domain::CompanyId;
use kopru_ports::Clock as _;
use kopru_ports::audit::{Actor, AuditAction, AuditEntry, AuditLog};
use kopru_ports::data::{DataStore, Retention};
use kopru_ports::identity::IdentityStore;
use kopru_ports_testkit::MemoryStore;
use uuid::Uuid;

use crate::worker::{Worker, World};

const HOUR: Duration = Duration::from_hours(1);

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
        let entry = AuditEntry {
            id: Uuid::from_u128(number),
            company: company.clone(),
            at: world.clock.now() - 24 * day * HOUR,
            actor: Actor::default(),
            action: AuditAction::ConfigChanged,
            subject: String::new(),
        };
        store.record(&entry).await.expect("recorded");
    }
    let worker = Worker::start(&world);
    worker.engine.keep_house().await.expect("kept");
    for (hours, left) in [(1, 100), (24, 100), (24, 0)] {
        world.clock.sleep_until(world.clock.now() + hours * HOUR).await;
        assert_eq!(entries(&store, &company).await, left);
    }
}
