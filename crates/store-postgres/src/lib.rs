//! Köprü's storage ports on PostgreSQL: one database that any number of instances work from.
//!
//! A lane's lease is a row. Whoever changes anything on a lane locks its row first and compares the lease's
//! epoch, so that nothing is recorded with a lease that was lost. Locks are taken in one order everywhere:
//! lanes, then configurations, each by their ids, then the rest. No transaction is open while a caller
//! does anything else.

mod clock;
mod commit;
mod configs;
mod convert;
mod database;
mod delivery;
mod hints;
mod identity;
mod lanes;
mod limits;
mod rows;
mod sync;
mod work;

pub use clock::DatabaseClock;
pub use database::{OpenError, PostgresStore};
