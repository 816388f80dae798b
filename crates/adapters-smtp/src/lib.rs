#![doc = include_str!("../README.md")]

mod account;
mod call;
mod config;
mod connect;
mod connection;
mod error;
mod fields;
mod letter;
mod lines;
mod options;
mod sender;
mod settings;
mod token;

pub use config::{Security, SmtpConfig, SmtpOAuth};
pub use options::{CALL_TIME, SmtpOptions};
pub use sender::Smtp;
