//! Köprü's storage ports on PostgreSQL: one database that any number of instances work from.
//!
//! A lane's lease is a row. Whoever changes anything on a lane locks its row first and compares the lease's
//! epoch, so that nothing is recorded with a lease that was lost. Locks are taken in one order everywhere:
//! lanes, then configurations, each by their ids, then the rest. No transaction is open while a caller
//! does anything else.
//!
//! Every table with a `company_id` has row-level security, forced: a transaction sees the rows of the company
//! that it was begun for. Connections take the role `kopru_app`, which owns nothing. Migrations run as the
//! user of the address, who owns the tables and may make that role, or finds it made.

mod audit;
mod clock;
mod commit;
mod configs;
mod consents;
mod contacts;
mod convert;
mod data;
mod database;
mod delivery;
mod erasure;
mod hints;
mod identity;
mod integrations;
mod lanes;
mod limits;
mod messages;
mod origins;
mod outbox;
mod presence;
mod restore;
mod rows;
mod sealed;
mod sessions;
mod sight;
mod sync;
mod texts;
mod tokens;
mod work;

pub use clock::DatabaseClock;
pub use database::{OpenError, PostgresStore};
