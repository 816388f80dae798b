//! The OAuth client against a stand-in and another's server, and token sessions over fakes.

#![cfg(test)]

mod client;
mod contracts;
mod elsewhere;
mod fakes;
mod sessions;
