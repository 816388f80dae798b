//! The adapter against answers as the vendor documents them, and against the simulated portal.

#![cfg(test)]

mod catalog;
mod conformance;
mod outcomes;
mod portal;
mod renamed;
mod sandbox;
mod world;
mod writes;
