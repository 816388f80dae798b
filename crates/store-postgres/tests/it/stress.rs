//! Four processes, many keys, and somebody who freezes and kills them at any moment: each step of each key
//! is settled once, and never with a lease that was lost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kopru_domain::{ConfigId, EntityKind, Gid, Language, Mapping, RowId, RowState, RowTag};
use kopru_ports::configs::{ConfigStore, SyncConfig};
use kopru_ports::delivery::{Claim, DeliveryStore, Lease, LeaseAnswer, NewAttempt, NewWork, Outcome, Settlement, Work};
use kopru_ports::identity::IdentityStore;
use kopru_ports::sync::{HistoryEntry, SyncChanges, SyncStore};
use kopru_ports::{Clock, StoreError, StoreErrorKind};
use kopru_store_postgres::{DatabaseClock, PostgresStore};
use rustix::process::Signal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{NOW, fresh_url, open, work};
use crate::worker::{Process, database};

const CONFIG: ConfigId = ConfigId(Uuid::from_u128(1));
const LANES: u64 = 8;
const KEYS: u64 = 40;
/// So often each key is worked on, with a generation of its own.
const STEPS: u64 = 3;
const LEASE: Duration = Duration::from_millis(150);
/// How long a vendor would take: where a worker is most of the time.
const CALL: Duration = Duration::from_millis(10);

#[tokio::test]
async fn whatever_is_frozen_or_killed_each_step_is_settled_once_by_the_lanes_holder() {
    let Some(url) = fresh_url().await else { return };
    let store = open(&url).await;
    prepare(&store).await;
    let mut workers: Vec<_> = (0..4).map(|_| Process::start("stress::worker", &url)).collect();
    let mut random = fastrand::Rng::with_seed(7);
    while !is_done(&store).await {
        disturb(&mut workers, &mut random, &url).await;
    }
    check(&store).await;
}

/// One worker is frozen for a while, past its lease or not, or killed and replaced.
async fn disturb(workers: &mut [Process], random: &mut fastrand::Rng, url: &str) {
    let worker = random.choice(workers.iter_mut()).expect("a worker");
    if random.u8(..10) == 0 {
        worker.signal(Signal::KILL);
        *worker = Process::start("stress::worker", url);
    } else {
        worker.signal(Signal::STOP);
        tokio::time::sleep(Duration::from_millis(random.u64(1..300))).await;
        worker.signal(Signal::CONT);
    }
}

async fn prepare(store: &PostgresStore) {
    let config = SyncConfig {
        id: CONFIG,
        company: work("", "").company,
        user: "ayse".parse().unwrap(),
        name: String::new(),
        spreadsheet: "s".parse().unwrap(),
        gid: Gid(0),
        entity: EntityKind::Lead,
        portal: "a.example".into(),
        mapping: Mapping::default(),
        language: Language::Tr,
        quiet_ms: 0,
        enabled: true,
        webhook_key_hash: String::new(),
        sealed_secret: String::new(),
        created: NOW,
        scan: None,
        restored: None,
        held: false,
    };
    store.add_company(&config.company, "", NOW).await.unwrap();
    store.add(&config).await.unwrap();
    let key = |number: u64| NewWork { payload: json!(0), ..work(&(number % LANES).to_string(), &number.to_string()) };
    store.enqueue((0..LANES * KEYS).map(key).collect()).await.unwrap();
}

async fn is_done(store: &PostgresStore) -> bool {
    store.history(&work("", "").company, CONFIG, None, u32::MAX).await.unwrap().len() as u64 >= LANES * KEYS * STEPS
}

/// The history in the order in which it was written; an entry says lane, key, step and the lease's epoch.
async fn check(store: &PostgresStore) {
    let mut history = store.history(&work("", "").company, CONFIG, None, u32::MAX).await.unwrap();
    history.reverse();
    let (mut epochs, mut steps) = (BTreeMap::new(), BTreeSet::new());
    for (_, entry) in history {
        let said: Value = serde_json::from_str(&entry.record.unwrap()).unwrap();
        let epoch = said["epoch"].as_i64().unwrap();
        let last = epochs.insert(said["lane"].to_string(), epoch).unwrap_or(0);
        assert!(last <= epoch, "lane {} was settled with epoch {epoch} after {last}", said["lane"]);
        let step = (said["key"].to_string(), said["step"].as_u64().unwrap());
        assert!(steps.insert(step.clone()), "{step:?} was settled twice");
    }
    assert_eq!(steps.len() as u64, LANES * KEYS * STEPS);
    assert_eq!(store.lease(NOW, NOW).await.unwrap(), LeaseAnswer::Idle(None), "nothing is left to be done");
}

#[tokio::test]
#[ignore = "a process of the test above"]
async fn worker() {
    let Some(url) = database() else { return };
    let store = open(&url).await;
    let worker = Worker { clock: store.clock().await.unwrap(), store: (*store).clone() };
    let (mut told, mut nowhere) = (tokio::io::stdin(), tokio::io::sink());
    tokio::select! {
        () = worker.serve() => {}
        // Whoever started it is gone.
        _ = tokio::io::copy(&mut told, &mut nowhere) => {}
    }
}

struct Worker {
    store: PostgresStore,
    clock: DatabaseClock,
}

impl Worker {
    async fn serve(&self) {
        loop {
            if let Err(error) = self.turn().await {
                assert!(matches!(error.kind, StoreErrorKind::StaleLease | StoreErrorKind::Unavailable), "{error}");
            }
        }
    }

    /// One turn on one lane.
    async fn turn(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let lease = match self.store.lease(now, now + LEASE).await? {
            LeaseAnswer::Granted(lease) => lease,
            LeaseAnswer::Idle(_) => {
                tokio::time::sleep(CALL).await;
                return Ok(());
            }
        };
        let claim = Claim { urgency: None, limit: 5, skip: Vec::new() };
        let claimed = self.store.claim(&lease, self.clock.now(), claim).await?;
        let deadline = self.clock.now() + LEASE;
        let attempt = |work: &Work| NewAttempt {
            key: work.key.clone(),
            generation: work.generation,
            payload: Value::Null,
            deadline,
        };
        self.store.freeze(&lease, claimed.iter().map(attempt).collect()).await?;
        tokio::time::sleep(CALL).await;
        self.store.renew(&lease, self.clock.now() + LEASE).await?;
        self.store.settle(&lease, self.clock.now(), settlement(&lease, &claimed)).await?;
        self.store.release(&lease, self.clock.now()).await
    }
}

fn settlement(lease: &Lease, claimed: &[Work]) -> Settlement {
    let outcome = |work: &Work| match work.payload.as_u64().unwrap() + 1 {
        STEPS => (work.key.clone(), work.generation, Outcome::Done),
        step => (work.key.clone(), work.generation, Outcome::Again { due: NOW, payload: json!(step) }),
    };
    let entry = |work: &Work| HistoryEntry {
        row: RowId::new(&RowTag::of(&"s".parse().unwrap(), Gid(0), "a.example"), Uuid::nil()),
        number: 0,
        record: Some(
            json!({ "lane": lease.lane, "epoch": lease.epoch, "key": work.key, "step": work.payload }).to_string(),
        ),
        fields: BTreeMap::new(),
        state: RowState::Completed,
        refusals: Vec::new(),
        at: NOW,
    };
    Settlement {
        outcomes: claimed.iter().map(outcome).collect(),
        sync: vec![SyncChanges { history: claimed.iter().map(entry).collect(), ..SyncChanges::of(CONFIG) }],
        ..Settlement::default()
    }
}
