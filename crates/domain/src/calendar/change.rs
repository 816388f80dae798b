//! What is to be written where an event is there already.

use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::event::{Event, Guest, Link, Origin, Reminders};
use super::when::When;

/// What a record's event said when it was drafted, part by part: kept with the event, it tells what the record says
/// anew from what a person changed by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

/// The text is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a fingerprint of an event")]
pub struct NotAFingerprint;

/// The parts of an event, in the order in which a fingerprint has them.
#[derive(Debug, Clone, Copy)]
enum Part {
    Title,
    Description,
    Location,
    When,
    Guests,
    Reminders,
    Busy,
    Link,
}

const PARTS: usize = 8;
/// Signs for each part.
const WIDTH: usize = 8;

impl Fingerprint {
    /// The fingerprint of a drafted event.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        let parts: [String; PARTS] = [
            hashed(&event.title),
            hashed(&event.description),
            hashed(&event.location),
            hashed(&event.when),
            hashed(&event.guests),
            hashed(&event.reminders),
            hashed(&event.busy),
            hashed(&event.link),
        ];
        Self(parts.concat())
    }

    /// The fingerprint as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn part(&self, part: Part) -> &str {
        let at = part as usize * WIDTH;
        &self.0[at..at + WIDTH]
    }
}

fn hashed(part: &impl Serialize) -> String {
    let text = serde_json::to_string(part).unwrap_or_default();
    let mut hash = String::new();
    for byte in &Sha256::digest(text)[..WIDTH / 2] {
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

impl FromStr for Fingerprint {
    type Err = NotAFingerprint;
    fn from_str(text: &str) -> Result<Self, NotAFingerprint> {
        let fits = text.len() == PARTS * WIDTH && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAFingerprint) }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is to change of an event; what is `None` stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventPatch {
    /// The title.
    pub title: Option<String>,
    /// The description; empty removes it.
    pub description: Option<String>,
    /// The location; empty removes it.
    pub location: Option<String>,
    /// The time.
    pub when: Option<When>,
    /// All the guests.
    pub guests: Option<Vec<Guest>>,
    /// The reminders.
    pub reminders: Option<Reminders>,
    /// Whether its owner has no time for anything else.
    pub busy: Option<bool>,
    /// The way back to the record.
    pub link: Option<Link>,
    /// Whether a video meeting is added.
    pub adds_meeting: bool,
    /// What it was made from.
    pub origin: Option<Origin>,
}

impl EventPatch {
    /// Whether nothing is to be written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Writes into `event`.
    pub fn apply(self, event: &mut Event) {
        fn set<T>(place: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *place = value;
            }
        }
        set(&mut event.title, self.title);
        set(&mut event.description, self.description);
        set(&mut event.location, self.location);
        set(&mut event.when, self.when);
        set(&mut event.guests, self.guests);
        set(&mut event.reminders, self.reminders);
        set(&mut event.busy, self.busy);
        event.link = self.link.or(event.link.take());
        event.has_meeting |= self.adds_meeting;
        event.origin = self.origin.or(event.origin.take());
    }
}

/// All of an event: what is there becomes the same, whatever it was.
impl From<Event> for EventPatch {
    fn from(event: Event) -> Self {
        Self {
            title: Some(event.title),
            description: Some(event.description),
            location: Some(event.location),
            when: Some(event.when),
            guests: Some(event.guests),
            reminders: Some(event.reminders),
            busy: Some(event.busy),
            link: event.link,
            adds_meeting: event.has_meeting,
            origin: event.origin,
        }
    }
}

/// What has to be written for `drafted` where `current` is in the calendar: the parts that its record says anew. A
/// part that a person changed since stays theirs until the record's own changes.
#[must_use]
pub fn changes(current: &Event, drafted: &Event) -> EventPatch {
    let now = Fingerprint::of(drafted);
    let before = current.origin.as_ref().map(|origin| &origin.drafted);
    let is_new = |part: Part| before.is_none_or(|before| before.part(part) != now.part(part));
    let text =
        |part: Part, current: &String, drafted: &String| (is_new(part) && current != drafted).then(|| drafted.clone());
    EventPatch {
        title: text(Part::Title, &current.title, &drafted.title),
        description: text(Part::Description, &current.description, &drafted.description),
        location: text(Part::Location, &current.location, &drafted.location),
        when: (is_new(Part::When) && !current.when.is(&drafted.when)).then(|| drafted.when.clone()),
        guests: (is_new(Part::Guests) && !same_guests(&current.guests, &drafted.guests))
            .then(|| drafted.guests.clone()),
        reminders: (is_new(Part::Reminders) && current.reminders != drafted.reminders)
            .then(|| drafted.reminders.clone()),
        busy: (is_new(Part::Busy) && current.busy != drafted.busy).then_some(drafted.busy),
        link: drafted.link.clone().filter(|_| is_new(Part::Link) && current.link != drafted.link),
        adds_meeting: drafted.has_meeting && !current.has_meeting,
        origin: drafted.origin.clone().filter(|origin| current.origin.as_ref() != Some(origin)),
    }
}

/// Whether the same people are invited, in whatever order.
fn same_guests(one: &[Guest], other: &[Guest]) -> bool {
    let all_in = |of: &[Guest], others: &[Guest]| of.iter().all(|guest| others.iter().any(|other| guest.is(other)));
    all_in(one, other) && all_in(other, one)
}
