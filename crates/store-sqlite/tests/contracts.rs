//! SQLite against the contract suites of the storage ports.

#![cfg(test)]

use std::sync::Arc;

use kopru_store_sqlite::{OpenError, SqliteStore};

async fn fresh() -> Option<Arc<SqliteStore>> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap().keep();
    Some(Arc::new(SqliteStore::open(&folder.join("kopru.db")).await.unwrap()))
}

kopru_ports_testkit::storage_suite!(fresh());

#[tokio::test]
async fn a_file_belongs_to_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kopru.db");
    let first = SqliteStore::open(&file).await.unwrap();
    assert!(matches!(SqliteStore::open(&file).await, Err(OpenError::InUse)));
    drop(first);
}
