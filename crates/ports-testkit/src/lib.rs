//! Contract suites for Köprü's ports: one macro line for an adapter's author, one test per clause.
//!
//! ```ignore
//! kopru_ports_testkit::storage_suite!(async { Arc::new(SqliteStore::open(&file).await.unwrap()) });
//! ```

pub mod clock;
pub mod fakes;
pub mod suites;

pub use clock::ManualClock;
pub use fakes::{MemoryIntegrations, OpenGate};
