//! Connections, the schema, transactions.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use kopru_ports::StoreError;
use kopru_ports::delivery::NewWork;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, PgConnection, SqlSafeStr};

use crate::lanes;
use crate::presence::Presence;

/// A PostgreSQL database as Köprü's stores; its tables are in the schema `kopru`.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    pub(crate) pool: PgPool,
    pub(crate) presence: Arc<Presence>,
}

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not a PostgreSQL address, or nobody answers there.
    #[error("the database cannot be reached: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema cannot be brought up to date.
    #[error("the database's schema cannot be brought up to date: {0}")]
    Schema(#[from] sqlx::migrate::MigrateError),
}

impl PostgresStore {
    /// Connects to `url`, with so many connections at the most, and brings the schema up to date.
    ///
    /// # Errors
    /// [`OpenError`], which says what to do.
    pub async fn open(url: &str, connections: u32) -> Result<Self, OpenError> {
        let options: PgConnectOptions = url.parse()?;
        migrate(&options).await?;
        // A frozen instance must not hold a lane's row: the server ends its transaction and frees it.
        let options = options.options([
            ("idle_in_transaction_session_timeout", "5s"),
            ("lock_timeout", "5s"),
            ("statement_timeout", "30s"),
            // A queue's tables are empty whenever the planner looks, and any plan seems good enough: let it follow the
            // indices, which stay right when they are not.
            ("enable_seqscan", "off"),
            ("enable_bitmapscan", "off"),
            ("enable_sort", "off"),
            // It would compile what was only made to look dear.
            ("jit", "off"),
            // Neither owner nor superuser: the tables' policies hold for it.
            ("role", "kopru_app"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await?;
        Ok(Self { pool, presence: Arc::default() })
    }

    /// Makes work due in a transaction of the embedding service's own, as part of what that commits. To be
    /// called once and last in it: lanes stay locked until its end.
    ///
    /// # Errors
    /// A [`StoreError`]; the transaction has to be rolled back.
    pub async fn enqueue_in(connection: &mut PgConnection, work: &[NewWork]) -> Result<(), StoreError> {
        lanes::enqueue(connection, work, None).await
    }
}

/// As the user of the address, who owns the tables.
async fn migrate(options: &PgConnectOptions) -> Result<(), OpenError> {
    let mut connection = options.connect().await?;
    migrator().run(&mut connection).await?;
    Ok(connection.close().await?)
}

fn migrator() -> Migrator {
    let migration = |version: i64, name: &'static str, text: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, text.into_sql_str(), false)
    };
    Migrator {
        migrations: Cow::Owned(vec![
            migration(1, "first", include_str!("../migrations/0001_first.sql")),
            migration(2, "tenants", include_str!("../migrations/0002_tenants.sql")),
            migration(3, "holders", include_str!("../migrations/0003_holders.sql")),
            migration(4, "first due", include_str!("../migrations/0004_first_due.sql")),
            migration(5, "attempt generation", include_str!("../migrations/0005_attempt_generation.sql")),
            migration(6, "sessions", include_str!("../migrations/0006_sessions.sql")),
            migration(7, "origins", include_str!("../migrations/0007_origins.sql")),
            migration(8, "audit", include_str!("../migrations/0008_audit.sql")),
            migration(9, "retention", include_str!("../migrations/0009_retention.sql")),
            migration(10, "messages", include_str!("../migrations/0010_messages.sql")),
            migration(11, "erasure", include_str!("../migrations/0011_erasure.sql")),
            migration(12, "restore", include_str!("../migrations/0012_restore.sql")),
            migration(13, "email", include_str!("../migrations/0013_email.sql")),
        ]),
        table_name: Cow::Borrowed("kopru.schema_migration"),
        create_schemas: Cow::Borrowed(&[Cow::Borrowed("kopru")]),
        // What a later version did: migrations only add, so that an earlier one can be started again beside it.
        ignore_missing: true,
        ..Migrator::DEFAULT
    }
}
