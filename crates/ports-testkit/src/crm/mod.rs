//! A CRM in memory, for engines and for the suites themselves.

mod catalog;
mod world;
mod writer;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kopru_domain::{CompanyId, FieldCode, FieldKind, FieldMeta, Fields};
use kopru_ports::crm::{CrmError, CrmErrorKind};
use kopru_ports::{Clock, PortError, Retry};

use crate::suites::trouble::Trouble;

/// The name of the one portal there is, and the settings that lead to it.
const PORTAL: &str = "memory.example";

#[derive(Debug, Default)]
struct Record {
    origin: Option<String>,
    fields: Fields,
}

/// What is in the portal.
#[derive(Debug, Default)]
struct State {
    records: BTreeMap<u64, Record>,
    described: Vec<FieldMeta>,
    next: Option<Trouble>,
    gone: bool,
    answered: bool,
}

/// One portal with leads, to which one company is connected.
pub struct MemoryCrm {
    company: CompanyId,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

impl MemoryCrm {
    /// A portal without leads, to which `company` is connected; leads have a title, a comment and phones.
    #[must_use]
    pub fn new(company: CompanyId, clock: Arc<dyn Clock>) -> Self {
        let described = [("TITLE", FieldKind::Text), ("COMMENTS", FieldKind::Text), ("PHONE", FieldKind::Phone)];
        let described = described.map(|(code, kind)| field(&code.into(), kind)).into();
        Self { company, clock, state: Mutex::new(State { described, ..State::default() }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call: what is carried out of it, and what the caller hears.
    fn call<T>(&self, company: &CompanyId, effect: impl FnOnce(&mut State) -> T) -> Result<T, CrmError> {
        if *company != self.company {
            return Err(error(CrmErrorKind::NotConnected, Retry::Never));
        }
        let mut state = self.state();
        if state.gone {
            return Err(error(CrmErrorKind::Unavailable, Retry::After(None)));
        }
        let unknown = || error(CrmErrorKind::Unavailable, Retry::OutcomeUnknown);
        match state.next.take() {
            Some(Trouble::Busy) => Err(error(CrmErrorKind::RateLimited, Retry::After(None))),
            Some(Trouble::LostBefore) => Err(unknown()),
            Some(Trouble::LostAfter | Trouble::Silence) => {
                effect(&mut state);
                Err(unknown())
            }
            None => Ok(effect(&mut state)),
        }
    }
}

fn field(code: &FieldCode, kind: FieldKind) -> FieldMeta {
    FieldMeta {
        code: code.clone(),
        title: code.to_string(),
        kind,
        required: false,
        read_only: false,
        multiple: kind.is_contact(),
        choices: Vec::new(),
    }
}

fn error(kind: CrmErrorKind, retry: Retry) -> CrmError {
    PortError::new("memory", kind, retry)
}

/// There is one portal only.
fn named(portal: &str) -> Result<(), CrmError> {
    if portal == PORTAL { Ok(()) } else { Err(error(CrmErrorKind::NotConnected, Retry::Never)) }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::Arc;

    use super::MemoryCrm;
    use crate::ManualClock;

    fn world() -> MemoryCrm {
        MemoryCrm::new("acme".parse().expect("an id"), Arc::<ManualClock>::default())
    }

    crate::crm_writer_suite!(ready(world()));
    crate::crm_catalog_suite!(ready(world()));
}
