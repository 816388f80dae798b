//! From a cell to a field's value: what can be read is read, what is not said is not invented.

mod blank;
mod calendar;
mod choice;
mod clock;
mod date;
mod datetime;
mod email;
mod figure;
mod flag;
mod label;
mod link;
pub(crate) mod moment;
mod money;
mod name;
mod number;
mod phone;
mod reference;
mod separators;
mod style;
mod text;
mod tokens;

#[cfg(test)]
mod tests;

pub(crate) use email::address as email_address;
pub use name::split_name;
pub(crate) use phone::has_extension;
pub use style::column_style;

use rust_decimal::Decimal;

use crate::cell::CellValue;
use crate::field::{FieldKind, FieldMeta};
use crate::mapping::{ColumnStyle, DecimalMark};
use crate::reason::Reason;
use crate::value::FieldValue;

/// Reads `cell` for `field`. A blank or a placeholder (`-`, `yok`, `n/a`) is [`FieldValue::Empty`]; a
/// field that holds a list gets [`FieldValue::Many`], its parts separated by `;` or line breaks in the
/// cell (choices and records by commas too).
///
/// # Errors
/// The [`Reason`] why the cell cannot be read for this field.
pub fn convert(cell: &CellValue, field: &FieldMeta, style: &ColumnStyle) -> Result<FieldValue, Reason> {
    let shown = shown(cell);
    let text = blank::tidy(&shown);
    if blank::is_formula_error(text) {
        return Err(Reason::FormulaError);
    }
    if text.is_empty() {
        return Ok(FieldValue::Empty);
    }
    match field.kind {
        FieldKind::Other => Err(Reason::UnsupportedField),
        FieldKind::Choice | FieldKind::User => choice::read(cell, text, field),
        kind if blank::is_placeholder(text, kind) => Ok(FieldValue::Empty),
        kind if field.multiple && !kind.is_contact() => list(cell, text, kind, style),
        kind => one(cell, text, kind, style),
    }
}

/// The ISO 4217 code of the currency that a cell names beside its amount.
#[must_use]
pub fn written_currency(cell: &CellValue, style: &ColumnStyle) -> Option<&'static str> {
    let CellValue::Text(text) = cell else { return None };
    figure::figure(blank::tidy(text), style.decimal)?.currency
}

/// An amount as people write it, and the currency that it names.
pub(crate) fn amount(text: &str, mark: DecimalMark) -> Option<(Decimal, Option<&'static str>)> {
    figure::figure(text, mark).filter(|figure| !figure.percent).map(|figure| (figure.value, figure.currency))
}

/// Whether a cell names a share of something, not an amount.
#[must_use]
pub(crate) fn is_percentage(cell: &CellValue, style: &ColumnStyle) -> bool {
    let CellValue::Text(text) = cell else { return false };
    figure::figure(blank::tidy(text), style.decimal).is_some_and(|figure| figure.percent)
}

/// The cell as a person would type it.
fn shown(cell: &CellValue) -> String {
    match cell {
        CellValue::Number(number) => number::typed(*number),
        other => other.to_text(),
    }
}

fn list(cell: &CellValue, text: &str, kind: FieldKind, style: &ColumnStyle) -> Result<FieldValue, Reason> {
    if !matches!(cell, CellValue::Text(_)) {
        return Ok(FieldValue::Many(vec![one(cell, text, kind, style)?]));
    }
    let separators: &[char] = if kind == FieldKind::Reference { &[';', '\n', ','] } else { &[';', '\n'] };
    let parts = text.split(separators).map(blank::tidy).filter(|part| !part.is_empty());
    parts.map(|part| one(cell, part, kind, style)).collect::<Result<_, _>>().map(FieldValue::Many)
}

fn one(cell: &CellValue, text: &str, kind: FieldKind, style: &ColumnStyle) -> Result<FieldValue, Reason> {
    match (kind, cell) {
        (FieldKind::Integer, CellValue::Number(number)) => number::whole(number::exact(*number)),
        (FieldKind::Double, CellValue::Number(number)) => number::decimal(number::exact(*number)),
        (FieldKind::Money, CellValue::Number(number)) => money::plain(number::exact(*number), style),
        (FieldKind::Date, CellValue::Number(number)) => date::from_serial(*number),
        (FieldKind::DateTime, CellValue::Number(number)) => datetime::from_serial(*number, style),
        (FieldKind::Text, _) => Ok(text::read(text)),
        (FieldKind::Integer, _) => number::whole(number::from_text(text, style)),
        (FieldKind::Double, _) => number::decimal(number::from_text(text, style)),
        (FieldKind::Money, _) => money::read(text, style),
        (FieldKind::Date, _) => date::read(text, style),
        (FieldKind::DateTime, _) => datetime::read(text, style),
        (FieldKind::Flag, _) => flag::read(text),
        (FieldKind::Phone, _) => phone::read(text, style),
        (FieldKind::Email, _) => email::read(text),
        (FieldKind::Web, _) => link::read_all(text),
        (FieldKind::Messenger, _) => Ok(text::messengers(text)),
        (FieldKind::Link, _) => link::read(text),
        (FieldKind::Reference, _) => reference::read(text),
        (FieldKind::Choice | FieldKind::User | FieldKind::Other, _) => Err(Reason::UnsupportedField),
    }
}
