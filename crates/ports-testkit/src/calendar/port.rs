use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kopru_domain::calendar::{Event, EventId, When};
use kopru_ports::Retry;
use kopru_ports::calendar::{
    CalendarError, CalendarErrorKind, CalendarEvent, CalendarProvider, DeleteEvent, EventPage, EventRef, InsertEvent,
    ListEvents, PatchEvent,
};

use super::{Kept, MemoryCalendar, State, error};

#[async_trait]
impl CalendarProvider for MemoryCalendar {
    async fn insert(&self, request: &InsertEvent) -> Result<CalendarEvent, CalendarError> {
        self.call(&request.at.connection, |state| {
            let (id, event) = (request.at.event.clone(), request.event.clone());
            if state.events.contains_key(&id) {
                return Err(error(CalendarErrorKind::AlreadyExists, Retry::Never));
            }
            let kept = Kept { event, version: 0, deleted: false, accepted: BTreeSet::new() };
            state.events.insert(id.clone(), kept);
            state.write_to(&id, request.notify);
            state.touch(&id)
        })
    }

    async fn get(&self, at: &EventRef) -> Result<CalendarEvent, CalendarError> {
        let found = self.call(&at.connection, |state| {
            let kept = state.kept(&at.event)?;
            if kept.deleted { Err(error(CalendarErrorKind::Deleted, Retry::Never)) } else { Ok(kept.shown(&at.event)) }
        });
        found.map_err(CalendarError::without_effect)
    }

    async fn list(&self, request: &ListEvents) -> Result<EventPage, CalendarError> {
        let found = self.call(&request.connection, |state| {
            let live = state.events.iter().filter(|(_, kept)| !kept.deleted);
            let mut found: Vec<_> = live.filter(|(_, kept)| overlaps(&kept.event, request)).collect();
            found.sort_by_key(|(_, kept)| span(&kept.event).0);
            let begin: usize = request.page.as_deref().and_then(|page| page.parse().ok()).unwrap_or_default();
            let end = found.len().min(begin + usize::from(request.limit));
            let events = found[begin..end].iter().map(|(id, kept)| kept.shown(id)).collect();
            Ok(EventPage { events, next: (end < found.len()).then(|| end.to_string()) })
        });
        found.map_err(CalendarError::without_effect)
    }

    async fn patch(&self, request: &PatchEvent) -> Result<CalendarEvent, CalendarError> {
        let patched = self.call(&request.at.connection, |state| {
            let kept = state.kept(&request.at.event)?;
            if request.version.as_ref().is_some_and(|version| *version != kept.version.to_string()) {
                return Err(error(CalendarErrorKind::Conflict, Retry::Never));
            }
            if kept.deleted && !request.revive {
                return Err(error(CalendarErrorKind::Deleted, Retry::Never));
            }
            kept.deleted = false;
            request.patch.clone().apply(&mut kept.event);
            state.write_to(&request.at.event, request.notify);
            state.touch(&request.at.event)
        });
        patched.map_err(CalendarError::without_effect)
    }

    async fn delete(&self, request: &DeleteEvent) -> Result<(), CalendarError> {
        let deleted = self.call(&request.at.connection, |state| {
            let live = state.events.get_mut(&request.at.event).filter(|kept| !kept.deleted);
            if let Some(kept) = live {
                kept.deleted = true;
                state.write_to(&request.at.event, request.notify);
            }
            Ok(())
        });
        deleted.map_err(CalendarError::without_effect)
    }
}

impl State {
    fn write_to(&mut self, id: &EventId, notify: bool) {
        let guests =
            self.events.get(id).filter(|_| notify).map(|kept| kept.event.guests.as_slice()).unwrap_or_default();
        self.notified.extend(guests.iter().map(|guest| guest.email().to_owned()));
    }
}

/// The calendar's own clock is UTC's.
pub(super) fn span(event: &Event) -> (Timestamp, Timestamp) {
    let midnight = |day: Date| day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |midnight| midnight.timestamp());
    match &event.when {
        When::Timed { start, end, .. } => (*start, *end),
        When::AllDay { from, to } => (midnight(*from), midnight(*to)),
    }
}

fn overlaps(event: &Event, asked: &ListEvents) -> bool {
    let (start, end) = span(event);
    end > asked.range.start && start < asked.range.end
}
