//! The kinds of CRM record that a tab can be bound to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A kind of CRM record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum EntityKind {
    /// A person or firm that may become a customer.
    Lead,
    /// A person.
    Contact,
    /// A firm.
    Company,
    /// A sale under way.
    Deal,
    /// An offer.
    Quote,
    /// An invoice.
    Invoice,
    /// A record of a type that the portal's owner made; the number is the type's own.
    Smart(u32),
}

/// The text names no kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("choose lead, contact, company, deal, quote, invoice or smart:NUMBER")]
pub struct UnknownEntity;

impl FromStr for EntityKind {
    type Err = UnknownEntity;
    fn from_str(text: &str) -> Result<Self, UnknownEntity> {
        Ok(match text {
            "lead" => Self::Lead,
            "contact" => Self::Contact,
            "company" => Self::Company,
            "deal" => Self::Deal,
            "quote" => Self::Quote,
            "invoice" => Self::Invoice,
            other => {
                let number = other.strip_prefix("smart:").ok_or(UnknownEntity)?;
                Self::Smart(number.parse().map_err(|_| UnknownEntity)?)
            }
        })
    }
}

impl fmt::Display for EntityKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lead => f.write_str("lead"),
            Self::Contact => f.write_str("contact"),
            Self::Company => f.write_str("company"),
            Self::Deal => f.write_str("deal"),
            Self::Quote => f.write_str("quote"),
            Self::Invoice => f.write_str("invoice"),
            Self::Smart(number) => write!(f, "smart:{number}"),
        }
    }
}

impl TryFrom<String> for EntityKind {
    type Error = UnknownEntity;
    fn try_from(text: String) -> Result<Self, UnknownEntity> {
        text.parse()
    }
}

impl From<EntityKind> for String {
    fn from(kind: EntityKind) -> Self {
        kind.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_as_written() {
        use EntityKind::{Company, Contact, Deal, Invoice, Lead, Quote, Smart};
        for kind in [Lead, Contact, Company, Deal, Quote, Invoice, Smart(1030)] {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert_eq!("smart:x".parse::<EntityKind>(), Err(UnknownEntity));
    }
}
