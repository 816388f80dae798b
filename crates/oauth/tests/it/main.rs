//! The OAuth client against a stand-in, and token sessions over fakes.

#![cfg(test)]

mod client;
mod contracts;
mod fakes;
mod sessions;
