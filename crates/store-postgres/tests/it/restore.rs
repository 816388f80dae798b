//! By what a PostgreSQL database is known that was restored; from a dump: `app-http/tests/it/restore.rs`.

use kopru_ports::restore::RestoreStore;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio::task::JoinSet;

use crate::database::{NOW, fresh_url, open};

/// A copy of the database, which must have no connections; its address.
async fn copy(url: &str) -> String {
    let (address, name) = url.rsplit_once('/').unwrap();
    let mut server = PgConnection::connect(&format!("{address}/postgres")).await.unwrap();
    for sql in [
        format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
        format!("CREATE DATABASE {name}_copy TEMPLATE {name}"),
    ] {
        server.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    format!("{url}_copy")
}

#[tokio::test]
async fn of_all_instances_one_notices() {
    let Some(url) = fresh_url().await else { return };
    let store = open(&url).await;
    for _ in 0..2 {
        assert!(!store.notice(NOW).await.unwrap());
    }
    assert!(!open(&url).await.notice(NOW).await.unwrap(), "another instance");
    drop(store);
    let copy = copy(&url).await;
    let mut instances = JoinSet::new();
    for _ in 0..4 {
        let store = open(&copy).await;
        instances.spawn(async move { store.notice(NOW).await.unwrap() });
    }
    let noticed = instances.join_all().await;
    assert_eq!(noticed.into_iter().filter(|noticed| *noticed).count(), 1);
    assert!(!open(&url).await.notice(NOW).await.unwrap(), "the one that was copied");
}

/// What a server does to its tables by itself, and an administrator now and then.
#[tokio::test]
async fn a_cleaned_and_rewritten_table_is_the_same() {
    let Some(url) = fresh_url().await else { return };
    let store = open(&url).await;
    store.notice(NOW).await.unwrap();
    let mut owner = PgConnection::connect(&url).await.unwrap();
    for sql in ["VACUUM (FREEZE) kopru.mark", "VACUUM (FULL, FREEZE) kopru.mark"] {
        owner.execute(sql).await.unwrap();
        assert!(!store.notice(NOW).await.unwrap(), "{sql}");
    }
    owner.execute("DELETE FROM kopru.mark").await.unwrap();
    assert!(!store.notice(NOW).await.unwrap(), "an earlier version's was never marked");
    assert!(!store.notice(NOW).await.unwrap());
}
