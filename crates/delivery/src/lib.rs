//! Köprü's delivery engine: work ordered in lanes, rationed by limiters, tried in attempts.
//!
//! It knows no use case. A [`Handler`] does one turn of work of one kind and says what became of it; the
//! [`Delivery`] leases lanes, keeps leases alive, records turns with the lease's epoch, and gives every
//! lane back. [`Limiters`] is the turnstile in front of vendors.

mod backoff;
mod clock;
mod handler;
mod lane;
mod limiters;
mod line;
mod runner;
mod wire;

pub use backoff::retry;
pub use clock::{SystemClock, TimeOrderedIds};
pub use handler::{Handler, Lanes, Seats, Turn};
pub use limiters::Limiters;
pub use runner::{Delivery, DeliveryOptions, Waker};
