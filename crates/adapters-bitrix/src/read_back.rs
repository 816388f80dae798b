//! Bitrix24 answers success to values that it drops and to fields that it does not clear (issues
//! [145](https://github.com/bitrix24/b24restdocs/issues/145) and 269): what was written is read again,
//! and compared.

use std::collections::BTreeSet;

use kopru_domain::{FieldCode, FieldKind};
use kopru_ports::crm::{CommandOutcome, Dropped};
use serde_json::Value;

use crate::describe::Described;
use crate::proven::Mark;
use crate::wire::id;

/// What a field must hold afterwards.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub code: FieldCode,
    /// The field's name in the entity's methods.
    pub name: String,
    pub kind: FieldKind,
    pub sent: Value,
}

impl Expected {
    /// Of a changed record. Only clears, choices, people and flags are looked at: numbers, dates and texts come
    /// back in other spellings, and the record may hold them from before.
    pub(crate) fn changed(code: &FieldCode, name: String, kind: FieldKind, sent: &Value) -> Option<Self> {
        let doubtful = is_blank(FieldKind::Text, sent) || is_chosen(kind) || kind == FieldKind::Flag;
        doubtful.then(|| Self { code: code.clone(), name, kind, sent: sent.clone() })
    }

    /// Whether every change of the kind is looked at, though the field was seen to take others.
    pub(crate) fn is_always_seen(&self) -> bool {
        is_blank(FieldKind::Text, &self.sent) || is_chosen(self.kind)
    }

    /// Of a new record: whatever says something has to be there, a choice as it is.
    pub(crate) fn made(code: &FieldCode, name: String, kind: FieldKind, sent: &Value) -> Option<Self> {
        (!is_blank(kind, sent)).then(|| Self { code: code.clone(), name, kind, sent: sent.clone() })
    }

    /// What one look settles for all later records: a choice or another record may be gone, an amount or a date
    /// unreadable to the portal, a flag one that says it is writable and is not. Texts and numbers are not dropped.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        let of = |value: String| (self.code.clone(), value);
        match self.kind {
            FieldKind::Choice | FieldKind::User | FieldKind::Reference => ids(&self.sent).into_iter().map(of).collect(),
            FieldKind::Money | FieldKind::Date | FieldKind::DateTime | FieldKind::Flag => vec![of(String::new())],
            _ => Vec::new(),
        }
    }

    /// A field that the portal does not show cannot be compared.
    pub(crate) fn is_kept_in(&self, record: &Value) -> bool {
        let Some(read) = record.get(&self.name) else { return true };
        if is_blank(FieldKind::Text, &self.sent) {
            is_blank(self.kind, read)
        } else if is_chosen(self.kind) {
            ids(read) == ids(&self.sent)
        } else {
            is_blank(self.kind, read) == is_blank(self.kind, &self.sent)
        }
    }

    fn held(&self, record: &Value, described: &Described) -> Dropped {
        let choices = described.field(&self.code).map(|field| field.choices.as_slice()).unwrap_or_default();
        let label =
            |id: &String| choices.iter().find(|choice| choice.id == *id).map_or(id, |choice| &choice.label).clone();
        let holds: Vec<String> = ids(&record[&self.name]).iter().map(label).collect();
        Dropped { field: self.code.clone(), holds: holds.join(", ") }
    }
}

fn is_chosen(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Choice | FieldKind::User)
}

/// What is done, less what the record does not hold.
pub(crate) fn dropped(
    done: CommandOutcome,
    expected: &[Expected],
    record: &Value,
    described: &Described,
) -> CommandOutcome {
    let lost = expected.iter().filter(|expected| !expected.is_kept_in(record));
    let dropped: Vec<Dropped> = lost.map(|expected| expected.held(record, described)).collect();
    match done {
        CommandOutcome::Done { id } if !dropped.is_empty() => CommandOutcome::Partly { id, dropped },
        other => other,
    }
}

/// Whether a value says nothing. Amounts and references have no blank, they fall to zero, as flags fall to no.
fn is_blank(kind: FieldKind, value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.iter().all(|item| is_blank(kind, item)),
        Value::String(text) if kind == FieldKind::Flag => matches!(text.as_str(), "" | "N" | "0"),
        Value::String(text) if kind == FieldKind::Text => text.is_empty(),
        // A UF amount is `0|TRY`.
        Value::String(text) => text.is_empty() || text.split('|').next().is_some_and(is_zero),
        Value::Number(number) => kind != FieldKind::Text && is_zero(&number.to_string()),
        _ => false,
    }
}

