//! Two processes and one lane: the one that was frozen past its lease records nothing any more.

use std::time::Duration;

use jiff::Timestamp;
use kopru_ports::delivery::{Claim, DeliveryStore, Lease, LeaseAnswer, NewAttempt, NewWork, Outcome, Settlement, Work};
use kopru_ports::{Clock, StoreError};
use kopru_store_postgres::{DatabaseClock, PostgresStore};
use rustix::process::Signal;
use serde_json::Value;
use sqlx::{Connection, PgConnection};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

use crate::database::{fresh_url, open, work};
use crate::worker::{Process, SAYS, database};

const LEASE: Duration = Duration::from_millis(300);
const WAITS: &str = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
const WORKER: &str = "fencing::worker";

#[tokio::test]
async fn a_process_that_was_frozen_past_its_lease_records_nothing() {
    let Some(url) = fresh_url().await else { return };
    open(&url).await.enqueue(vec![work("a", "1"), work("a", "2")]).await.unwrap();
    let (mut frozen, mut other) = (Process::start(WORKER, &url), Process::start(WORKER, &url));
    assert_eq!(frozen.ask("lease").await, "leased a");
    assert_eq!(frozen.ask("claim").await, "claimed 2");
    frozen.signal(Signal::STOP);
    assert_eq!(other.ask("lease").await, "leased a");
    assert_eq!(other.ask("claim").await, "claimed 2");
    assert_eq!(other.ask("settle 1").await, "done");
    frozen.signal(Signal::CONT);
    for call in ["freeze", "renew", "claim", "settle 2"] {
        assert_eq!(frozen.ask(call).await, "StaleLease", "{call}");
    }
    assert_eq!(frozen.ask("release").await, "done");
    assert_eq!(other.ask("claim").await, "claimed 1", "the other still holds the lane, and the other key is due");
}

#[tokio::test]
async fn a_process_that_froze_while_it_recorded_is_undone_and_frees_its_lane() {
    let Some(url) = fresh_url().await else { return };
    open(&url).await.enqueue(vec![work("a", "1")]).await.unwrap();
    let (mut frozen, mut other) = (Process::start(WORKER, &url), Process::start(WORKER, &url));
    assert_eq!(frozen.ask("lease").await, "leased a");
    assert_eq!(frozen.ask("claim").await, "claimed 1");
    let mut admin = PgConnection::connect(&url).await.unwrap();
    let mut held_up = admin.begin().await.unwrap();
    sqlx::query("SELECT 1 FROM kopru.work FOR UPDATE").execute(&mut *held_up).await.unwrap();
    frozen.tell("settle 1").await;
    until_somebody_waits(&mut held_up).await;
    frozen.signal(Signal::STOP);
    held_up.commit().await.unwrap();
    assert_eq!(other.ask("lease").await, "leased a");
    assert_eq!(other.ask("claim").await, "claimed 1");
    frozen.signal(Signal::CONT);
    assert_eq!(frozen.answer().await.unwrap(), "Unavailable");
    assert_eq!(frozen.ask("settle 1").await, "StaleLease");
    assert_eq!(other.ask("settle 1").await, "done");
}

/// Returns once some transaction of this database waits for a lock: nothing tells of it, so it is looked for. Locks
/// alone would not do: one that waits for a row names no database, and other tests' databases are on the same server.
async fn until_somebody_waits(connection: &mut PgConnection) {
    loop {
        let row = sqlx::query(WAITS).fetch_optional(&mut *connection).await;
        if row.unwrap().is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
#[ignore = "a process of the tests above"]
async fn worker() {
    let Some(url) = database() else { return };
    let store = open(&url).await;
    let clock = store.clock().await.unwrap();
    let mut worker = Worker { store: (*store).clone(), clock, lease: None, claimed: Vec::new() };
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        let said = worker.call(&line).await.unwrap_or_else(|error| format!("{:?}", error.kind));
        println!("{SAYS}{said}");
    }
}

struct Worker {
    store: PostgresStore,
    clock: DatabaseClock,
    lease: Option<Lease>,
    claimed: Vec<Work>,
}

impl Worker {
    async fn call(&mut self, line: &str) -> Result<String, StoreError> {
        let now = self.clock.now();
        if line == "lease" {
            let lease = self.lease(LEASE).await?;
            return Ok(format!("leased {}", self.lease.insert(lease).lane));
        }
        let lease = self.lease.as_ref().expect("a lease");
        let attempt = || NewAttempt { key: "1".into(), generation: 1, payload: Value::Null, deadline: now };
        match line.split_once(' ').unwrap_or((line, "")) {
            ("claim", _) => {
                let claim = Claim { urgency: None, limit: 9, skip: Vec::new() };
                self.claimed = self.store.claim(lease, now, claim).await?;
                return Ok(format!("claimed {}", self.claimed.len()));
            }
            ("freeze", _) => self.store.freeze(lease, vec![attempt()]).await?,
            ("renew", _) => self.store.renew(lease, now + LEASE).await?,
            ("release", _) => self.store.release(lease, now).await?,
            ("settle", key) => self.store.settle(lease, now, self.settlement(key, now)).await?,
            (other, _) => panic!("{other} is no call"),
        }
        Ok("done".to_owned())
    }

    /// A lane, once one is free.
    async fn lease(&self, length: Duration) -> Result<Lease, StoreError> {
        loop {
            let now = self.clock.now();
            match self.store.lease(now, now + length).await? {
                LeaseAnswer::Granted(lease) => return Ok(lease),
                LeaseAnswer::Idle(next) => self.clock.sleep_until(next.expect("something will be due")).await,
            }
        }
    }

    fn settlement(&self, key: &str, now: Timestamp) -> Settlement {
        let claimed = self.claimed.iter().find(|work| work.key == key).expect("claimed");
        Settlement {
            outcomes: vec![(key.to_owned(), claimed.generation, Outcome::Done)],
            follow_ups: vec![NewWork { due: now, ..work("b", key) }],
            ..Settlement::default()
        }
    }
}
