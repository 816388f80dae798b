//! By what a SQLite file is known that was put back from a backup.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use kopru_ports::restore::RestoreStore;
use kopru_store_sqlite::SqliteStore;
use sqlx::{Connection, SqliteConnection};

const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

/// Starts a service on the file, and ends it; whether it noticed a restore.
async fn noticed(file: &Path) -> bool {
    SqliteStore::open(file).await.unwrap().notice(NOW).await.unwrap()
}

async fn copy(file: &Path, to: &Path) {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::query("VACUUM INTO ?").bind(to.to_str()).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// Puts a copy beside the database's mark, in a place of its own: the database's connections may still be closing.
fn put_back(copy: &Path, file: &Path) -> PathBuf {
    let folder = file.with_extension("restored");
    fs::create_dir(&folder).unwrap();
    let restored = folder.join("kopru.db");
    fs::copy(copy, &restored).unwrap();
    fs::copy(file.with_added_extension("mark"), restored.with_added_extension("mark")).unwrap();
    restored
}

#[tokio::test]
async fn a_file_that_was_put_back_is_noticed_once() {
    let folder = tempfile::tempdir().unwrap();
    let [file, backup] = ["kopru.db", "backup.db"].map(|name| folder.path().join(name));
    assert!(!noticed(&file).await, "a new one");
    copy(&file, &backup).await;
    assert!(!noticed(&file).await, "started again");
    let restored = put_back(&backup, &file);
    assert!(noticed(&restored).await);
    assert!(!noticed(&restored).await, "it is known by now");
}

#[tokio::test]
async fn a_file_is_known_where_it_was_brought_with_its_mark() {
    let folder = tempfile::tempdir().unwrap();
    let [file, other] = ["kopru.db", "other.db"].map(|name| folder.path().join(name));
    assert!(!noticed(&file).await);
    copy(&file, &other).await;
    fs::copy(folder.path().join("kopru.db.mark"), folder.path().join("other.db.mark")).unwrap();
    assert!(!noticed(&other).await);
    fs::remove_file(folder.path().join("other.db.mark")).unwrap();
    assert!(noticed(&other).await, "a backup on a new machine");
}

/// As one is that an earlier version left, or that commands alone have made.
#[tokio::test]
async fn a_file_that_was_never_marked_was_not_restored() {
    let folder = tempfile::tempdir().unwrap();
    let [file, backup] = ["kopru.db", "backup.db"].map(|name| folder.path().join(name));
    drop(SqliteStore::open(&file).await.unwrap());
    copy(&file, &backup).await;
    assert!(!noticed(&file).await);
    assert!(noticed(&put_back(&backup, &file)).await, "another one was marked here since");
}

#[tokio::test]
async fn a_backup_grows_old_while_the_service_runs() {
    let folder = tempfile::tempdir().unwrap();
    let [file, backup] = ["kopru.db", "backup.db"].map(|name| folder.path().join(name));
    let store = SqliteStore::open(&file).await.unwrap();
    store.notice(NOW).await.unwrap();
    copy(&file, &backup).await;
    let marks = store.keep_mark(Duration::from_millis(1));
    tokio::time::timeout(Duration::from_millis(500), marks).await.unwrap_err();
    drop(store);
    assert!(!noticed(&file).await, "it is the one, wherever it was interrupted");
    assert!(noticed(&put_back(&backup, &file)).await);
}
