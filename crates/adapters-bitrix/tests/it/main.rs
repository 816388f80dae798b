//! The adapter against answers as the vendor documents them, and against the simulated portal.

#![cfg(test)]

mod app;
mod catalog;
mod conformance;
mod duplicates;
mod entities;
mod injection;
mod outcomes;
mod pipelines;
mod portal;
mod read_back;
mod renamed;
mod sandbox;
mod traps;
mod world;
mod writes;
