//! [`kopru_ports::calendar::CalendarProvider`]'s clauses.

mod changing;
mod listing;
mod making;
mod troubles;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::Zone;
use kopru_domain::calendar::{Event, EventId, EventPatch, Guest, Reminders, When};
use kopru_ports::calendar::{
    CalendarError, CalendarErrorKind, CalendarEvent, CalendarProvider, DeleteEvent, EventRef, InsertEvent, PatchEvent,
};
use kopru_ports::tokens::TokenKey;

pub use super::trouble::Trouble;
pub use changing::*;
pub use listing::*;
pub use making::*;
pub use troubles::*;

/// Runs the clauses of [`kopru_ports::calendar::CalendarProvider`]: `$world` gives a future of a fresh
/// [`CalendarWorld`](crate::suites::calendar::CalendarWorld).
#[macro_export]
macro_rules! calendar_suite {
    ($world:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::clauses!(async { Some($world.await) }, calendar: [
            an_event_is_made_as_asked,
            whole_days_stay_whole_days,
            a_time_keeps_its_clock,
            an_event_without_anything_else_is_one_too,
            an_event_is_made_once,
            the_id_of_a_deleted_event_stays_taken,
            a_deleted_event_says_so,
            what_nobody_made_is_not_found,
            a_meeting_comes_on_request,
            a_patch_changes_what_it_names,
            a_time_becomes_a_day_and_a_day_a_time,
            an_empty_text_removes_what_was_there,
            a_patch_under_another_version_is_a_conflict,
            without_a_version_the_last_one_wins,
            guests_keep_their_answers,
            nobody_is_written_to_unless_asked,
            a_deleted_event_comes_back_only_if_asked,
            a_deletion_may_be_repeated,
            events_of_a_span_are_listed_by_their_beginning,
            a_long_list_comes_in_pages_and_each_event_once,
            deleted_events_are_not_listed,
            who_never_connected_has_to_connect,
            who_ended_the_connection_has_to_connect_again,
            what_was_not_granted_needs_a_consent,
            a_vendor_that_asks_for_a_pause_has_done_nothing,
            where_nobody_listens_nothing_was_done,
            an_insert_without_an_answer_is_resolved_by_its_id,
            a_patch_may_be_repeated_whatever_became_of_it,
            a_deletion_may_be_repeated_whatever_became_of_it,
            a_reading_may_be_repeated_whatever_became_of_it,
        ], skip: [$($($skip)*)?]);
    };
}

/// A vendor of calendars with one person who is connected and has no events yet, and the adapter under test. Its
/// author arranges what a clause asks for, by other means than the adapter.
#[async_trait]
pub trait CalendarWorld: Send + Sync {
    /// The adapter.
    fn calendar(&self) -> &dyn CalendarProvider;
    /// The person's connection.
    fn connection(&self) -> TokenKey;

    /// The titles of the events that are in the calendar, by their beginning.
    async fn titles(&self) -> Vec<String>;
    /// The person gives an event another title.
    async fn rename(&self, id: &EventId, title: &str);
    /// The person deletes an event.
    async fn remove(&self, id: &EventId);
    /// A guest accepts.
    async fn accept(&self, id: &EventId, email: &str);
    /// The guests of an event who accepted.
    async fn accepted(&self, id: &EventId) -> Vec<String>;
    /// All whom the vendor has written to.
    async fn notified(&self) -> Vec<String>;
    /// The person's grant does not hold what calendars need.
    async fn untick(&self);
    /// The person ends the connection at the vendor.
    async fn disconnect(&self);
    /// The next call to the vendor meets `trouble`.
    async fn next(&self, trouble: Trouble);
    /// From now on nobody listens at the vendor's address.
    async fn cut_off(&self);
}

/// An id of our own making.
fn id(world: &impl CalendarWorld, key: &str) -> EventId {
    let TokenKey { company, user, .. } = world.connection();
    EventId::unique(&company, &user, key)
}

fn at(world: &impl CalendarWorld, key: &str) -> EventRef {
    EventRef { connection: world.connection(), event: id(world, key) }
}

fn timed(start: &str, end: &str, zone: &str) -> When {
    let moment = |text: &str| text.parse::<Timestamp>().expect("a moment");
    When::Timed { start: moment(start), end: moment(end), zone: zone.parse::<Zone>().expect("a zone") }
}

fn days(from: &str, to: &str) -> When {
    When::AllDay { from: from.parse().expect("a day"), to: to.parse().expect("a day") }
}

fn guest(email: &str) -> Guest {
    Guest::new(email, "").expect("an address")
}

/// An hour with nothing but a title.
fn plain(title: &str) -> Event {
    Event {
        title: title.to_owned(),
        description: String::new(),
        location: String::new(),
        when: timed("2026-12-01T07:00:00Z", "2026-12-01T08:00:00Z", "Europe/Istanbul"),
        guests: Vec::new(),
        reminders: Reminders::Usual,
        busy: true,
        link: None,
        has_meeting: false,
        origin: None,
    }
}

fn insertion(world: &impl CalendarWorld, key: &str, event: Event) -> InsertEvent {
    InsertEvent { at: at(world, key), event, notify: false }
}

async fn make(world: &impl CalendarWorld, key: &str, event: Event) -> CalendarEvent {
    world.calendar().insert(&insertion(world, key, event)).await.expect("an event")
}

async fn read(world: &impl CalendarWorld, key: &str) -> Result<CalendarEvent, CalendarError> {
    world.calendar().get(&at(world, key)).await
}

fn change(world: &impl CalendarWorld, key: &str, patch: EventPatch) -> PatchEvent {
    PatchEvent { at: at(world, key), patch, version: None, revive: false, notify: false }
}

fn renamed(title: &str) -> EventPatch {
    EventPatch { title: Some(title.to_owned()), ..EventPatch::default() }
}

async fn delete(world: &impl CalendarWorld, key: &str) -> Result<(), CalendarError> {
    world.calendar().delete(&DeleteEvent { at: at(world, key), notify: false }).await
}

fn kind<T>(answer: Result<T, CalendarError>) -> CalendarErrorKind {
    answer.err().expect("a failure").kind
}
