//! Connections, the schema, transactions.

use std::borrow::Cow;
use std::time::Duration;

use kopru_ports::StoreError;
use kopru_ports::delivery::NewWork;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{PgConnection, Postgres, SqlSafeStr, Transaction};

use crate::convert::store_error;
use crate::lanes;

/// A PostgreSQL database as Köprü's stores; its tables are in the schema `kopru`.
#[derive(Debug, Clone)]
pub struct PostgresStore {
    pub(crate) pool: PgPool,
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
        // A frozen instance must not hold a lane's row: the server ends its transaction and frees it.
        let options = options.options([
            ("idle_in_transaction_session_timeout", "5s"),
            ("lock_timeout", "5s"),
            ("statement_timeout", "30s"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await?;
        migrator().run(&pool).await?;
        Ok(Self { pool })
    }

    /// Makes work due in a transaction of the embedding service's own, as part of what that commits. To be
    /// called once and last in it: lanes stay locked until its end.
    ///
    /// # Errors
    /// A [`StoreError`]; the transaction has to be rolled back.
    pub async fn enqueue_in(connection: &mut PgConnection, work: &[NewWork]) -> Result<(), StoreError> {
        lanes::enqueue(connection, work, None).await
    }

    pub(crate) async fn begin(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        self.pool.begin().await.map_err(store_error)
    }
}

fn migrator() -> Migrator {
    let migration = |version: i64, name: &'static str, text: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, text.into_sql_str(), false)
    };
    Migrator {
        migrations: Cow::Owned(vec![migration(1, "first", include_str!("../migrations/0001_first.sql"))]),
        table_name: Cow::Borrowed("kopru.schema_migration"),
        create_schemas: Cow::Borrowed(&[Cow::Borrowed("kopru")]),
        ..Migrator::DEFAULT
    }
}
