//! Rows are level-triggered: what the sheet says (`desired`) against what the CRM has confirmed
//! (`acked`). What to write is the difference, computed when it is written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::amount::with_currencies;
use crate::cell::CellValue;
use crate::convert::{convert, split_name};
use crate::field::{FieldCode, FieldKind, FieldMeta};
use crate::mapping::{ColumnMapping, ColumnStyle, ResolvedMapping, Target};
use crate::multi::distinct;
use crate::reason::{Language, Reason};
use crate::value::FieldValue;

/// Values by field.
pub type Fields = BTreeMap<FieldCode, FieldValue>;

/// The fields of an entity by code.
pub type Catalog = BTreeMap<FieldCode, FieldMeta>;

/// A field's step from what the sheet said last to what it says now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// What the sheet last brought into the CRM; [`FieldValue::Empty`] where it never did.
    pub from: FieldValue,
    /// What it says now; [`FieldValue::Empty`] clears.
    pub to: FieldValue,
}

/// Steps by field.
pub type Changes = BTreeMap<FieldCode, FieldChange>;

/// A cell that is not written, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellRefusal {
    /// Header of its column; empty when the row as a whole is meant.
    pub header: String,
    /// What stands in it.
    pub value: String,
    /// Why.
    pub reason: Reason,
}

/// What a row says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// A value for each field whose cell could be read.
    pub desired: Fields,
    /// The cells that could not.
    pub refusals: Vec<CellRefusal>,
}

/// A value that the CRM refused: not sent again until the cell says something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// What was refused.
    pub value: FieldValue,
    /// Why.
    pub reason: Reason,
    /// Whether an earlier attempt may have written something else: whatever the cell says next is written.
    #[serde(default)]
    pub in_doubt: bool,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// Something is still to be written.
    Pending,
    /// Sheet and CRM are equal.
    Completed,
    /// Written but for some cells.
    Partly,
    /// Given up until the row changes or somebody retries.
    Failed,
}

/// What a row says of its fields. `None` when nothing but blanks stand in its mapped columns: such a row
/// is no record.
#[must_use]
pub fn read_row(cells: &[CellValue], mapping: &ResolvedMapping<'_>, catalog: &Catalog) -> Option<Reading> {
    let cell = |column: usize| cells.get(column).unwrap_or(&CellValue::Empty);
    if mapping.columns.iter().all(|(column, _)| cell(*column).is_blank()) {
        return None;
    }
    let mut reading = Reading::default();
    for (column, mapped) in &mapping.columns {
        if let Err(reason) = read_cell(cell(*column), mapped, catalog, &mut reading.desired) {
            let value = cell(*column).to_text();
            reading.refusals.push(CellRefusal { header: mapped.header.clone(), value, reason });
        }
    }
    let missing = |column: &&ColumnMapping| CellRefusal {
        header: column.header.clone(),
        value: String::new(),
        reason: Reason::ColumnMissing,
    };
    reading.refusals.extend(mapping.missing.iter().map(missing));
    with_currencies(cells, mapping, catalog, &mut reading);
    build_title(cells, mapping, catalog, &mut reading.desired);
    Some(reading)
}

fn read_cell(cell: &CellValue, mapped: &ColumnMapping, catalog: &Catalog, into: &mut Fields) -> Result<(), Reason> {
    match &mapped.target {
        Target::FullName => {
            plain_text(cell)?;
            let (given, surname) = split_name(&cell.to_text());
            for (code, text) in [("NAME", given), ("LAST_NAME", surname)] {
                into.insert(code.into(), text_value(&text));
            }
            Ok(())
        }
        Target::Field(code) => {
            let field = catalog.get(code).ok_or(Reason::UnknownField)?;
            if field.read_only {
                return Err(Reason::ReadOnly);
            }
            let value = convert(cell, field, &mapped.style)?;
            merge(into, field, value);
            Ok(())
        }
    }
}

fn text_value(text: &str) -> FieldValue {
    if text.is_empty() { FieldValue::Empty } else { FieldValue::Text(text.to_owned()) }
}

