//! Identifiers as newtypes: what holds of them is checked once, where they enter.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Why a text is not an identifier. Does not repeat the text: it may hold personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty or longer than its limit.
    #[error("an identifier has 1 to {0} characters")]
    Length(usize),
    /// The text holds a blank or a control character.
    #[error("an identifier has visible characters only, no blanks")]
    Invisible,
    /// The text is not a UUID.
    #[error("not a UUID")]
    NotUuid,
}

fn visible(text: &str, most: usize) -> Result<String, IdError> {
    if text.is_empty() || text.chars().count() > most {
        return Err(IdError::Length(most));
    }
    let unseen = |c: char| c.is_whitespace() || c.is_control();
    if text.chars().any(unseen) {
        return Err(IdError::Invisible);
    }
    Ok(text.to_owned())
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                visible(text, 128).map(Self)
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// A tenant. Opaque text from the host CRM, 1 to 128 visible characters.
    CompanyId
);
text_id!(
    /// A person of a company. Opaque text from the host CRM, 1 to 128 visible characters.
    UserId
);
impl CompanyId {
    /// Köprü itself, as the owner of what belongs to no company.
    #[must_use]
    pub fn of_the_service() -> Self {
        Self("kopru".to_owned())
    }
}

/// The company itself, as the owner of what is no single person's. The same texts are valid for both.
impl From<&CompanyId> for UserId {
    fn from(company: &CompanyId) -> Self {
        Self(company.0.clone())
    }
}

text_id!(
    /// A Google spreadsheet's file id, as in its address.
    SpreadsheetId
);

/// A tab's stable number within its spreadsheet (`gid` in the address, `sheetId` in the API).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Gid(pub i32);

impl fmt::Display for Gid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One sync configuration: a tab bound to an entity of a portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConfigId(pub Uuid);

impl FromStr for ConfigId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        text.parse().map(Self).map_err(|_| IdError::NotUuid)
    }
}

impl fmt::Display for ConfigId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_company_id_is_visible_text_of_limited_length() {
        assert!("acme-42".parse::<CompanyId>().is_ok());
        assert_eq!("".parse::<CompanyId>(), Err(IdError::Length(128)));
        assert_eq!("a b".parse::<CompanyId>(), Err(IdError::Invisible));
        assert_eq!("x".repeat(129).parse::<CompanyId>(), Err(IdError::Length(128)));
    }

    #[test]
    fn serde_checks_too() {
        assert!(serde_json::from_str::<UserId>("\"a\\u0000b\"").is_err());
        assert_eq!(serde_json::to_string(&"ayşe".parse::<UserId>().unwrap()).unwrap(), "\"ayşe\"");
    }
}
