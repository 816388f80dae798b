//! The whole service, beside simulated vendors; and the shape of the workspace.

#![cfg(test)]

mod dependency_rule;
mod harness;
mod rows;
mod service;
