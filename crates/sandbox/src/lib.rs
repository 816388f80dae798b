#![doc = include_str!("../README.md")]

mod bitrix;
mod clock;
mod config;
mod control;
mod events;
mod faults;
mod google;
mod pages;
mod random;
mod server;
mod tls;
mod twilio;

pub use config::{SandboxConfig, Tls};
pub use server::Sandbox;
