//! Spreadsheets in memory, for engines and for the suites themselves.

mod grid;
mod port;
mod world;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kopru_domain::{Gid, SpreadsheetId};
use kopru_ports::spreadsheets::{SheetsError, SheetsErrorKind, TabRef};
use kopru_ports::tokens::TokenKey;
use kopru_ports::{PortError, Retry};

use crate::suites::trouble::Trouble;
use grid::Grid;

/// The tab that every file has.
const TAB: Gid = Gid(0);

#[derive(Debug)]
struct File {
    id: SpreadsheetId,
    title: String,
    modified: Timestamp,
    grid: Grid,
}

#[derive(Debug, Default)]
struct State {
    /// By the order of their making.
    files: BTreeMap<u64, File>,
    next: Option<Trouble>,
    gone: bool,
    disconnected: bool,
}

/// One person's files, each with one tab.
pub struct MemorySheets {
    connection: TokenKey,
    state: Mutex<State>,
}

impl MemorySheets {
    /// The files of who has this connection; none yet.
    #[must_use]
    pub fn new(connection: TokenKey) -> Self {
        Self { connection, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call: what is carried out of it, and what the caller hears.
    fn call<T>(
        &self,
        connection: &TokenKey,
        effect: impl FnOnce(&mut State) -> Result<T, SheetsError>,
    ) -> Result<T, SheetsError> {
        let mut state = self.state();
        if *connection != self.connection || state.disconnected {
            return Err(error(SheetsErrorKind::ReconnectRequired, Retry::Never));
        }
        let lost = || error(SheetsErrorKind::Unavailable, Retry::After(None));
        if state.gone {
            return Err(lost());
        }
        match state.next.take() {
            Some(Trouble::Busy) => {
                Err(error(SheetsErrorKind::RateLimited, Retry::After(Some(Duration::from_secs(30)))))
            }
            Some(Trouble::LostBefore) => Err(lost()),
            Some(Trouble::LostAfter | Trouble::Silence) => effect(&mut state).and(Err(lost())),
            None => effect(&mut state),
        }
    }
}

impl State {
    fn file(&mut self, id: &SpreadsheetId) -> Result<&mut File, SheetsError> {
        self.files.values_mut().find(|file| file.id == *id).ok_or_else(missing)
    }

    fn grid(&mut self, tab: &TabRef) -> Result<&mut Grid, SheetsError> {
        let file = self.file(&tab.spreadsheet)?;
        if tab.gid == TAB { Ok(&mut file.grid) } else { Err(missing()) }
    }
}

fn error(kind: SheetsErrorKind, retry: Retry) -> SheetsError {
    PortError::new("memory", kind, retry)
}

fn missing() -> SheetsError {
    error(SheetsErrorKind::NotFound, Retry::Never)
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use kopru_ports::tokens::{Service, TokenKey};

    use super::MemorySheets;

    fn world() -> MemorySheets {
        let (company, user) = ("acme".parse().expect("an id"), "ayse".parse().expect("an id"));
        MemorySheets::new(TokenKey { company, user, service: Service::GoogleSheets })
    }

    crate::spreadsheets_suite!(ready(world()));
}