fn is_zero(text: &str) -> bool {
    text.contains('0') && text.chars().all(|c| matches!(c, '0' | '.'))
}

/// Choices by their ids, whatever their order: old methods give texts, newer ones numbers.
fn ids(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(id).collect(),
        one => id(one).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::cleared(FieldKind::Text, json!(""), json!({ "X": null }), true)]
    #[case::not_cleared(FieldKind::Text, json!(""), json!({ "X": "0" }), false)]
    #[case::amount_without_a_blank(FieldKind::Double, json!(""), json!({ "X": "0.00" }), true)]
    #[case::money_without_a_blank(FieldKind::Money, json!(""), json!({ "X": "0|TRY" }), true)]
    #[case::amount_that_stayed(FieldKind::Double, json!(""), json!({ "X": 100.5 }), false)]
    #[case::no_company(FieldKind::Reference, json!(""), json!({ "X": "0" }), true)]
    #[case::flag(FieldKind::Flag, json!(""), json!({ "X": "N" }), true)]
    #[case::list_cleared(FieldKind::Choice, json!([]), json!({ "X": false }), true)]
    #[case::list_that_stayed(FieldKind::Choice, json!([]), json!({ "X": [81, 82] }), false)]
    #[case::date_that_stayed(FieldKind::Date, json!(""), json!({ "X": "2024-07-23T02:00:00+02:00" }), false)]
    #[case::numbers_for_texts(FieldKind::Choice, json!(["82", "81"]), json!({ "X": [81, 82] }), true)]
    #[case::one_dropped(FieldKind::Choice, json!(["81", "99"]), json!({ "X": ["81"] }), false)]
    #[case::stage(FieldKind::Choice, json!("C9:NEW"), json!({ "X": "C9:NEW" }), true)]
    #[case::another_stage(FieldKind::Choice, json!("C9:NEW"), json!({ "X": "C9:WON" }), false)]
    #[case::person(FieldKind::User, json!("7"), json!({ "X": 7 }), true)]
    #[case::dropped_altogether(FieldKind::User, json!("7"), json!({ "X": null }), false)]
    #[case::not_shown(FieldKind::User, json!("7"), json!({}), true)]
    fn what_was_written_is_there(
        #[case] kind: FieldKind,
        #[case] sent: Value,
        #[case] record: Value,
        #[case] kept: bool,
    ) {
        let expected = Expected::changed(&"X".into(), "X".to_owned(), kind, &sent).unwrap();
        assert_eq!(expected.is_kept_in(&record), kept);
    }

    #[test]
    fn what_comes_back_in_another_spelling_is_not_compared() {
        for kind in [FieldKind::Text, FieldKind::Double, FieldKind::Date] {
            assert!(Expected::changed(&"X".into(), "X".to_owned(), kind, &json!("1")).is_none());
        }
    }

    #[rstest]
    #[case::date(FieldKind::Date, json!("2024-07-23"), json!({ "X": "2024-07-23T02:00:00+02:00" }), true)]
    #[case::no_date(FieldKind::Date, json!("2024-07-23"), json!({ "X": "" }), false)]
    #[case::amount(FieldKind::Double, json!("1200.50"), json!({ "X": 1200.5 }), true)]
    #[case::amount_of_the_products(FieldKind::Double, json!("1200.50"), json!({ "X": "0.00" }), false)]
    #[case::money(FieldKind::Money, json!("300|TRY"), json!({ "X": "300|TRY" }), true)]
    #[case::no_money(FieldKind::Money, json!("300|TRY"), json!({ "X": null }), false)]
    #[case::no_such_company(FieldKind::Reference, json!("99"), json!({ "X": "0" }), false)]
    #[case::yes_as_json(FieldKind::Flag, json!("Y"), json!({ "X": true }), true)]
    #[case::another_option(FieldKind::Choice, json!("81"), json!({ "X": "82" }), false)]
    fn what_a_new_record_was_given_is_there(
        #[case] kind: FieldKind,
        #[case] sent: Value,
        #[case] record: Value,
        #[case] kept: bool,
    ) {
        let expected = Expected::made(&"X".into(), "X".to_owned(), kind, &sent).unwrap();
        assert_eq!(expected.is_kept_in(&record), kept);
    }

    #[rstest]
    #[case::no(FieldKind::Flag, json!("N"))]
    #[case::zero(FieldKind::Double, json!("0"))]
    #[case::nothing(FieldKind::Text, json!(""))]
    fn what_says_nothing_need_not_be_there(#[case] kind: FieldKind, #[case] sent: Value) {
        assert!(Expected::made(&"X".into(), "X".to_owned(), kind, &sent).is_none());
    }
}
