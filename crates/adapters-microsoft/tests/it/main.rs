//! The adapter against a Microsoft that answers as it is documented, and against the simulated one.

#![cfg(test)]

mod consent;
mod faults;
mod gateway;
mod mailbox;
mod requests;
mod sandbox;
mod world;
