//! The traits that adapters and stores implement.
//!
//! Every port is an `async_trait` of at most seven methods, held as `Arc<dyn _>`. A method takes one
//! request and says in its docs what it does, which [`PortError`]s it gives and whether it may be
//! repeated. Absence is `Ok(None)`. Vendors' words stop at their adapter.

pub mod clock;
pub mod configs;
pub mod connections;
pub mod crm;
pub mod delivery;
pub mod error;
pub mod gate;
pub mod identity;
pub mod integrations;
pub mod oauth;
pub mod seal;
pub mod spreadsheets;
pub mod sync;
pub mod tokens;

pub use clock::{Clock, UniqueIds};
pub use error::{PortError, Retry, StoreError, StoreErrorKind};
