//! The adapter against answers as Twilio documents them, and against the simulated one.

#![cfg(test)]

mod answers;
mod conformance;
mod contracts;
mod finding;
mod inbound;
mod requests;
mod scripted;
mod settings;
mod simulated;
mod world;
