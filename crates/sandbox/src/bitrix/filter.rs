//! List filters: `=STATUS_ID`, `>=ID`, `%TITLE`, `@id`, and `logic: "OR"`.

use std::cmp::Ordering;

use serde_json::Value;

use super::{
    errors::RestError,
    fields::Field,
    params::{Params, elements, find, indexed, number, text},
    state::{Record, State},
    values::{Generation, plain},
};

const OPERATORS: [&str; 13] = [">=", "<=", "!=", "!@", "!%", "=%", "%=", "=", "!", ">", "<", "@", "%"];

pub(super) struct Filter<'a> {
    pub state: &'a State,
    pub type_id: u32,
    pub fields: &'a [Field],
    pub generation: Generation,
}

impl Filter<'_> {
    /// crm.item.list refuses a field it does not know; the old methods look away.
    pub fn check(&self, conditions: &Params) -> Result<(), RestError> {
        if self.generation == Generation::Legacy {
            return Ok(());
        }
        for (key, value) in conditions.iter().filter(|(key, _)| *key != "logic") {
            if key.parse::<usize>().is_ok() {
                self.check(&group(value))?;
            } else if self.field(split(key).1).is_none() {
                let name = split(key).1;
                let text = format!("Invalid filter: field '{name}' is not allowed in filter");
                return Err(RestError::bad("INVALID_ARG_VALUE", text));
            }
        }
        Ok(())
    }

    /// Groups and their `logic` are crm.item.list's alone; the old methods
    /// look away here too.
    pub fn matches(&self, record: &Record, conditions: &Params) -> bool {
        let groups = self.generation == Generation::Item;
        let any = groups && find(conditions, "logic").is_some_and(|logic| text(logic) == "OR");
        let mut hits = conditions.iter().filter(|(key, _)| *key != "logic").map(|(key, wanted)| {
            if key.parse::<usize>().is_ok() {
                return !groups || self.matches(record, &group(wanted));
            }
            let (operator, name) = split(key);
            self.field(name).is_none_or(|field| self.holds(record, field, operator, wanted))
        });
        if any { hits.any(|hit| hit) } else { hits.all(|hit| hit) }
    }

    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| match self.generation {
            Generation::Legacy => field.upper.eq_ignore_ascii_case(name),
            Generation::Item => field.item == name || (field.is_own && field.upper == name),
        })
    }

    fn holds(&self, record: &Record, field: &Field, operator: &str, wanted: &Value) -> bool {
        let found = elements(&plain(self.state, self.type_id, record, field));
        let wanted = elements(wanted);
        let one = |test: &dyn Fn(Ordering) -> bool| {
            found.iter().any(|have| wanted.iter().any(|want| test(compare(field, have, want))))
        };
        let equal = || {
            let blank = wanted.iter().all(|want| text(want).is_empty());
            let empty = found.iter().all(|have| text(have).is_empty());
            if blank { empty } else { one(&Ordering::is_eq) }
        };
        let like = || {
            let contains = |have: &Value, want: &Value| {
                let want = text(want).to_lowercase();
                text(have).to_lowercase().contains(want.trim_matches('%'))
            };
            found.iter().any(|have| wanted.iter().any(|want| contains(have, want)))
        };
        match operator {
            ">" => one(&Ordering::is_gt),
            ">=" => one(&Ordering::is_ge),
            "<" => one(&Ordering::is_lt),
            "<=" => one(&Ordering::is_le),
            "!" | "!=" | "!@" => !equal(),
            "%" | "=%" | "%=" => like(),
            "!%" => !like(),
            _ => equal(),
        }
    }
}

fn group(value: &Value) -> Params {
    match value {
        Value::Object(map) => map.clone(),
        Value::Array(list) => indexed(list),
        _ => Params::new(),
    }
}

fn split(key: &str) -> (&str, &str) {
    let operator = OPERATORS.iter().find(|operator| key.starts_with(**operator));
    operator.map_or(("", key), |operator| key.split_at(operator.len()))
}

/// Numbers as numbers, times by the clock, dates by the day, the rest as the
/// database's collation does: without regard to case.
pub(super) fn compare(field: &Field, have: &Value, want: &Value) -> Ordering {
    match field.kind.as_str() {
        "boolean" if field.is_own => {
            // A user's boolean is stored as Y or N and filtered by 1 or 0.
            text(have).replace('Y', "1").replace('N', "0").cmp(&text(want))
        }
        "date" => text(have).cmp(&text(want).chars().take(10).collect()),
        "datetime" => {
            let time = |value: &Value| text(value).parse::<jiff::Timestamp>().ok();
            time(have).cmp(&time(want))
        }
        _ if have.is_number() => number(have).total_cmp(&number(want)),
        _ => text(have).to_lowercase().cmp(&text(want).to_lowercase()),
    }
}
