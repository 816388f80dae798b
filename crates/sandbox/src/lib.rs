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

pub use config::SandboxConfig;
pub use server::Sandbox;
