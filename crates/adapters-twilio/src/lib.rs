#![doc = include_str!("../README.md")]

mod call;
mod config;
mod error;
mod inbound;
mod map;
mod sender;
mod settings;
mod signature;
mod wire;

pub use call::CALL_TIME;
pub use config::{TwilioAddresses, TwilioConfig};
pub use sender::Twilio;
