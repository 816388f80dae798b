#![doc = include_str!("../README.md")]

mod batch;
mod catalog;
mod client;
mod config;
mod entity;
mod error;
mod map;
mod multi;
mod php_query;
mod wire;
mod writer;

pub use client::Bitrix24;
pub use config::{BadWebhook, BitrixConfig};
