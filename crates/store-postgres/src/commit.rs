//! Whether a transaction was committed whose connection was lost just then. Recorded twice, a turn would
//! end work that was made due in between, and take a row that it wrote for one that changed since.

use std::time::Duration;

use kopru_ports::{Retry, StoreError};
use sqlx::postgres::PgPool;
use sqlx::{Postgres, Transaction};

use crate::convert::{get, store_error};

/// The server may not have noticed yet, or have to start again.
const PAUSE: Duration = Duration::from_millis(200);
const LOOKS: u32 = 25;

/// Commits the transaction with this number; where the answer is lost, asks for it.
/// <https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT>
pub(crate) async fn commit(pool: &PgPool, tx: Transaction<'static, Postgres>, number: &str) -> Result<(), StoreError> {
    let Err(error) = tx.commit().await else { return Ok(()) };
    for _ in 0..LOOKS {
        match status(pool, number).await.as_deref() {
            Ok("committed") => return Ok(()),
            Ok("aborted") => return Err(store_error(error)),
            Ok(_) | Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
    let mut unknown = store_error(error);
    unknown.retry = Retry::OutcomeUnknown;
    Err(unknown)
}

async fn status(pool: &PgPool, number: &str) -> Result<String, StoreError> {
    let query = sqlx::query("SELECT pg_xact_status($1::text::xid8) AS status").bind(number);
    get(&query.fetch_one(pool).await.map_err(store_error)?, "status")
}
