//! The line to a vendor in memory: who has an account there, and what goes wrong on the way.

use std::collections::{BTreeSet, VecDeque};

use kopru_domain::CompanyId;
use kopru_domain::message::Trouble as Reason;
use kopru_ports::messages::SendError;
use kopru_ports::{PortError, Retry};

use crate::suites::trouble::Trouble;

#[derive(Debug, Default)]
pub(crate) struct Line {
    pub accounts: BTreeSet<CompanyId>,
    pub next: VecDeque<Trouble>,
    pub gone: bool,
}

/// What becomes of a call that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Answered,
    /// It is carried out, and nobody hears of it.
    Unheard,
    Lost,
}

impl Line {
    pub fn account(&self, company: &CompanyId) -> Result<(), SendError> {
        if self.accounts.contains(company) { Ok(()) } else { Err(error(Reason::NotConfigured, Retry::Never)) }
    }

    pub fn begin(&mut self, company: &CompanyId) -> Result<Fate, SendError> {
        self.account(company)?;
        if self.gone {
            return Err(error(Reason::ProviderDown, Retry::After(None)));
        }
        match self.next.pop_front() {
            Some(Trouble::Busy) => Err(error(Reason::RateLimited, Retry::After(None))),
            Some(Trouble::LostBefore) => Ok(Fate::Lost),
            Some(Trouble::LostAfter | Trouble::Silence) => Ok(Fate::Unheard),
            None => Ok(Fate::Answered),
        }
    }
}

impl Fate {
    /// What the caller hears of a call with that effect.
    pub fn of<T>(self, effect: impl FnOnce() -> Result<T, SendError>) -> Result<T, SendError> {
        let unknown = || error(Reason::OutcomeUnknown, Retry::OutcomeUnknown);
        match self {
            Self::Answered => effect(),
            Self::Unheard => effect().and_then(|_| Err(unknown())),
            Self::Lost => Err(unknown()),
        }
    }
}

pub(crate) fn error(kind: Reason, retry: Retry) -> SendError {
    PortError::new("memory", kind, retry)
}
