#![doc = include_str!("../README.md")]

mod bitrix;
mod clock;
mod config;
mod consent;
mod control;
mod events;
mod faults;
mod google;
mod mail;
mod microsoft;
mod pages;
mod random;
mod resend;
mod server;
mod smtp;
mod tls;
mod twilio;
mod webhooks;

pub use config::{SandboxConfig, Smtp, Tls};
pub use server::Sandbox;
