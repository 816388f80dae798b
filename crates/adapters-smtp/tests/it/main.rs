//! The adapter against the sandbox's SMTP server, and servers that say what they should not.

#![cfg(test)]

mod contract;
mod letters;
mod oauth;
mod phases;
mod pool;
mod refusals;
mod settings;
mod tls;
mod world;
