//! The adapter against answers as Google documents them, and against the simulated one.

#![cfg(test)]

mod answers;
mod calendar;
mod conformance;
mod contracts;
mod edges;
mod gmail;
mod memory;
mod requests;
mod sandbox;
mod scripted;
mod world;