/// Two columns may feed one list of phones: the second adds to the first.
fn merge(into: &mut Fields, field: &FieldMeta, value: FieldValue) {
    let merged = match (into.remove(&field.code), value) {
        (Some(FieldValue::Contacts(mut first)), FieldValue::Contacts(second)) => {
            first.extend(second);
            FieldValue::Contacts(first)
        }
        (Some(first), FieldValue::Empty) => first,
        (_, value) => value,
    };
    let merged = match merged {
        FieldValue::Contacts(items) => FieldValue::Contacts(distinct(field.kind, items)),
        other => other,
    };
    into.insert(field.code.clone(), merged);
}

fn build_title(cells: &[CellValue], mapping: &ResolvedMapping<'_>, catalog: &Catalog, into: &mut Fields) {
    let title = FieldCode::from("TITLE");
    if mapping.title_from.is_empty() || into.contains_key(&title) || !catalog.contains_key(&title) {
        return;
    }
    let text = |column: &usize| cells.get(*column).and_then(spoken);
    let joined = |group: &Vec<usize>| group.iter().filter_map(text).collect::<Vec<_>>().join(" ");
    if let Some(words) = mapping.title_from.iter().map(joined).find(|words| !words.is_empty()) {
        into.insert(title, text_value(&words));
    }
}

/// A cell's text, unless nothing stands in it, a placeholder or a formula error.
fn spoken(cell: &CellValue) -> Option<String> {
    match plain_text(cell) {
        Ok(FieldValue::Text(text)) => Some(text),
        _ => None,
    }
}

/// A cell read as text and nothing else.
fn plain_text(cell: &CellValue) -> Result<FieldValue, Reason> {
    let field = FieldMeta {
        code: FieldCode::from(""),
        title: String::new(),
        kind: FieldKind::Text,
        required: false,
        read_only: false,
        multiple: false,
        choices: Vec::new(),
    };
    convert(cell, &field, &ColumnStyle::turkish())
}

/// What has to be written so that the CRM is level with the sheet: nothing that did not change, nothing
/// that a blank never filled, nothing that the CRM has already refused. Of the fields of an `open` attempt
/// nobody knows what the CRM has, the old value or the new one: they are written again, whatever they say.
#[must_use]
pub fn changes(desired: &Fields, acked: &Fields, rejected: &BTreeMap<FieldCode, Rejection>, open: &Changes) -> Changes {
    let mut found = Changes::new();
    for (code, to) in desired {
        let from = match open.get(code) {
            Some(change) => either(&change.from, &change.to),
            None => acked.get(code).cloned().unwrap_or(FieldValue::Empty),
        };
        let rejection = rejected.get(code);
        let (open, in_doubt) = (open.contains_key(code), rejection.is_some_and(|rejection| rejection.in_doubt));
        let unchanged = !open && !in_doubt && (from == *to || (from.is_empty() && to.is_empty()));
        // What was refused before the open attempt says nothing of what that one left.
        let refused = (in_doubt || !open) && rejection.is_some_and(|rejection| rejection.value == *to);
        if !unchanged && !refused {
            found.insert(code.clone(), FieldChange { from, to: to.clone() });
        }
    }
    found
}

/// What the sheet may have brought into the CRM: of phones and addresses both, since they are found by
/// their values.
fn either(one: &FieldValue, other: &FieldValue) -> FieldValue {
    match (one, other) {
        (FieldValue::Contacts(one), FieldValue::Contacts(other)) => {
            FieldValue::Contacts(one.iter().chain(other).cloned().collect())
        }
        (FieldValue::Empty, other) => other.clone(),
        (one, _) => one.clone(),
    }
}

/// What the status cell of a row shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusCell {
    /// The cell's text.
    pub text: String,
    /// The cell's note; empty for none.
    pub note: String,
}

