#![doc = include_str!("../README.md")]

mod app;
mod batch;
mod catalog;
mod client;
mod command;
mod config;
mod consent;
mod costs;
mod describe;
mod duplicates;
mod entity;
mod error;
mod known;
mod lists;
mod look;
mod map;
mod multi;
mod outcome;
mod pace;
mod php_query;
mod proven;
mod read_back;
mod renamed;
mod stages;
mod wire;
mod writer;

pub use client::Bitrix24;
pub use config::{AppConfig, BadSettings, BitrixConfig, WebhookConfig};
