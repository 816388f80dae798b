//! The storage ports in memory, as strict as a database and the same on every run.

mod audit;
mod configs;
mod consents;
mod contacts;
mod data;
mod delivery;
mod erasure;
mod identity;
mod integrations;
mod lane;
mod limits;
mod origins;
mod outbox;
mod restore;
mod rows;
mod sealed;
mod sessions;
mod sync;
mod texts;
mod tokens;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use kopru_domain::message::{Channel, Policy};
use kopru_domain::{CompanyId, ConfigId};
use kopru_ports::audit::AuditEntry;
use kopru_ports::data::Retention;
use kopru_ports::gate::Limit;
use kopru_ports::identity::ApiKey;
use kopru_ports::integrations::{Integration, IntegrationKind};
use kopru_ports::oauth::PendingConsent;
use kopru_ports::outbox::{Contact, Message, Tally};
use kopru_ports::sessions::Session;
use kopru_ports::texts::NamedTemplate;
use kopru_ports::tokens::TokenKey;
use kopru_ports::{Retry, StoreError, StoreErrorKind};
use uuid::Uuid;

use lane::Lane;
use outbox::Batch;
use rows::Tab;
use tokens::Connection;

/// Companies, connections, configurations, rows, messages, lanes and limits of one process, gone with it. Every call is one step:
/// it changes all that it should, or nothing.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    companies: BTreeMap<CompanyId, String>,
    keys: BTreeMap<String, ApiKey>,
    tabs: BTreeMap<(CompanyId, ConfigId), Tab>,
    lanes: BTreeMap<(CompanyId, String), Lane>,
    limits: BTreeMap<String, (Limit, Timestamp)>,
    integrations: HashMap<(CompanyId, IntegrationKind), Integration>,
    tokens: HashMap<TokenKey, Connection>,
    consents: HashMap<String, (PendingConsent, Timestamp)>,
    audit: BTreeMap<(CompanyId, Uuid), AuditEntry>,
    origins: BTreeSet<(CompanyId, String)>,
    sessions: BTreeMap<String, Session>,
    retention: BTreeMap<CompanyId, Retention>,
    batches: BTreeMap<CompanyId, Vec<Batch>>,
    messages: BTreeMap<(CompanyId, Uuid), Message>,
    /// The messages that some day's caps were counted against.
    counted: BTreeSet<(CompanyId, Uuid)>,
    days: BTreeMap<(CompanyId, Date), Tally>,
    contacts: BTreeMap<(CompanyId, Channel, String), Contact>,
    /// People's messages that were told of, and when first.
    inbound: BTreeMap<(CompanyId, String), Timestamp>,
    templates: BTreeMap<(CompanyId, String), NamedTemplate>,
    policies: BTreeMap<CompanyId, Policy>,
    probe: Option<String>,
    /// The number of the last history entry.
    entries: i64,
    /// Lanes that were dropped had no later epoch.
    first_epoch: i64,
}

impl MemoryStore {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn error(kind: StoreErrorKind) -> StoreError {
    StoreError::new("memory", kind, Retry::Never)
}

/// The moment as databases keep it: whole microseconds.
fn kept(moment: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(moment.as_microsecond()).unwrap_or(moment)
}

fn most(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::MemoryStore;

    fn fresh() -> std::future::Ready<Option<Arc<MemoryStore>>> {
        std::future::ready(Some(Arc::default()))
    }

    crate::storage_suite!(fresh());
}
