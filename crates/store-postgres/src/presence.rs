//! Who is there: each instance holds an advisory lock on the connection by which it hears of work.
//!
//! The server lets the lock go when that connection ends, so that the others see at once that an instance
//! was killed. One that is frozen or cut off is still there: its leases run out. Only a hint in both cases:
//! whoever is missed by mistake finds its lease stale, as ever.
//! <https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS>

use std::sync::{Mutex, PoisonError};

use kopru_ports::StoreError;
use sqlx::postgres::PgListener;
use uuid::Uuid;

use crate::convert::store_error;

/// Köprü's locks among those of others in the database: "kopr".
pub(crate) const LOCKS: i32 = 0x6b_6f_70_72;

/// Under which number this instance is seen, while it is.
#[derive(Debug, Default)]
pub(crate) struct Presence(Mutex<Option<i32>>);

impl Presence {
    pub(crate) fn number(&self) -> Option<i32> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seen from now on, for as long as the connection lives. Each time under another number: a connection
    /// that was lost may keep its lock for a while.
    pub(crate) async fn begin(&self, listener: &mut PgListener) -> Result<(), StoreError> {
        let [.., a, b, c, d] = Uuid::now_v7().into_bytes();
        let number = i32::from_be_bytes([a, b, c, d]) & i32::MAX;
        sqlx::query("SELECT pg_advisory_lock($1, $2)")
            .bind(LOCKS)
            .bind(number)
            .execute(&mut *listener)
            .await
            .map_err(store_error)?;
        self.set(Some(number));
        Ok(())
    }

    pub(crate) fn end(&self) {
        self.set(None);
    }

    fn set(&self, number: Option<i32>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = number;
    }
}
