//! Hints that work was made due, from one instance to the others.

use std::time::Duration;

use kopru_ports::StoreError;
use sqlx::PgConnection;
use sqlx::postgres::PgListener;

use crate::convert::store_error;
use crate::database::PostgresStore;

const CHANNEL: &str = "kopru_work";
/// Hints are not worth more: without them work is found after a nap.
const AWAY: Duration = Duration::from_secs(1);

/// Tells everybody, once the transaction is committed; PostgreSQL makes one of several in a transaction.
pub(crate) async fn give(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(connection).await.map_err(store_error)?;
    Ok(())
}

impl PostgresStore {
    /// Calls `wake` whenever some instance made work due earlier than was known, and after every time when
    /// such a hint may have been missed. While it listens, the others see that this instance lives. Takes one of the store's connections; goes on until it is dropped.
    pub async fn on_work(&self, wake: impl Fn() + Send) {
        loop {
            let error = self.listen(&wake).await.err();
            self.presence.end();
            if let Some(error) = error {
                tracing::warn!(%error, "hints of other instances cannot be heard for now");
                tokio::time::sleep(AWAY).await;
            }
        }
    }

    /// Until the connection is lost.
    async fn listen(&self, wake: &(impl Fn() + Send)) -> Result<(), StoreError> {
        let mut listener = PgListener::connect_with(&self.pool).await.map_err(store_error)?;
        listener.listen(CHANNEL).await.map_err(store_error)?;
        self.presence.begin(&mut listener).await?;
        wake();
        while listener.try_recv().await.map_err(store_error)?.is_some() {
            wake();
        }
        Ok(())
    }
}
