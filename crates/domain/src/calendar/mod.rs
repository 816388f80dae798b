//! Events of a person's calendar, and what becomes of a CRM's record as one.
//!
//! [`draft`] makes an event of a record: what it is called, when it is, what it says. [`changes`] says what has
//! to be written where the event is there already: what the record says anew, and nothing that its owner changed
//! by hand since.

mod change;
mod draft;
mod event;
mod fault;
mod id;
mod money;
mod record;
mod spellings;
mod when;
mod words;
mod written;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use change::{EventPatch, Fingerprint, NotAFingerprint, changes};
pub use draft::{Given, draft};
pub use event::{Event, Guest, Link, Origin, Reminder, ReminderBy, Reminders};
pub use fault::DraftFault;
pub use id::{EventId, NotAnEventId};
pub use record::{Record, RecordType, UnknownRecordType};
pub use when::{Point, When};
