//! Creating and changing records, with their history.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    files,
    hooks::Verb,
    multifield::{self, Row},
    state::{Entry, Record, State, portal_time},
};

/// What a call wants, already checked.
#[derive(Debug, Default)]
pub(super) struct Intent {
    pub values: BTreeMap<String, Value>,
    pub multi: Vec<multifield::Write>,
}

pub(super) fn create(state: &mut State, type_id: u32, user_id: u64, mut intent: Intent) -> u64 {
    let id = state.next_id(type_id);
    settle_files(state, type_id, &Record::default(), &mut intent);
    let mut record =
        Record { id, values: state.blank(type_id, user_id), created_at_ms: state.clock.now_ms(), ..Record::default() };
    record.values.extend(intent.values);
    name_if_needed(state, type_id, &mut record);
    multifield::apply(&mut record.multi, &intent.multi, || state.next_row_id());
    state.records.entry(type_id).or_default().insert(id, record);
    state.tell(type_id, id, Verb::Add);
    id
}

fn settle_files(state: &mut State, type_id: u32, old: &Record, intent: &mut Intent) {
    for field in state.fields(type_id).iter().filter(|field| field.kind == "file") {
        if let Some(value) = intent.values.get_mut(&field.upper) {
            files::settle(&old.value(&field.upper), value, || state.next_row_id());
        }
    }
}

/// The portal calls a nameless lead "Lead #5".
fn name_if_needed(state: &State, type_id: u32, record: &mut Record) {
    let titled = state.fields(type_id).iter().any(|field| field.upper == "TITLE");
    let empty = record.value("TITLE").as_str().is_none_or(str::is_empty);
    if titled && empty {
        let name = super::fields::entity_name(type_id);
        let title = format!("{}{} #{}", name[..1].to_uppercase(), &name[1..], record.id);
        record.values.insert("TITLE".to_owned(), json!(title));
    }
}

/// Changes a record; where nothing is new, nothing happens, not even to its
/// time of change.
pub(super) fn update(state: &mut State, type_id: u32, id: u64, user_id: u64, mut intent: Intent) {
    let Some(old) = state.record(type_id, id).cloned() else { return };
    settle_files(state, type_id, &old, &mut intent);
    let mut new = old.clone();
    new.values.extend(intent.values);
    multifield::apply(&mut new.multi, &intent.multi, || state.next_row_id());
    let fields = difference(&old, &new);
    if fields.is_empty() {
        return;
    }
    let now = state.clock.now_ms();
    for name in ["DATE_MODIFY", "UPDATED_TIME"] {
        new.values.entry(name.to_owned()).and_modify(|time| *time = json!(portal_time(now)));
    }
    for name in ["MODIFY_BY_ID", "UPDATED_BY"] {
        new.values.entry(name.to_owned()).and_modify(|user| *user = json!(user_id));
    }
    new.changes.push(Entry { at_ms: now, fields });
    state.records.entry(type_id).or_default().insert(id, new);
    state.tell(type_id, id, Verb::Update);
}

fn difference(old: &Record, new: &Record) -> BTreeMap<String, (Value, Value)> {
    let values = new.values.iter().filter_map(|(name, value)| {
        let before = old.value(name);
        // Nothing and an empty text are the same to the portal.
        let blank = |value: &Value| matches!(value, Value::Null) || value == "";
        let same = before == *value || (blank(&before) && blank(value));
        (!same).then(|| (name.clone(), (before, value.clone())))
    });
    let kinds: BTreeSet<&str> = old.multi.iter().chain(&new.multi).map(|row| row.type_id.as_str()).collect();
    let rows = kinds.into_iter().filter_map(|kind| {
        let of =
            |record: &Record| -> Vec<Row> { record.multi.iter().filter(|row| row.type_id == kind).cloned().collect() };
        let shown = |rows: &[Row]| rows.iter().map(|row| json!(row.value)).collect::<Value>();
        let (before, after) = (of(old), of(new));
        (before != after).then(|| (kind.to_owned(), (shown(&before), shown(&after))))
    });
    values.chain(rows).collect()
}

pub(super) fn delete(state: &mut State, type_id: u32, id: u64) -> bool {
    let gone = state.records.get_mut(&type_id).and_then(|records| records.remove(&id)).is_some();
    if gone {
        state.tell(type_id, id, Verb::Delete);
    }
    gone
}
