//! crm.{lead,contact,company,deal,quote}.*: UPPER names, numbers as text,
//! errors without a code.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    dispatch::{Action, Reply},
    errors::RestError,
    fields::{self, Field},
    filter::Filter,
    list, multifield,
    params::{Params, elements, find, integer, text},
    state::{Record, State},
    values::{Generation, Refused, accept, plain, show},
    write::{self, Intent},
};

pub(super) fn call(
    state: &mut State,
    user_id: u64,
    type_id: u32,
    action: Action,
    params: &Params,
) -> Result<Reply, RestError> {
    Ok(match action {
        Action::Fields => fields::describe_all(state, type_id, false, true).into(),
        Action::Add => {
            let fields = find(params, "fields").cloned().unwrap_or_default();
            json!(create(state, user_id, type_id, &fields)?).into()
        }
        Action::Update => {
            let category = existing(state, type_id, params)?.category();
            let id = id_of(params)?;
            let fields = find(params, "fields").cloned().unwrap_or_default();
            let intent = intent(state, type_id, category, false, &fields)?;
            write::update(state, type_id, id, user_id, intent);
            json!(true).into()
        }
        Action::Get => read_one(state, type_id, existing(state, type_id, params)?).into(),
        Action::Delete => {
            existing(state, type_id, params)?;
            write::delete(state, type_id, id_of(params)?);
            json!(true).into()
        }
        Action::List => read_list(state, type_id, params)?,
    })
}

/// Makes a record and answers its id.
pub(super) fn create(state: &mut State, user_id: u64, type_id: u32, fields: &Value) -> Result<u64, RestError> {
    let intent = intent(state, type_id, state.default_category(type_id), true, fields)?;
    Ok(write::create(state, type_id, user_id, intent))
}

fn id_of(params: &Params) -> Result<u64, RestError> {
    let id = find(params, "id").map_or(0, integer);
    let id = u64::try_from(id).ok().filter(|id| *id > 0);
    id.ok_or_else(|| RestError::legacy("ID is not defined or invalid."))
}

fn existing<'a>(state: &'a State, type_id: u32, params: &Params) -> Result<&'a Record, RestError> {
    let id = id_of(params)?;
    state.record(type_id, id).ok_or_else(|| RestError::legacy("Not found"))
}

/// Unknown and read-only fields are passed over in silence.
fn intent(state: &State, type_id: u32, category: i64, is_new: bool, wanted: &Value) -> Result<Intent, RestError> {
    if !wanted.is_object() && !wanted.is_array() {
        return Err(RestError::legacy("Parameter 'fields' must be array."));
    }
    let category = match wanted.get("CATEGORY_ID") {
        Some(moved) if is_new => integer(moved),
        _ => category,
    };
    let mut intent = Intent::default();
    for field in state.fields(type_id).iter() {
        let Some(value) = wanted.get(&field.upper) else { continue };
        if field.read_only || field.item_only || (field.immutable && !is_new) {
            continue;
        }
        if field.is_multifield() {
            intent.multi.extend(multifield::legacy_writes(&field.upper, value)?);
            continue;
        }
        let directory = fields::directory(field, type_id, category);
        let kept = accept(state, field, &directory, value, Generation::Legacy)
            .map_err(|refused| refusal(state, field, &refused))?;
        intent.values.extend(kept.map(|value| (field.upper.clone(), value)));
    }
    if is_new && !intent.values.contains_key("STAGE_ID") && category != 0 {
        let pipeline = state.fields(type_id).iter().find(|field| field.upper == "STAGE_ID").cloned();
        intent.values.extend(pipeline.map(|field| {
            let first = state.first_status(&fields::directory(&field, type_id, category));
            (field.upper, json!(first))
        }));
    }
    Ok(intent)
}

