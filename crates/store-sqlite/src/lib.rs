//! Köprü's storage ports on one SQLite file: write-ahead log, every commit on the disk before it is
//! acknowledged, one writer at a time.

mod configs;
mod consents;
mod convert;
mod database;
mod delivery;
mod identity;
mod integrations;
mod limits;
mod rows;
mod sealed;
mod sync;
mod tokens;
mod work;

pub use database::{OpenError, SqliteStore};
