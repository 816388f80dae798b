//! Contract suites for Köprü's ports: one macro line for an adapter's author, one test per clause.
//!
//! ```ignore
//! kopru_ports_testkit::storage_suite!(async { Some(Arc::new(SqliteStore::open(&file).await.unwrap())) });
//! kopru_ports_testkit::storage_suite!(async { Some(Arc::<MemoryStore>::default()) }; delivery, limits);
//! ```

pub mod clock;
pub mod crm;
pub mod fakes;
pub mod memory;
pub mod nothing;
pub mod oauth;
pub mod sheets;
pub mod suites;
pub mod tokens;

pub use clock::{FastClock, ManualClock, SimulatedClock};
pub use crm::MemoryCrm;
pub use fakes::{MemoryIntegrations, OpenGate};
pub use memory::MemoryStore;
pub use nothing::{CountedIds, Nothing};
pub use oauth::MemoryOAuth;
pub use sheets::MemorySheets;
pub use tokens::MemoryTokens;
