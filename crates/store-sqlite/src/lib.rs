//! Köprü's storage ports on one SQLite file: write-ahead log, every commit on the disk before it is
//! acknowledged, one writer at a time.

mod audit;
mod configs;
mod consents;
mod contacts;
mod convert;
mod data;
mod database;
mod delivery;
mod erasure;
mod identity;
mod integrations;
mod limits;
mod mark;
mod messages;
mod origins;
mod outbox;
mod restore;
mod rows;
mod sealed;
mod sessions;
mod sync;
mod texts;
mod tokens;
mod work;

pub use database::{OpenError, SqliteStore};
