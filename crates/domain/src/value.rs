//! A field's value as it is compared and written: one spelling for each meaning.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Where or how a phone, an address or a page is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    /// At work: what the CRM takes when nothing is said.
    #[default]
    Work,
    /// A mobile phone.
    Mobile,
    /// A fax machine.
    Fax,
    /// At home.
    Home,
    /// Anything else.
    Other,
}

/// One phone number, e-mail address, page or messenger name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ContactValue {
    /// The number or address; a phone is E.164, with `;ext=` kept as the sheet's own text instead.
    pub value: String,
    /// Its kind.
    pub kind: ContactKind,
}

/// A value in the CRM's terms. Two equal values need no write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum FieldValue {
    /// Nothing: clears the field.
    Empty,
    /// Text, trimmed.
    Text(String),
    /// A number, normalised (no trailing zeros).
    Number(Decimal),
    /// An amount and its ISO 4217 currency.
    Money(Decimal, String),
    /// Yes or no.
    Flag(bool),
    /// A day.
    Date(Date),
    /// A moment.
    DateTime(Timestamp),
    /// The id of a choice, a stage, a person or a record.
    Choice(String),
    /// A list, in the sheet's order.
    Many(Vec<FieldValue>),
    /// Phones, addresses, pages: in the sheet's order.
    Contacts(Vec<ContactValue>),
}

impl FieldValue {
    /// Whether the field is to be, or is, without a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Many(items) => items.is_empty(),
            Self::Contacts(items) => items.is_empty(),
            _ => false,
        }
    }
}
