#![doc = include_str!("../README.md")]

mod call;
mod config;
mod consent;
mod drafts;
mod error;
mod grant;
mod handover;
mod sender;
mod settings;
mod wire;

pub use call::CALL_TIME;
pub use config::{MicrosoftAddresses, MicrosoftConfig};
pub use consent::MicrosoftConsent;
pub use sender::Outlook;
pub use settings::OutlookSettings;
