//! Days.

use super::moment;
use crate::mapping::ColumnStyle;
use crate::reason::Reason;
use crate::value::FieldValue;

/// The day that a text names; a time beside it is left out.
pub(super) fn read(text: &str, style: &ColumnStyle) -> Result<FieldValue, Reason> {
    moment::read(text, style.dates).map(|moment| FieldValue::Date(moment.at.date()))
}

/// The day of a date cell.
pub(super) fn from_serial(serial: f64) -> Result<FieldValue, Reason> {
    moment::from_serial(serial).map(|at| FieldValue::Date(at.date()))
}
