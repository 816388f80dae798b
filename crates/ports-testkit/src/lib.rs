//! Contract suites for Köprü's ports: one macro line for an adapter's author, one test for each clause.
//!
//! Every promise in a port's documentation is a clause in [`suites`]. The author of an adapter writes its world: the
//! adapter, and the other side of it, arranged by other means than the adapter itself (a sandbox, a simulated
//! server, a vendor's test account). Each clause gets a fresh one:
//!
//! ```test_harness
//! use std::sync::Arc;
//! use kopru_ports_testkit::{ManualClock, MemoryCrm};
//!
//! // In an adapter's own tests: a type that implements `suites::crm::CrmWorld` over the adapter.
//! async fn world() -> MemoryCrm {
//!     MemoryCrm::new("acme".parse().unwrap(), Arc::<ManualClock>::default())
//! }
//!
//! kopru_ports_testkit::crm_writer_suite!(world());
//! kopru_ports_testkit::crm_catalog_suite!(world(); skip: [
//!     where_nobody_listens_it_is_tried_again = "the server cannot be stopped",
//! ]);
//! ```
//!
//! What an adapter cannot show is declared in its line, and reported with its reason by every run of the tests. A
//! skip of what is no clause does not compile:
//!
//! ```compile_fail,test_harness
//! # use kopru_ports_testkit::CountedIds;
//! kopru_ports_testkit::unique_ids_suite!(std::future::ready(CountedIds::default()); skip: [
//!     no_such_clause = "for a reason",
//! ]);
//! ```
//!
//! | port | line | in memory |
//! | --- | --- | --- |
//! | the storage ports | [`storage_suite!`] | [`MemoryStore`] |
//! | `CrmWriter`, `CrmCatalog` | [`crm_writer_suite!`], [`crm_catalog_suite!`] | [`MemoryCrm`] |
//! | `PortalConnections` | [`portal_connections_suite!`] | |
//! | `Spreadsheets` | [`spreadsheets_suite!`] | [`MemorySheets`] |
//! | `MessageSender` | [`message_sender_suite!`] | [`MemoryMessages`] |
//! | `EmailSender` | [`email_sender_suite!`] | [`MemoryEmails`] |
//! | `InboundWebhook` | [`inbound_suite!`] | |
//! | `CalendarProvider` | [`calendar_suite!`] | [`MemoryCalendar`] |
//! | `OAuthProvider` | [`oauth_provider_suite!`] | [`MemoryOAuth`] |
//! | `AccessTokens` | [`access_tokens_suite!`] | |
//! | `Gate` | [`gate_suite!`] | |
//! | `Sealer` | [`sealer_suite!`] | |
//! | `Clock` | [`clock_suite!`] | [`ManualClock`], [`SimulatedClock`], [`FastClock`], [`SetClock`] |
//! | `UniqueIds` | [`unique_ids_suite!`] | [`CountedIds`] |
//!
//! [`OpenGate`], [`MemoryTokens`], [`MemoryIntegrations`] and [`Nothing`] are no implementations: they stand where
//! a test needs something of that shape, and keep less than the ports promise.

pub mod calendar;
pub mod clock;
pub mod crm;
pub mod emails;
pub mod fakes;
mod line;
pub mod memory;
pub mod messages;
pub mod nothing;
pub mod oauth;
pub mod sheets;
pub mod suites;
pub mod tokens;

pub use calendar::MemoryCalendar;
pub use clock::{FastClock, ManualClock, SetClock, SimulatedClock};
pub use crm::MemoryCrm;
pub use emails::MemoryEmails;
pub use fakes::{MemoryIntegrations, OpenGate};
pub use memory::MemoryStore;
pub use messages::MemoryMessages;
pub use nothing::{CountedIds, Nothing};
pub use oauth::MemoryOAuth;
pub use sheets::MemorySheets;
pub use tokens::MemoryTokens;
