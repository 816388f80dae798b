//! The whole service, beside simulated vendors; and the shape of the workspace.

#![cfg(test)]

mod configs;
mod demo;
mod dependency_rule;
mod google;
mod harness;
mod operate;
mod portal;
mod requests;
mod rotation;
mod rows;
mod service;
mod tenants;
mod traps;
