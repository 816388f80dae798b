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
pub use config::{ResendAddresses, ResendConfig};
pub use sender::Resend;
