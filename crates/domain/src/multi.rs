//! Phones, addresses and pages: which of a record's entries an edit means.

use serde::{Deserialize, Serialize};

use crate::field::FieldKind;
use crate::value::{ContactKind, ContactValue};

/// One entry that the record has now, with the CRM's own id for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactEntry {
    /// The CRM's id of the entry.
    pub id: String,
    /// Its value.
    pub value: ContactValue,
}

/// One change to a record's entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactEdit {
    /// A new entry.
    Add(ContactValue),
    /// Another value for an entry; its kind stays.
    Replace {
        /// The entry's id.
        id: String,
        /// The new value.
        value: String,
    },
    /// An entry goes.
    Remove {
        /// The entry's id.
        id: String,
    },
}

/// What changes a record's `current` entries so that what the sheet said before (`previous`) gives way
/// to what it says now (`desired`). Entries that the sheet never spoke of stay. Applying it twice adds
/// nothing: what is already there is left alone.
#[must_use]
pub fn contact_edits(
    kind: FieldKind,
    current: &[ContactEntry],
    previous: &[ContactValue],
    desired: &[ContactValue],
) -> Vec<ContactEdit> {
    let same = |a: &str, b: &str| comparable(kind, a) == comparable(kind, b);
    let among = |list: &[ContactValue], value: &str| list.iter().any(|item| same(&item.value, value));
    let mut outdated: Vec<&ContactEntry> = current
        .iter()
        .filter(|entry| among(previous, &entry.value.value) && !among(desired, &entry.value.value))
        .collect();
    outdated.reverse();
    let mut edits = Vec::new();
    for wanted in desired.iter().filter(|wanted| !current.iter().any(|entry| same(&entry.value.value, &wanted.value))) {
        edits.push(match outdated.pop() {
            Some(entry) => ContactEdit::Replace { id: entry.id.clone(), value: wanted.value.clone() },
            None => ContactEdit::Add(wanted.clone()),
        });
    }
    edits.extend(outdated.into_iter().rev().map(|entry| ContactEdit::Remove { id: entry.id.clone() }));
    edits
}

/// The part of a value that decides whether two are the same: a phone's digits (with a leading `00` or
/// the sign `+` alike), anything else without case.
#[must_use]
pub fn comparable(kind: FieldKind, value: &str) -> String {
    if kind == FieldKind::Phone && value.chars().any(|c| c.is_ascii_digit()) {
        let digits: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
        return digits.trim_start_matches("00").to_owned();
    }
    value.trim().trim_end_matches('/').to_lowercase()
}

/// `values` without repetitions, in order.
#[must_use]
pub fn distinct(kind: FieldKind, values: Vec<ContactValue>) -> Vec<ContactValue> {
    let mut seen = std::collections::HashSet::new();
    values.into_iter().filter(|item| seen.insert(comparable(kind, &item.value))).collect()
}

/// A value with the kind that the CRM takes when nothing is said.
#[must_use]
pub fn work(value: impl Into<String>) -> ContactValue {
    ContactValue { value: value.into(), kind: ContactKind::Work }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(id: &str, value: &str) -> ContactEntry {
        ContactEntry { id: id.to_owned(), value: work(value) }
    }

    fn edits(current: &[ContactEntry], previous: &[&str], desired: &[&str]) -> Vec<ContactEdit> {
        let list = |texts: &[&str]| texts.iter().map(|text| work(*text)).collect::<Vec<_>>();
        contact_edits(FieldKind::Phone, current, &list(previous), &list(desired))
    }

    #[test]
    fn an_edit_replaces_the_entry_it_means_and_leaves_the_others() {
        let current = [entry("1", "+90 532 111 11 11"), entry("2", "+902120000000")];
        let found = edits(&current, &["+905321111111"], &["+905322222222"]);
        assert_eq!(found, [ContactEdit::Replace { id: "1".into(), value: "+905322222222".into() }]);
    }

    #[test]
    fn an_emptied_cell_removes_only_what_the_sheet_wrote() {
        let current = [entry("1", "+905321111111"), entry("2", "+902120000000")];
        assert_eq!(edits(&current, &["+905321111111"], &[]), [ContactEdit::Remove { id: "1".into() }]);
    }

    #[test]
    fn what_is_there_already_is_not_added_again() {
        assert_eq!(edits(&[entry("1", "0090 532 111 11 11")], &[], &["+905321111111"]), []);
    }

    fn apply(current: &[ContactEntry], edits: &[ContactEdit]) -> Vec<ContactEntry> {
        let mut after = current.to_vec();
        for (n, edit) in edits.iter().enumerate() {
            match edit {
                ContactEdit::Add(value) => after.push(ContactEntry { id: format!("n{n}"), value: value.clone() }),
                ContactEdit::Replace { id, value } => {
                    after.iter_mut().filter(|e| e.id == *id).for_each(|e| e.value.value.clone_from(value));
                }
                ContactEdit::Remove { id } => after.retain(|e| e.id != *id),
            }
        }
        after
    }

    proptest! {
        #[test]
        fn after_the_edits_the_record_has_what_the_sheet_says_and_a_repeat_changes_nothing(
            current in proptest::collection::btree_set(1u8..9, 0..5),
            previous in proptest::collection::vec(1u8..9, 0..4),
            desired in proptest::collection::btree_set(1u8..9, 0..4),
        ) {
            let text = |n: &u8| format!("+90532000000{n}");
            let current: Vec<_> = current.iter().map(|n| entry(&n.to_string(), &text(n))).collect();
            let list = |numbers: Vec<u8>| numbers.iter().map(|n| work(text(n))).collect::<Vec<_>>();
            let (previous, desired) = (list(previous), list(desired.into_iter().collect()));
            let first = contact_edits(FieldKind::Phone, &current, &previous, &desired);
            let after = apply(&current, &first);
            for wanted in &desired {
                prop_assert_eq!(after.iter().filter(|e| e.value.value == wanted.value).count(), 1);
            }
            for old in previous.iter().filter(|old| !desired.contains(old)) {
                prop_assert!(!after.iter().any(|e| e.value.value == old.value));
            }
            prop_assert_eq!(contact_edits(FieldKind::Phone, &after, &previous, &desired), []);
        }
    }
}
