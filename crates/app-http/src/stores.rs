//! The databases: a file of one process's own, or PostgreSQL, which many instances share.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use kopru_delivery::{SystemClock, Waker};
use kopru_ports::Clock;
use kopru_ports::audit::AuditLog;
use kopru_ports::configs::ConfigStore;
use kopru_ports::data::DataStore;
use kopru_ports::delivery::DeliveryStore;
use kopru_ports::gate::LimitStore;
use kopru_ports::identity::IdentityStore;
use kopru_ports::integrations::IntegrationStore;
use kopru_ports::oauth::ConsentStore;
use kopru_ports::origins::OriginStore;
use kopru_ports::outbox::{ContactStore, OutboxStore};
use kopru_ports::restore::RestoreStore;
use kopru_ports::seal::SealedTexts;
use kopru_ports::sessions::SessionStore;
use kopru_ports::sync::SyncStore;
use kopru_ports::texts::TextStore;
use kopru_ports::tokens::TokenStore;
use kopru_store_postgres::{DatabaseClock, PostgresStore};
use kopru_store_sqlite::{OpenError, SqliteStore};
use secrecy::{ExposeSecret, SecretString};

/// Connections of one instance: its lanes use one for a moment at a time, requests another.
const CONNECTIONS: u32 = 10;

/// A backup that is older than this is known as one when it is put back.
const MARK: Duration = Duration::from_mins(1);

/// Where a database is.
#[derive(Debug, Clone)]
pub enum Location {
    /// A SQLite file.
    File(PathBuf),
    /// A PostgreSQL server's address, which may hold a password.
    Server(SecretString),
}

/// A database as all the storage ports.
pub trait Storage:
    IdentityStore
    + SessionStore
    + OriginStore
    + AuditLog
    + DataStore
    + RestoreStore
    + IntegrationStore
    + TokenStore
    + ConsentStore
    + ConfigStore
    + DeliveryStore
    + SyncStore
    + OutboxStore
    + ContactStore
    + TextStore
    + LimitStore
    + SealedTexts
{
}

impl<S> Storage for S where
    S: IdentityStore
        + SessionStore
        + OriginStore
        + AuditLog
        + DataStore
        + RestoreStore
        + IntegrationStore
        + TokenStore
        + ConsentStore
        + ConfigStore
        + DeliveryStore
        + SyncStore
        + OutboxStore
        + ContactStore
        + TextStore
        + LimitStore
        + SealedTexts
{
}

/// One database, and the clock that all who use it live by.
pub struct Database {
    /// Its storage.
    pub store: Arc<dyn Storage>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    kept: Kept,
}

/// What a database needs while it is served.
#[derive(Clone)]
enum Kept {
    /// Its mark has to be replaced.
    Own(Arc<SqliteStore>),
    /// Others have to be listened to.
    Shared(Arc<PostgresStore>, DatabaseClock),
}

impl Location {
    /// Reads `sqlite://FILE` or `postgres://…`.
    ///
    /// # Errors
    /// For any other address; the text does not hold it, since it may have a password.
    pub fn of(url: &SecretString) -> anyhow::Result<Self> {
        let text = url.expose_secret();
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Server(url.clone()));
        }
        let Some(path) = text.strip_prefix("sqlite:") else {
            bail!("DATABASE_URL has to be sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE");
        };
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = path.split('?').next().unwrap_or(path);
        Ok(Self::File(PathBuf::from(path)))
    }
}

impl Database {
    /// Opens the database and brings it up to date.
    ///
    /// # Errors
    /// With what to do about it.
    pub async fn open(location: &Location) -> anyhow::Result<Self> {
        match location {
            Location::File(file) => {
                let store =
                    SqliteStore::open(file).await.with_context(|| format!("DATABASE_URL, {}", file.display()))?;
                let store = Arc::new(store);
                Ok(Self { store: store.clone(), clock: Arc::new(SystemClock), kept: Kept::Own(store) })
            }
            Location::Server(url) => {
                let store = PostgresStore::open(url.expose_secret(), CONNECTIONS).await.context("DATABASE_URL")?;
                let (store, clock) = (Arc::new(store.clone()), store.clock().await?);
                let kept = Kept::Shared(store.clone(), clock.clone());
                Ok(Self { store, clock: Arc::new(clock), kept })
            }
        }
    }

    /// Listens to the other instances and keeps the clock right, or the mark beside the file, until it is dropped.
    pub fn keep(&self, waker: Waker) -> impl Future<Output = ()> + Send + 'static {
        let kept = self.kept.clone();
        async move {
            match kept {
                Kept::Own(store) => store.keep_mark(MARK).await,
                Kept::Shared(store, clock) => drop(tokio::join!(store.on_work(|| waker.wake()), clock.keep())),
            }
        }
    }
}

/// Whether a database could not be opened because another process has it.
pub fn is_in_use(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(OpenError::InUse))
}
