//! Contract suites and fakes for Köprü's ports: one macro line per adapter, one test per clause.

pub mod clock;

pub use clock::ManualClock;
