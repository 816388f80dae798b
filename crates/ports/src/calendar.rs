//! A person's own calendar.

use std::ops::Range;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::calendar::{Event, EventId, EventPatch};

use crate::error::PortError;
use crate::tokens::TokenKey;

/// Why an event cannot be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CalendarErrorKind {
    /// The person never connected a calendar.
    NotConnected,
    /// The connection ended: the person has to connect again.
    ReconnectRequired,
    /// The person did not grant what is needed: a new consent helps.
    ScopeMissing,
    /// The person may not do that with this event: it is somebody else's.
    NotAllowed,
    /// There is no such event.
    NotFound,
    /// The event was deleted. Its id stays taken.
    Deleted,
    /// There is an event with this id, or there was one.
    AlreadyExists,
    /// Somebody changed the event meanwhile: read it again.
    Conflict,
    /// The vendor refuses the request as it is.
    Invalid,
    /// The vendor's quota is used up for now; the error says for how long.
    RateLimited,
    /// The vendor does not answer, or not as agreed.
    Unavailable,
}

/// A calendar's failure.
pub type CalendarError = PortError<CalendarErrorKind>;

/// An event of a person's calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRef {
    /// Whose grant is used; the event is in that account's own calendar.
    pub connection: TokenKey,
    /// The event.
    pub event: EventId,
}

/// An event as it stands in the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarEvent {
    /// Its id.
    pub id: EventId,
    /// The event.
    pub event: Event,
    /// Changes with every write, whoever makes it.
    pub version: String,
    /// Its page at the vendor.
    pub link: String,
    /// Its video meeting's address; `None` where it has none, or none yet.
    pub meeting: Option<String>,
}

/// An event to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsertEvent {
    /// Whose it is, and its id: one of [`EventId::of_record`]'s or [`EventId::unique`]'s alphabet.
    pub at: EventRef,
    /// What it is.
    pub event: Event,
    /// Whether its guests are written to.
    pub notify: bool,
}

/// A change of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchEvent {
    /// The event.
    pub at: EventRef,
    /// What changes.
    pub patch: EventPatch,
    /// The version that it was read with; `None` changes it whatever its version.
    pub version: Option<String>,
    /// Whether it is brought back, where it was deleted.
    pub revive: bool,
    /// Whether its guests are written to.
    pub notify: bool,
}

/// An event to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteEvent {
    /// The event.
    pub at: EventRef,
    /// Whether its guests are written to.
    pub notify: bool,
}

/// A question for the events of a span of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEvents {
    /// Whose calendar.
    pub connection: TokenKey,
    /// Events that end after its beginning and begin before its end.
    pub range: Range<Timestamp>,
    /// At most so many, 1 to 250.
    pub limit: u16,
    /// The page that the last one named as its next; the first one where that is `None`.
    pub page: Option<String>,
}

/// A page of events, by their beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventPage {
    /// The events.
    pub events: Vec<CalendarEvent>,
    /// Opaque; present where there are more.
    pub next: Option<String>,
}

/// Reads and writes a person's own calendar.
#[async_trait]
pub trait CalendarProvider: Send + Sync {
    /// Makes an event with an id of ours: [`CalendarErrorKind::AlreadyExists`] where the id is taken, also by an
    /// event that was deleted. Where no answer came it may have been made, [`crate::Retry::OutcomeUnknown`]: read
    /// it, and repeat where it is not found. A video meeting may come a little later than its event.
    async fn insert(&self, request: &InsertEvent) -> Result<CalendarEvent, CalendarError>;

    /// The event; [`CalendarErrorKind::Deleted`] or [`CalendarErrorKind::NotFound`] where there is none. Repeatable.
    async fn get(&self, at: &EventRef) -> Result<CalendarEvent, CalendarError>;

    /// A page of the events in a span of time, each occurrence of those that recur, without deleted ones.
    /// Repeatable.
    async fn list(&self, request: &ListEvents) -> Result<EventPage, CalendarError>;

    /// Changes what the patch names and leaves the rest, also guests' answers: [`CalendarErrorKind::Conflict`]
    /// where the event has another version, [`CalendarErrorKind::Deleted`] where it was deleted and is not to be
    /// brought back. Repeatable: the same patch gives the same event, under a version at most once.
    async fn patch(&self, request: &PatchEvent) -> Result<CalendarEvent, CalendarError>;

    /// Deletes the event; one that is gone counts as deleted. Repeatable.
    async fn delete(&self, request: &DeleteEvent) -> Result<(), CalendarError>;
}
