//! The adapter against a Resend that answers as it is documented.

#![cfg(test)]

mod conformance;
mod gateway;
mod inbound;
mod requests;
mod settings;
mod world;
