//! Text, and messenger names, which are text to the CRM.

use super::blank::tidy;
use crate::field::FieldKind;
use crate::multi::{distinct, work};
use crate::value::FieldValue;

/// The text with its inner line breaks, which are one character each.
pub(super) fn read(text: &str) -> FieldValue {
    FieldValue::Text(text.replace("\r\n", "\n"))
}

/// The messenger names of a cell.
pub(super) fn messengers(text: &str) -> FieldValue {
    let names = text.split(['\n', ';', ',']).map(tidy).filter(|name| !name.is_empty()).map(work);
    FieldValue::Contacts(distinct(FieldKind::Messenger, names.collect()))
}
