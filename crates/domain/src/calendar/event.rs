//! An event as Köprü knows it, whoever keeps the calendar.

use serde::{Deserialize, Serialize};

use super::change::Fingerprint;
use super::fault::DraftFault;
use super::record::RecordType;
use super::when::When;
use crate::convert::email_address;

/// An event. An empty text is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What it is called.
    pub title: String,
    /// What else is to be known.
    pub description: String,
    /// Where it is.
    pub location: String,
    /// When it is.
    pub when: When,
    /// Who is invited, beside the calendar's owner.
    pub guests: Vec<Guest>,
    /// When its owner is reminded.
    pub reminders: Reminders,
    /// Whether its owner has no time for anything else.
    pub busy: bool,
    /// The way back to the record.
    pub link: Option<Link>,
    /// Whether it has, or is to get, a video meeting of the calendar's own.
    pub has_meeting: bool,
    /// What it was made from.
    pub origin: Option<Origin>,
}

/// Somebody who is invited.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Guest {
    email: String,
    /// How they are called; empty where that is not known.
    pub name: String,
}

impl Guest {
    /// A guest with an address that can be one.
    ///
    /// # Errors
    /// [`DraftFault::NotAnEmail`] where it cannot.
    pub fn new(email: &str, name: &str) -> Result<Self, DraftFault> {
        let email = email_address(email.trim()).ok_or(DraftFault::NotAnEmail)?;
        Ok(Self { email, name: name.trim().to_owned() })
    }

    /// Their address.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.email
    }

    /// Whether both are the same person, however the address is spelled.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.email.eq_ignore_ascii_case(&other.email)
    }
}

/// When the owner of an event is reminded of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reminders {
    /// As of every event of the calendar.
    #[default]
    Usual,
    /// At these times only; never, where there are none.
    Own(Vec<Reminder>),
}

/// A calendar takes no more of them
/// ([Google](https://developers.google.com/workspace/calendar/api/v3/reference/events#reminders)).
const MOST_REMINDERS: usize = 5;
/// Four weeks: it takes no earlier ones.
const MOST_MINUTES: u32 = 40_320;

impl Reminders {
    /// Reminders of the event's own.
    ///
    /// # Errors
    /// [`DraftFault::Reminders`] where a calendar would not take them.
    pub fn own(list: Vec<Reminder>) -> Result<Self, DraftFault> {
        let fits = list.len() <= MOST_REMINDERS && list.iter().all(|reminder| reminder.minutes <= MOST_MINUTES);
        if fits { Ok(Self::Own(list)) } else { Err(DraftFault::Reminders) }
    }
}

/// One reminder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    /// How it comes.
    pub by: ReminderBy,
    /// So many minutes before the event begins; before midnight, where it lasts all day.
    pub minutes: u32,
}

/// How a reminder comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReminderBy {
    /// On the screen.
    Popup,
    /// By e-mail.
    Email,
}

/// An address with what stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What is there.
    pub title: String,
    /// Its address: http or https.
    pub url: String,
}

/// The record that an event was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Its kind.
    pub kind: RecordType,
    /// Its id in the CRM.
    pub record_id: String,
    /// What it said at that time.
    pub drafted: Fingerprint,
}
