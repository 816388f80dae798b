//! Opening the file, its schema, its connections.

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use kopru_ports::StoreError;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{SqlSafeStr, Sqlite, Transaction};
use tokio::sync::Mutex;

use crate::convert::store_error;
use crate::mark::MarkFile;

/// One SQLite file as all of Köprü's stores.
#[derive(Debug)]
pub struct SqliteStore {
    pub(crate) readers: SqlitePool,
    writer: SqlitePool,
    pub(crate) mark: Mutex<MarkFile>,
    _lock: File,
}

/// Why the file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it: its lanes must not be taken over.
    #[error("another process uses the database file; stop it first, or choose another file")]
    InUse,
    /// The file or its folder cannot be written.
    #[error("the database file cannot be opened: {0}")]
    File(#[from] std::io::Error),
    /// The file is no database of ours, or of a newer version.
    #[error("the database cannot be prepared: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema cannot be brought up to date.
    #[error("the database's schema cannot be brought up to date: {0}")]
    Schema(#[from] sqlx::migrate::MigrateError),
}

impl SqliteStore {
    /// Opens or makes the file, brings its schema up to date and ends the leases of the process that had
    /// it before: a file belongs to one process at a time, which a lock beside it makes sure of.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let lock = lock(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // What is deleted is overwritten: https://www.sqlite.org/pragma.html#pragma_secure_delete
            .pragma("secure_delete", "ON")
            .busy_timeout(Duration::from_secs(10));
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        migrator().run(&writer).await?;
        sqlx::query("UPDATE lane SET lease_until = 0").execute(&writer).await?;
        let readers = SqlitePoolOptions::new().max_connections(4).connect_with(options.read_only(true)).await?;
        Ok(Self { readers, writer, mark: Mutex::new(MarkFile::beside(path)), _lock: lock })
    }

    /// A transaction that may write. There is one writer, so it waits for its turn, never for a lock.
    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)
    }

    /// Brings the write-ahead log into the file and empties it: what was deleted is not left in earlier versions of its pages.
    pub(crate) async fn leave_nothing_in_the_log(&self) -> Result<(), StoreError> {
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.writer).await.map_err(store_error)?;
        Ok(())
    }
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let file = File::create(path.with_added_extension("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse),
        Err(std::fs::TryLockError::Error(error)) => Err(OpenError::File(error)),
    }
}

fn migrator() -> Migrator {
    let migration = |version: i64, name: &'static str, text: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, text.into_sql_str(), false)
    };
    let migrations = vec![
        migration(1, "first", include_str!("../migrations/0001_first.sql")),
        migration(2, "limits", include_str!("../migrations/0002_limits.sql")),
        migration(3, "vault probe", include_str!("../migrations/0003_vault_probe.sql")),
        migration(4, "attempt generation", include_str!("../migrations/0004_attempt_generation.sql")),
        migration(5, "sessions", include_str!("../migrations/0005_sessions.sql")),
        migration(6, "origins", include_str!("../migrations/0006_origins.sql")),
        migration(7, "audit", include_str!("../migrations/0007_audit.sql")),
        migration(8, "retention", include_str!("../migrations/0008_retention.sql")),
        migration(9, "messages", include_str!("../migrations/0009_messages.sql")),
        migration(10, "erasure", include_str!("../migrations/0010_erasure.sql")),
        migration(11, "restore", include_str!("../migrations/0011_restore.sql")),
        migration(12, "email", include_str!("../migrations/0012_email.sql")),
    ];
    Migrator { migrations: Cow::Owned(migrations), ..Migrator::DEFAULT }
}
