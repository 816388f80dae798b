//! People's own calendars: events made by hand or from a record, each record's the same event however often it is added.

mod adding;

use kopru_domain::Language;
use kopru_domain::calendar::{
    DraftFault, Event, EventId, EventPatch, Given, Guest, Record, RecordType, Reminders, draft,
};
use kopru_domain::{CompanyId, UserId, Zone};
use kopru_ports::calendar::{CalendarEvent, DeleteEvent, EventPage, EventRef, InsertEvent, ListEvents, PatchEvent};
use kopru_ports::tokens::{Service, TokenKey};
use serde_json::{Map, Value};

use crate::Engine;
use crate::connect::personal;
use crate::error::EngineError;

/// From what an event is made.
#[derive(Debug, Clone)]
pub enum EventSource {
    /// A CRM's record, and what goes before what it says.
    Record(RecordType, Map<String, Value>, Given),
    /// The caller's own words.
    Fields(Box<Event>),
}

/// An event to be added.
#[derive(Debug, Clone)]
pub struct AddEvent {
    /// From what.
    pub source: EventSource,
    /// In whose language a record's event speaks.
    pub language: Language,
    /// Whose clock it goes by.
    pub zone: Zone,
    /// By what the caller knows it where it has no record: repeated, it is the same event.
    pub key: Option<String>,
    /// Reminders in place of the drafted ones.
    pub reminders: Option<Reminders>,
    /// Whether it gets a video meeting.
    pub meet: bool,
    /// Whether its guests are written to.
    pub notify: bool,
    /// Whether it is brought back, where the person deleted it.
    pub revive: bool,
}

/// What adding came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// A new event.
    Created,
    /// The record's event, changed where the record changed.
    Changed,
    /// The record's event as it was; also one that was made just now, where the answer was lost.
    Unchanged,
}

impl Engine {
    /// The time zone in which a company's people live.
    pub async fn zone(&self, company: &CompanyId) -> Result<Zone, EngineError> {
        Ok(self.ports.texts.policy(company).await?.zone)
    }

    /// Adds an event to the person's calendar. The same record is the same event: added again, it is changed where the
    /// record changed. One that was deleted and is brought back may have another id. Repeatable.
    ///
    /// # Errors
    /// [`EngineError::Draft`] where the record says too little; [`CalendarErrorKind::Deleted`] where the person
    /// deleted the event and it is not to be brought back.
    ///
    /// [`CalendarErrorKind::Deleted`]: kopru_ports::calendar::CalendarErrorKind::Deleted
    pub async fn add_event(
        &self,
        company: &CompanyId,
        user: &UserId,
        wish: AddEvent,
    ) -> Result<(Added, CalendarEvent), EngineError> {
        let connection = self.calendar(company, user).await?;
        let (id, mut event) = self.drafted(company, user, &wish)?;
        event.reminders = wish.reminders.unwrap_or(event.reminders);
        event.has_meeting |= wish.meet;
        let insert = InsertEvent { at: EventRef { connection, event: id }, event, notify: wish.notify };
        self.add(insert, wish.revive).await
    }

    fn drafted(&self, company: &CompanyId, user: &UserId, wish: &AddEvent) -> Result<(EventId, Event), EngineError> {
        let other = || wish.key.clone().unwrap_or_else(|| self.ports.ids.next().to_string());
        let (kind, record, given) = match &wish.source {
            EventSource::Fields(event) => return Ok((EventId::unique(company, user, &other()), (**event).clone())),
            EventSource::Record(kind, record, given) => (*kind, Record::read(record), given.clone()),
        };
        let event = draft(kind, &record, given, wish.language, &wish.zone)?;
        let id = record.id(kind).map(|id| EventId::of_record(company, user, kind, id));
        Ok((id.unwrap_or_else(|| EventId::unique(company, user, &other())), event))
    }

    /// An event of the person's calendar.
    pub async fn event(
        &self,
        company: &CompanyId,
        user: &UserId,
        event: EventId,
    ) -> Result<CalendarEvent, EngineError> {
        let connection = self.calendar(company, user).await?;
        Ok(self.ports.calendar.get(&EventRef { connection, event }).await?)
    }

    /// The events of a span of time.
    pub async fn events(
        &self,
        company: &CompanyId,
        user: &UserId,
        list: impl FnOnce(TokenKey) -> ListEvents + Send,
    ) -> Result<EventPage, EngineError> {
        let connection = self.calendar(company, user).await?;
        Ok(self.ports.calendar.list(&list(connection)).await?)
    }

    /// Changes an event.
    pub async fn change_event(
        &self,
        company: &CompanyId,
        user: &UserId,
        event: EventId,
        (patch, notify): (EventPatch, bool),
    ) -> Result<CalendarEvent, EngineError> {
        let at = EventRef { connection: self.calendar(company, user).await?, event };
        let change = PatchEvent { at, patch, version: None, revive: false, notify };
        Ok(self.ports.calendar.patch(&change).await?)
    }

    /// Deletes an event; one that is gone counts as deleted.
    pub async fn delete_event(
        &self,
        company: &CompanyId,
        user: &UserId,
        event: EventId,
        notify: bool,
    ) -> Result<(), EngineError> {
        let connection = self.calendar(company, user).await?;
        Ok(self.ports.calendar.delete(&DeleteEvent { at: EventRef { connection, event }, notify }).await?)
    }

    async fn calendar(&self, company: &CompanyId, user: &UserId) -> Result<TokenKey, EngineError> {
        self.connected_to(personal(company, user, Service::GoogleCalendar)).await
    }
}

/// Guests by their addresses and names.
///
/// # Errors
/// [`DraftFault::NotAnEmail`].
pub fn guests<'a>(list: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Vec<Guest>, DraftFault> {
    list.into_iter().map(|(email, name)| Guest::new(email, name)).collect()
}
