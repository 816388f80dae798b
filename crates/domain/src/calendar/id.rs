//! Events' identifiers.

use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::record::RecordType;
use crate::ids::{CompanyId, UserId};

/// An event within its owner's calendar. One that is made from a record is the same for the same record.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventId(String);

/// The text is no event's id. Does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event's id has 1 to 1024 letters, digits, _ or -")]
pub struct NotAnEventId;

/// All of its letters are of the alphabet that calendars ask for: `0` to `9` and `a` to `v`
/// ([Google](https://developers.google.com/workspace/calendar/api/v3/reference/events#id)).
const OURS: &str = "kopru";

impl EventId {
    /// The event of a user for a record.
    #[must_use]
    pub fn of_record(company: &CompanyId, user: &UserId, kind: RecordType, record_id: &str) -> Self {
        Self::hashed(&format!("{company}\n{user}\n{kind}\n{record_id}"))
    }

    /// An event of its own for a key that the caller never uses twice.
    #[must_use]
    pub fn unique(company: &CompanyId, user: &UserId, key: &str) -> Self {
        Self::hashed(&format!("{company}\n{user}\n\n{key}"))
    }

    /// The id to take where this one is used up: a deleted event keeps its own for ever.
    #[must_use]
    pub fn successor(&self) -> Self {
        Self::hashed(&self.0)
    }

    fn hashed(text: &str) -> Self {
        let mut id = OURS.to_owned();
        for byte in &Sha256::digest(text)[..20] {
            let _ = write!(id, "{byte:02x}");
        }
        Self(id)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EventId {
    type Err = NotAnEventId;
    fn from_str(text: &str) -> Result<Self, NotAnEventId> {
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let fits = (1..=1024).contains(&text.len()) && text.bytes().all(sound);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAnEventId) }
    }
}

impl TryFrom<String> for EventId {
    type Error = NotAnEventId;
    fn try_from(text: String) -> Result<Self, NotAnEventId> {
        text.parse()
    }
}

impl From<EventId> for String {
    fn from(id: EventId) -> Self {
        id.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(company: &str, user: &str, kind: RecordType, record: &str) -> EventId {
        EventId::of_record(&company.parse().unwrap(), &user.parse().unwrap(), kind, record)
    }

    #[test]
    fn a_record_has_one_event_for_each_user() {
        let id = of("acme", "ayse", RecordType::Deal, "12");
        assert_eq!(id, of("acme", "ayse", RecordType::Deal, "12"));
        let others = [
            of("acme", "ayse", RecordType::Deal, "13"),
            of("acme", "ayse", RecordType::Quote, "12"),
            of("acme", "ece", RecordType::Deal, "12"),
            of("other", "ayse", RecordType::Deal, "12"),
            EventId::unique(&"acme".parse().unwrap(), &"ayse".parse().unwrap(), "12"),
            id.successor(),
            id.successor().successor(),
        ];
        assert!(others.iter().all(|other| *other != id));
        assert_ne!(others[5], others[6]);
    }

    #[test]
    fn ids_of_the_calendars_own_are_read_too() {
        for text in ["abc12", "_6gq3cor", "abc12_20261201T100000Z", "A-b"] {
            assert_eq!(text.parse::<EventId>().unwrap().as_str(), text);
        }
        for text in ["", "a/b", "a b", "../x", "ş", &"a".repeat(1025)] {
            assert_eq!(text.parse::<EventId>(), Err(NotAnEventId), "{text}");
        }
    }

    proptest! {
        #[test]
        fn made_ids_are_of_the_calendars_alphabet(record in "\\PC{0,40}", user in "[a-zş@.]{1,20}") {
            let id = of("acme", &user, RecordType::Task, &record);
            prop_assert!((5..=1024).contains(&id.as_str().len()));
            prop_assert!(id.as_str().bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'v')));
            prop_assert_eq!(id.as_str().parse::<EventId>(), Ok(id.clone()));
        }
    }
}
