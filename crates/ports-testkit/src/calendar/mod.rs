//! A calendar in memory, for engines and for the suites themselves.

mod port;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kopru_domain::calendar::{Event, EventId};
use kopru_ports::calendar::{CalendarError, CalendarErrorKind, CalendarEvent};
use kopru_ports::tokens::TokenKey;
use kopru_ports::{PortError, Retry};

use crate::suites::trouble::Trouble;

#[derive(Debug, Clone)]
struct Kept {
    event: Event,
    version: u64,
    deleted: bool,
    accepted: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct State {
    events: BTreeMap<EventId, Kept>,
    versions: u64,
    notified: Vec<String>,
    next: Option<Trouble>,
    gone: bool,
    refused: Option<CalendarErrorKind>,
}

/// One person's calendar.
pub struct MemoryCalendar {
    connection: TokenKey,
    state: Mutex<State>,
}

impl MemoryCalendar {
    /// The calendar of who has this connection; nothing in it yet.
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
        effect: impl FnOnce(&mut State) -> Result<T, CalendarError>,
    ) -> Result<T, CalendarError> {
        let mut state = self.state();
        if *connection != self.connection {
            return Err(error(CalendarErrorKind::NotConnected, Retry::Never));
        }
        if let Some(kind) = state.refused {
            return Err(error(kind, Retry::Never));
        }
        let lost = || error(CalendarErrorKind::Unavailable, Retry::OutcomeUnknown);
        match state.next.take() {
            _ if state.gone => Err(error(CalendarErrorKind::Unavailable, Retry::After(None))),
            Some(Trouble::Busy) => {
                Err(error(CalendarErrorKind::RateLimited, Retry::After(Some(Duration::from_secs(30)))))
            }
            Some(Trouble::LostBefore) => Err(lost()),
            Some(Trouble::LostAfter | Trouble::Silence) => effect(&mut state).and(Err(lost())),
            None => effect(&mut state),
        }
    }
}

impl State {
    /// The event, unless it never was.
    fn kept(&mut self, id: &EventId) -> Result<&mut Kept, CalendarError> {
        self.events.get_mut(id).ok_or_else(|| error(CalendarErrorKind::NotFound, Retry::Never))
    }

    /// The event with its next version.
    fn touch(&mut self, id: &EventId) -> Result<CalendarEvent, CalendarError> {
        self.versions += 1;
        let version = self.versions;
        let kept = self.kept(id)?;
        kept.version = version;
        Ok(kept.shown(id))
    }
}

impl Kept {
    fn shown(&self, id: &EventId) -> CalendarEvent {
        let meeting = self.event.has_meeting.then(|| format!("https://meet.example/{id}"));
        CalendarEvent {
            id: id.clone(),
            event: self.event.clone(),
            version: self.version.to_string(),
            link: format!("https://calendar.example/{id}"),
            meeting,
        }
    }
}

fn error(kind: CalendarErrorKind, retry: Retry) -> CalendarError {
    PortError::new("memory", kind, retry)
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use kopru_ports::tokens::{Service, TokenKey};

    use super::MemoryCalendar;

    fn world() -> MemoryCalendar {
        let (company, user) = ("acme".parse().expect("an id"), "ayse".parse().expect("an id"));
        MemoryCalendar::new(TokenKey { company, user, service: Service::GoogleCalendar })
    }

    crate::calendar_suite!(ready(world()));
}
