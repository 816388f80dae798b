//! Random calls have the same answers from every store. Many more of them:
//! `PROPTEST_CASES=5000 scripts/with-pg cargo test -p kopru-store-postgres agreement`.

mod calls;
mod messages;
mod run;

use std::sync::Arc;

use kopru_ports_testkit::MemoryStore;
use kopru_store_postgres::PostgresStore;
use kopru_store_sqlite::SqliteStore;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sqlx::{Connection, PgConnection};
use tokio::runtime::Runtime;

use crate::database::fresh_url;
use calls::{Step, steps};
use run::{Store, answers};

/// Runs random steps on a store in memory and on the one that `other` gives, empty.
fn agree<S: Store, F: Future<Output = Arc<S>>>(runtime: &Runtime, cases: u32, other: impl Fn() -> F) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let same = |steps: Vec<Step>| {
        let memory = runtime.block_on(answers(&MemoryStore::default(), &steps));
        let store = runtime.block_on(async { answers(&*other().await, &steps).await });
        for (number, (expected, answer)) in memory.into_iter().zip(store).enumerate() {
            prop_assert_eq!(expected, answer, "memory, and the other store, at the end or at {:?}", steps.get(number));
        }
        Ok(())
    };
    TestRunner::new(config).run(&steps(), same).unwrap();
}

#[test]
fn sqlite_answers_as_memory_does() {
    // In memory where that can be had: each case has a file, and each call its own commit.
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let fresh = || async {
        let file = tempfile::tempdir_in(&folder).unwrap().keep().join("kopru.db");
        Arc::new(SqliteStore::open(&file).await.unwrap())
    };
    agree(&Runtime::new().unwrap(), Config::default().cases, fresh);
}

#[test]
fn postgres_answers_as_memory_does() {
    let runtime = Runtime::new().unwrap();
    let Some(url) = runtime.block_on(fresh_url()) else { return };
    // With one connection: what a refused call rolls back may be under way when its answer is there, and a lane is
    // passed over as long as its row is locked.
    let store = Arc::new(runtime.block_on(PostgresStore::open(&url, 1)).unwrap());
    let emptied = || async {
        empty(&url).await;
        store.clone()
    };
    agree(&runtime, Config::default().cases / 4, emptied);
}

async fn empty(url: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql("TRUNCATE kopru.company, kopru.lane, kopru.work, kopru.attempt, kopru.limiter CASCADE")
        .execute(&mut connection)
        .await
        .unwrap();
}
