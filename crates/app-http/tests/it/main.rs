//! The whole service, beside simulated vendors; and the shape of the workspace.

#![cfg(test)]

mod audit;
mod calendar;
mod calendar_faults;
mod calendar_merging;
mod configs;
mod data;
mod demo;
mod dependency_rule;
mod email_faults;
mod email_roads;
mod emails;
mod erasure;
mod google;
mod harness;
mod message_faults;
mod message_refusals;
mod messages;
mod operate;
mod portal;
mod requests;
mod restore;
mod rotation;
mod rows;
mod secrets;
mod service;
mod sessions;
mod tenants;
mod together;
mod traps;
