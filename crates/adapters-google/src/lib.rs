#![doc = include_str!("../README.md")]

mod calendar;
mod call;
mod config;
mod consent;
mod error;
mod gmail;
mod map;
mod spreadsheets;
mod wire;

pub use calendar::GoogleCalendar;
pub use config::{GoogleAddresses, GoogleConfig};
pub use consent::GoogleConsent;
pub use gmail::Gmail;
pub use spreadsheets::GoogleSheets;
