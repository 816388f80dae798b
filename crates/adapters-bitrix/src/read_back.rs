//! Bitrix24 answers success to values that it drops and to fields that it does not clear (issues
//! [145](https://github.com/bitrix24/b24restdocs/issues/145) and 269): what was written is read in the same
//! request, and compared.

use std::collections::BTreeSet;

use kopru_domain::{FieldCode, FieldKind};
use kopru_ports::crm::{CommandOutcome, CrmErrorKind};
use serde_json::Value;

use crate::describe::Described;
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
    /// Only clears, choices and people are looked at: numbers, dates and texts come back in other spellings,
    /// and are not dropped.
    pub(crate) fn of(code: &FieldCode, name: String, kind: FieldKind, sent: &Value) -> Option<Self> {
        let doubtful = is_blank(FieldKind::Text, sent) || matches!(kind, FieldKind::Choice | FieldKind::User);
        doubtful.then(|| Self { code: code.clone(), name, kind, sent: sent.clone() })
    }

    /// A field that the portal does not show cannot be compared.
    fn is_kept_in(&self, record: &Value) -> bool {
        let Some(read) = record.get(&self.name) else { return true };
        let clears = is_blank(FieldKind::Text, &self.sent);
        if clears { is_blank(self.kind, read) } else { ids(read) == ids(&self.sent) }
    }

    fn refusal(&self, record: &Value, described: &Described) -> CommandOutcome {
        let choices = described.field(&self.code).map(|field| field.choices.as_slice()).unwrap_or_default();
        let label =
            |id: &String| choices.iter().find(|choice| choice.id == *id).map_or(id, |choice| &choice.label).clone();
        let kept: Vec<String> = ids(&record[&self.name]).iter().map(label).collect();
        let message = format!("Bitrix24 answered success, but the field still holds \"{}\"", kept.join(", "));
        CommandOutcome::Refused { kind: CrmErrorKind::InvalidValue, message, field: Some(self.code.clone()) }
    }
}

/// The refusal that the portal did not speak out, if a field does not hold what was written.
pub(crate) fn silent_refusal(expected: &[Expected], record: &Value, described: &Described) -> Option<CommandOutcome> {
    let dropped = expected.iter().find(|expected| !expected.is_kept_in(record))?;
    Some(dropped.refusal(record, described))
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
        let expected = Expected::of(&"X".into(), "X".to_owned(), kind, &sent).unwrap();
        assert_eq!(expected.is_kept_in(&record), kept);
    }

    #[test]
    fn what_comes_back_in_another_spelling_is_not_compared() {
        for kind in [FieldKind::Text, FieldKind::Double, FieldKind::Date, FieldKind::Flag] {
            assert!(Expected::of(&"X".into(), "X".to_owned(), kind, &json!("1")).is_none());
        }
    }
}
