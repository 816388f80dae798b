//! The traits that adapters and stores implement.
//!
//! Every port is an `async_trait` of at most seven methods, held as `Arc<dyn _>`. A method takes one
//! request and says in its docs what it does, which [`PortError`]s it gives and whether it may be
//! repeated. Absence is `Ok(None)`. Vendors' words stop at their adapter.

pub mod audit;
pub mod calendar;
pub mod clock;
pub mod configs;
pub mod connections;
pub mod crm;
pub mod data;
pub mod delivery;
pub mod emails;
pub mod error;
pub mod form;
pub mod gate;
pub mod host;
pub mod identity;
pub mod inbound;
pub mod integrations;
pub mod messages;
pub mod oauth;
pub mod origins;
pub mod outbox;
pub mod restore;
pub mod seal;
pub mod senders;
pub mod sessions;
pub mod spreadsheets;
mod steps;
pub mod sync;
pub mod texts;
pub mod tokens;
pub mod vendors;

pub use clock::{Clock, UniqueIds};
pub use error::{PortError, Retry, StoreError, StoreErrorKind};
