//! How values are taken in, kept, and given out by the two generations of methods.

use jiff::{Timestamp, civil};
use serde_json::{Value, json};

use super::{
    fields::{self, Field},
    files,
    params::{elements, integer, number, text},
    state::{Record, State, portal_time},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generation {
    Legacy,
    Item,
}

#[derive(Debug, PartialEq)]
pub(super) enum Refused {
    NotInDirectory,
    NotIterable,
}

const INTEGERS: [&str; 7] = ["integer", "user", "employee", "crm_company", "crm_contact", "crm_category", "crm_lead"];

/// The value to keep, or `None` where the portal drops it without a word.
pub(super) fn accept(
    state: &State,
    field: &Field,
    directory: &str,
    value: &Value,
    generation: Generation,
) -> Result<Option<Value>, Refused> {
    if field.kind == "file" {
        return Ok(files::accept(value, field.multiple));
    }
    if !field.multiple {
        return match value {
            Value::Array(_) | Value::Object(_) => Ok(None),
            scalar => accept_one(state, field, directory, scalar),
        };
    }
    let is_list = matches!(value, Value::Array(_) | Value::Object(_));
    if generation == Generation::Item && !is_list && !text(value).is_empty() {
        return Err(Refused::NotIterable);
    }
    let mut kept = Vec::new();
    for element in elements(value).iter().filter(|element| !text(element).is_empty()) {
        kept.extend(accept_one(state, field, directory, element)?);
    }
    Ok(Some(Value::Array(kept)))
}

fn accept_one(state: &State, field: &Field, directory: &str, value: &Value) -> Result<Option<Value>, Refused> {
    let plain = text(value);
    let kind = field.kind.as_str();
    if plain.is_empty() && kind != "boolean" {
        let numeric = INTEGERS.contains(&kind) || kind == "double";
        return Ok(Some(if numeric { Value::Null } else { json!("") }));
    }
    Ok(match kind {
        kind if INTEGERS.contains(&kind) => Some(json!(integer(value))),
        "double" => Some(json!(number(value))),
        "boolean" => Some(json!(if is_yes(&plain) { "Y" } else { "N" })),
        "date" => date(&plain).map(|date| json!(date.to_string())),
        "datetime" => datetime(&plain).map(|time| json!(time)),
        "enumeration" if field.options.iter().any(|(id, _)| *id == plain) => Some(json!(plain)),
        "enumeration" if state.drops_bad_options => None,
        "enumeration" => return Err(Refused::NotInDirectory),
        "crm_status" if !state.is_status(directory, &plain) => return Err(Refused::NotInDirectory),
        _ => Some(json!(plain)),
    })
}

fn is_yes(text: &str) -> bool {
    matches!(text, "Y" | "y" | "1")
}

fn date(text: &str) -> Option<civil::Date> {
    let iso = text.get(..10).and_then(|start| start.parse().ok());
    iso.or_else(|| civil::Date::strptime("%d.%m.%Y", text).ok())
}

/// A time without an offset is the portal's own.
fn datetime(text: &str) -> Option<String> {
    let text = text.replacen(' ', "T", 1);
    let local = |text: &str| {
        let time = text.parse::<civil::DateTime>().ok()?;
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(3));
        Some(time.to_zoned(zone).ok()?.timestamp())
    };
    let time = text.parse::<Timestamp>().ok().or_else(|| local(&text))?;
    Some(portal_time(time.as_millisecond()))
}

/// What a record says of a field, derived fields included.
pub(super) fn plain(state: &State, type_id: u32, record: &Record, field: &Field) -> Value {
    match field.upper.as_str() {
        "ID" => json!(record.id),
        "HAS_PHONE" => has(record, "PHONE"),
        "HAS_EMAIL" => has(record, "EMAIL"),
        "STATUS_SEMANTIC_ID" => semantics(state, type_id, record, "STATUS_ID"),
        "STAGE_SEMANTIC_ID" => semantics(state, type_id, record, "STAGE_ID"),
        kind if field.is_multifield() => {
            record.multi.iter().filter(|row| row.type_id == kind).map(|row| json!(row.value)).collect()
        }
        name => record.value(name),
    }
}

fn has(record: &Record, type_id: &str) -> Value {
    json!(if record.multi.iter().any(|row| row.type_id == type_id) { "Y" } else { "N" })
}

fn semantics(state: &State, type_id: u32, record: &Record, stage_field: &str) -> Value {
    let fields = state.fields(type_id);
    let Some(field) = fields.iter().find(|field| field.upper == stage_field) else {
        return Value::Null;
    };
    let directory = fields::directory(field, type_id, record.category());
    let code = text(&record.value(stage_field));
    let status = state.statuses.iter().find(|s| s.directory == directory && s.code == code);
    json!(status.map(|status| status.semantics.as_str()).filter(|s| !s.is_empty()).unwrap_or("P"))
}

/// As the generation's reads show it: the old methods give numbers as text,
/// both give a date as midnight UTC on the portal's clock.
pub(super) fn show(field: &Field, value: &Value, generation: Generation) -> Value {
    if let Value::Array(list) = value {
        return list.iter().map(|element| show(field, element, generation)).collect();
    }
    let legacy = generation == Generation::Legacy;
    match (field.kind.as_str(), value) {
        (_, Value::Null) => Value::Null,
        ("date", Value::String(date)) if !date.is_empty() => json!(format!("{date}T03:00:00+03:00")),
        ("double", _) if legacy => json!(format!("{:.2}", number(value))),
        ("boolean", _) if legacy && field.is_own => json!(value == "Y"),
        ("enumeration", Value::String(id)) if !legacy => id.parse::<i64>().map_or_else(|_| json!(id), |id| json!(id)),
        (_, Value::Number(number)) if legacy => json!(number.to_string()),
        (_, other) => other.clone(),
    }
}