fn refusal(state: &State, field: &Field, refused: &Refused) -> RestError {
    let title = &field.titles[state.language];
    match refused {
        Refused::NotInDirectory => RestError::legacy(format!("The value of field \"{title}\" is not in its list.")),
        Refused::NotIterable => RestError::legacy(format!("The value of field \"{title}\" must be a list.")),
    }
}

fn columns(state: &State, type_id: u32, record: &Record, wanted: impl Fn(&Field) -> bool) -> Map<String, Value> {
    let fields = state.fields(type_id);
    let shown = fields.iter().filter(|field| !field.item_only && wanted(field));
    shown
        .filter_map(|field| {
            let value = if field.is_multifield() {
                let rows = record.multi.iter().filter(|row| row.type_id == field.upper);
                let rows: Vec<Value> = rows.map(multifield::Row::legacy).collect();
                // A record without phones has no PHONE at all.
                (!rows.is_empty()).then_some(Value::Array(rows))?
            } else {
                let value = plain(state, type_id, record, field);
                show(field, &value, Generation::Legacy)
            };
            Some((field.upper.clone(), value))
        })
        .collect()
}

fn read_one(state: &State, type_id: u32, record: &Record) -> Value {
    Value::Object(columns(state, type_id, record, |_| true))
}

fn read_list(state: &State, type_id: u32, params: &Params) -> Result<Reply, RestError> {
    let own = state.fields(type_id);
    let filter = Filter { state, type_id, fields: &own, generation: Generation::Legacy };
    let found = list::select(&filter, params)?;
    let mut names: Vec<String> = find(params, "select").map(elements).unwrap_or_default().iter().map(text).collect();
    if names.is_empty() {
        names.push("*".to_owned());
    }
    let wanted = |field: &Field| {
        let special = field.is_own || field.is_multifield();
        names.iter().any(|name| match name.as_str() {
            "*" => !special,
            "UF_*" => field.is_own,
            name => field.upper == name || field.upper == "ID",
        })
    };
    let show = |record: &Record| Value::Object(columns(state, type_id, record, wanted));
    Ok(list::page(found, params, show))
}

const MOST_DUPLICATES: usize = 20;

/// `crm.duplicate.findbycomm`: who has this phone or e-mail.
pub(super) fn find_by_communication(state: &State, params: &Params) -> Result<Reply, RestError> {
    let kind = find(params, "type").map(text).unwrap_or_default().to_uppercase();
    if !matches!(kind.as_str(), "PHONE" | "EMAIL") {
        return Err(RestError::legacy("Communication type is not defined."));
    }
    let wanted: Vec<String> = find(params, "values")
        .map(elements)
        .unwrap_or_default()
        .iter()
        .map(|value| comparable(&kind, &text(value)))
        .collect();
    let only = find(params, "entity_type").map(text);
    let mut found = BTreeMap::new();
    for (name, type_id) in [("LEAD", fields::LEAD), ("CONTACT", fields::CONTACT), ("COMPANY", fields::COMPANY)] {
        if only.as_deref().is_some_and(|only| !only.eq_ignore_ascii_case(name)) {
            continue;
        }
        let records = state.records.get(&type_id).into_iter().flat_map(|records| records.values());
        let ids: Vec<u64> = records
            .filter(|record| {
                record.multi.iter().any(|row| row.type_id == kind && wanted.contains(&comparable(&kind, &row.value)))
            })
            .map(|record| record.id)
            .take(MOST_DUPLICATES)
            .collect();
        let is_crowd = ids.len() == MOST_DUPLICATES;
        if !ids.is_empty() {
            found.insert(name.to_owned(), json!(ids));
        }
        // A type with that many hits hides those of the next ones.
        if is_crowd {
            break;
        }
    }
    Ok(super::params::php_array(found).into())
}

fn comparable(kind: &str, value: &str) -> String {
    match kind {
        "PHONE" => value.chars().filter(char::is_ascii_digit).collect(),
        _ => value.trim().to_lowercase(),
    }
}
