//! An event that may be there already: made, merged or brought back, and one in the end.

use kopru_domain::calendar::{EventPatch, changes};
use kopru_ports::Retry;
use kopru_ports::calendar::{CalendarError, CalendarErrorKind, CalendarEvent, EventRef, InsertEvent, PatchEvent};

use super::Added;
use crate::Engine;
use crate::error::EngineError;

/// So often an event is made whose making nobody answered for, and merged that somebody else changes meanwhile.
const TRIES: usize = 3;
/// So many ids a record's event has at the most: the calendar may refuse to bring a deleted one back, which keeps its
/// id, so that its successor takes the place. Each costs a reading.
const GENERATIONS: usize = 8;

/// Where a record's event is, which may have had one id after another.
enum Found {
    /// In the calendar.
    Live(CalendarEvent),
    /// The person deleted it: the calendar's word for that, the last id that it had, and the one to have next.
    Deleted { told: CalendarError, last: EventRef, next: Option<EventRef> },
}

impl Engine {
    pub(super) async fn add(&self, insert: InsertEvent, revive: bool) -> Result<(Added, CalendarEvent), EngineError> {
        if let Some(made) = self.insert(&insert).await? {
            return Ok((Added::Created, made));
        }
        match self.find(insert.at.clone()).await? {
            Found::Live(current) => self.update(insert, current).await,
            Found::Deleted { last, next, .. } if revive => self.bring_back(insert, last, next).await,
            Found::Deleted { told, .. } => Err(told.into()),
        }
    }

    /// Makes an event; `None` where its id is taken. Where no answer came, it is looked at: one that is there was made
    /// just now, or long ago.
    async fn insert(&self, insert: &InsertEvent) -> Result<Option<CalendarEvent>, CalendarError> {
        let mut tries = 0;
        loop {
            tries += 1;
            let lost = match self.ports.calendar.insert(insert).await {
                Err(error) if error.kind == CalendarErrorKind::AlreadyExists => return Ok(None),
                Err(error) if error.retry == Retry::OutcomeUnknown => error,
                made => return made.map(Some),
            };
            match self.ports.calendar.get(&insert.at).await {
                Err(error) if error.kind == CalendarErrorKind::NotFound && tries < TRIES => {}
                Err(error) if error.kind == CalendarErrorKind::NotFound => return Err(lost),
                Err(error) if error.kind != CalendarErrorKind::Deleted => return Err(error),
                _ => return Ok(None),
            }
        }
    }

    /// Looks for an event from its first id on.
    async fn find(&self, mut at: EventRef) -> Result<Found, CalendarError> {
        let (mut deleted, mut generation) = (None, 0);
        loop {
            generation += 1;
            match (self.ports.calendar.get(&at).await, deleted) {
                (Err(told), _) if told.kind == CalendarErrorKind::Deleted && generation == GENERATIONS => {
                    return Ok(Found::Deleted { told, last: at, next: None });
                }
                (Err(told), _) if told.kind == CalendarErrorKind::Deleted => deleted = Some((told, at.clone())),
                (Err(error), Some((told, last))) if error.kind == CalendarErrorKind::NotFound => {
                    return Ok(Found::Deleted { told, last, next: Some(at) });
                }
                (found, _) => return found.map(Found::Live),
            }
            at.event = at.event.successor();
        }
    }

    /// Merges what the record says anew into its event, however often somebody else changes it meanwhile.
    async fn update(
        &self,
        InsertEvent { at, event, notify }: InsertEvent,
        mut current: CalendarEvent,
    ) -> Result<(Added, CalendarEvent), EngineError> {
        let at = EventRef { event: current.id.clone(), ..at };
        let mut tries = 0;
        loop {
            tries += 1;
            let patch = changes(&current.event, &event);
            if patch.is_empty() {
                return Ok((Added::Unchanged, current));
            }
            let version = Some(current.version);
            let change = PatchEvent { at: at.clone(), patch, version, revive: false, notify };
            match self.ports.calendar.patch(&change).await {
                Err(error) if error.kind == CalendarErrorKind::Conflict && tries < TRIES => {}
                patched => return Ok((Added::Changed, patched?)),
            }
            current = self.ports.calendar.get(&at).await?;
        }
    }

    /// Brings a deleted event back as it is drafted now. A new one takes its place where the calendar refuses that.
    async fn bring_back(
        &self,
        insert: InsertEvent,
        last: EventRef,
        next: Option<EventRef>,
    ) -> Result<(Added, CalendarEvent), EngineError> {
        let patch = EventPatch::from(insert.event.clone());
        let change = PatchEvent { at: last, patch, version: None, revive: true, notify: insert.notify };
        match (self.ports.calendar.patch(&change).await, next) {
            (Err(error), Some(at)) if error.kind == CalendarErrorKind::NotAllowed => {
                self.succeed(InsertEvent { at, ..insert }).await
            }
            (back, _) => Ok((Added::Created, back?)),
        }
    }

    /// Makes an event in a deleted one's place, unless somebody else did so a moment ago.
    async fn succeed(&self, insert: InsertEvent) -> Result<(Added, CalendarEvent), EngineError> {
        if let Some(made) = self.insert(&insert).await? {
            return Ok((Added::Created, made));
        }
        let current = self.ports.calendar.get(&insert.at).await?;
        self.update(insert, current).await
    }
}