/// The status cell of a row whose unwritten cells are `refusals`. A row that is still on its way shows
/// nothing new.
#[must_use]
pub fn status_cell(state: RowState, refusals: &[CellRefusal], language: Language) -> Option<StatusCell> {
    let (synced, failed) = match language {
        Language::Tr => ("✅ Senkronize", "❌ Hata"),
        Language::En => ("✅ Synced", "❌ Error"),
    };
    let text = match state {
        RowState::Pending => return None,
        RowState::Completed => synced,
        RowState::Partly | RowState::Failed => failed,
    };
    let line = |refusal: &CellRefusal| {
        let reason = refusal.reason.text(language);
        if refusal.header.is_empty() { reason } else { format!("{}: {reason}", refusal.header) }
    };
    let note = refusals.iter().map(line).collect::<Vec<_>>().join("\n");
    Some(StatusCell { text: text.to_owned(), note })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        pairs.iter().map(|(code, text)| ((*code).into(), text_value(text))).collect()
    }

    #[test]
    fn only_what_differs_is_written_and_a_blank_clears_only_what_the_sheet_filled() {
        let desired = fields(&[("NAME", "Ayşe"), ("POST", ""), ("COMMENTS", ""), ("WEB", "x")]);
        let acked = fields(&[("NAME", "Ayşe"), ("POST", "Müdür"), ("WEB", "y")]);
        let found = changes(&desired, &acked, &BTreeMap::new(), &Changes::new());
        assert_eq!(found.keys().map(FieldCode::as_str).collect::<Vec<_>>(), ["POST", "WEB"]);
        assert_eq!(found[&"POST".into()].to, FieldValue::Empty);
    }

    #[test]
    fn a_refused_value_waits_until_the_cell_says_something_else() {
        let rejection = Rejection { value: text_value("x"), reason: Reason::ReadOnly, in_doubt: false };
        let rejected = BTreeMap::from([("WEB".into(), rejection)]);
        assert!(changes(&fields(&[("WEB", "x")]), &Fields::new(), &rejected, &Changes::new()).is_empty());
        assert_eq!(changes(&fields(&[("WEB", "z")]), &Fields::new(), &rejected, &Changes::new()).len(), 1);
    }

    /// An earlier attempt may have brought "y" or a blank: neither counts as written.
    #[rstest]
    #[case::refused_before_the_attempt("x", false, true)]
    #[case::refused_in_doubt("x", true, false)]
    #[case::another_value("y", true, true)]
    #[case::nothing("", true, true)]
    fn what_is_refused_in_doubt_waits_and_all_else_is_written(
        #[case] cell: &str,
        #[case] in_doubt: bool,
        #[case] written: bool,
    ) {
        let rejection = Rejection { value: text_value("x"), reason: Reason::ReadOnly, in_doubt };
        let rejected = BTreeMap::from([("WEB".into(), rejection)]);
        let open = Changes::from([("WEB".into(), FieldChange { from: FieldValue::Empty, to: text_value("y") })]);
        let found = changes(&fields(&[("WEB", cell)]), &Fields::new(), &rejected, &open);
        assert_eq!(found.len(), usize::from(written));
        let found = changes(&fields(&[("WEB", cell)]), &Fields::new(), &rejected, &Changes::new());
        assert_eq!(found.len(), usize::from(cell != "x"), "after the attempt too");
    }

    #[test]
    fn the_status_names_each_refused_cell() {
        let refusal = CellRefusal { header: "Tutar".into(), value: "çok".into(), reason: Reason::NotANumber };
        let cell = status_cell(RowState::Partly, &[refusal], Language::Tr).unwrap();
        assert_eq!(cell.text, "❌ Hata");
        assert!(cell.note.starts_with("Tutar: "));
        assert_eq!(status_cell(RowState::Completed, &[], Language::Tr).unwrap().text, "✅ Senkronize");
        assert_eq!(status_cell(RowState::Pending, &[], Language::En), None);
    }

    fn some_fields() -> impl Strategy<Value = Fields> {
        let pair = ("[ABC]", "[xy]?").prop_map(|(code, text)| (code.as_str().into(), text_value(&text)));
        proptest::collection::btree_map(
            pair.clone().prop_map(|(code, _): (FieldCode, FieldValue)| code),
            pair.prop_map(|(_, value)| value),
            0..4,
        )
    }

    proptest! {
        #[test]
        fn writing_the_changes_leaves_nothing_to_write(desired in some_fields(), acked in some_fields()) {
            let mut after = acked.clone();
            for (code, change) in changes(&desired, &acked, &BTreeMap::new(), &Changes::new()) {
                after.insert(code, change.to);
            }
            prop_assert!(changes(&desired, &after, &BTreeMap::new(), &Changes::new()).is_empty());
        }
    }
}
