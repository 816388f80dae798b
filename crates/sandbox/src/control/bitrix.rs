//! The portal: seeding, settings, records and statistics.

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Json, Router,
    extract::{Path, State as Extracted},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Refused};
use crate::{
    bitrix::{
        Status,
        fields::{LANGUAGES, describe_all, entity_type},
        limits::{Billing, Bucket, Limits},
        seed_record, seed_type,
        state::{EnumItem, SmartType, State, User, UserField, snapshot},
    },
    events::Event,
    server::Shared,
};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/seed", post(seed))
        .route("/settings", post(settings))
        .route("/stats", get(stats))
        .route("/records/{entity}", get(records))
        .route("/fields/{entity}", get(fields))
        .route("/blank/{entity}", get(blank))
        .route("/names", get(names))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Seed {
    language: Option<String>,
    users: Vec<User>,
    statuses: Vec<SeedStatus>,
    user_fields: Vec<SeedField>,
    types: Vec<SmartType>,
    records: Vec<SeedRecord>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedStatus {
    entity_id: String,
    status_id: String,
    name: String,
    #[serde(default)]
    sort: u32,
    #[serde(default)]
    semantics: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedField {
    entity: String,
    field_name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    multiple: bool,
    #[serde(default)]
    mandatory: bool,
    label: String,
    #[serde(default)]
    items: Vec<EnumItem>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedRecord {
    entity: String,
    fields: Map<String, Value>,
}

fn type_of(entity: &str) -> Result<u32, Refused> {
    entity_type(entity).ok_or_else(|| Refused::absent("entity"))
}

fn set_language(state: &mut State, language: Option<&str>) -> Result<(), Refused> {
    if let Some(wanted) = language {
        let index = LANGUAGES.iter().position(|known| *known == wanted);
        state.language = index.ok_or_else(|| Refused::bad("languages: en, tr, ru, de"))?;
    }
    Ok(())
}

/// Adds to what is there; answers the ids of the records in their order.
async fn seed(Extracted(app): Extracted<Shared>, Json(seed): Json<Seed>) -> Answer {
    let mut state = app.bitrix();
    set_language(&mut state, seed.language.as_deref())?;
    for mut user in seed.users {
        if user.id == 0 {
            user.id = state.users.iter().map(|known| known.id).max().unwrap_or_default() + 1;
        }
        state.users.retain(|known| known.id != user.id);
        state.users.push(user);
    }
    for own in seed.types {
        seed_type(&mut state, own);
    }
    for status in seed.statuses {
        let names = std::array::from_fn(|_| status.name.clone());
        let status = Status {
            directory: status.entity_id,
            code: status.status_id,
            names,
            sort: status.sort,
            semantics: status.semantics,
        };
        state.statuses.retain(|known| (&known.directory, &known.code) != (&status.directory, &status.code));
        state.statuses.push(status);
    }
    for field in seed.user_fields {
        let type_id = type_of(&field.entity)?;
        let SeedField { field_name, kind, multiple, mandatory, label, items, .. } = field;
        state.add_user_field(UserField { type_id, field_name, kind, multiple, mandatory, label, items });
    }
    let mut ids = Vec::new();
    for record in seed.records {
        let id = seed_record(&mut state, type_of(&record.entity)?, record.fields);
        ids.push(id.map_err(|error| Refused::bad(error.description))?);
    }
    let changed = std::mem::take(&mut state.changed);
    drop(state);
    app.tell_changes(&changed);
    Ok(Json(json!({"ids": ids})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    rate: Option<f64>,
    burst: Option<f64>,
    enterprise: Option<bool>,
    refused_count: Option<bool>,
    costs: Option<BTreeMap<String, f64>>,
    slow: Option<bool>,
    operating: Option<bool>,
    operating_limit_s: Option<f64>,
    batch_billing: Option<Billing>,
    language: Option<String>,
    clear_bugs: Option<bool>,
    drops_bad_options: Option<bool>,
    https_only: Option<bool>,
    auth_server: Option<String>,
}

async fn settings(Extracted(app): Extracted<Shared>, Json(asked): Json<Settings>) -> Answer {
    let mut state = app.bitrix();
    set_language(&mut state, asked.language.as_deref())?;
    if let Some(costs) = &asked.costs {
        let costs = costs.iter().map(|(method, cost)| Ok((method.to_lowercase(), seconds(*cost)?)));
        state.costs.by_method = costs.collect::<Result<_, Refused>>()?;
    }
    state.costs.slept = asked.slow.unwrap_or(state.costs.slept);
    state.drops_bad_options = asked.drops_bad_options.unwrap_or(state.drops_bad_options);
    state.clear_bugs = asked.clear_bugs.unwrap_or(state.clear_bugs);
    state.https_only = asked.https_only.unwrap_or(state.https_only);
    state.auth_server = asked.auth_server.clone().or(state.auth_server.take());
    limit(&mut state.limits, &asked)?;
    drop(state);
    app.tell(Event::bitrix("settings", 0));
    Ok(Json(json!({})))
}

fn limit(limits: &mut Limits, asked: &Settings) -> Result<(), Refused> {
    if let Some(enterprise) = asked.enterprise {
        limits.bucket = if enterprise { Bucket::ENTERPRISE } else { Bucket::STANDARD };
    }
    limits.bucket.rate = asked.rate.unwrap_or(limits.bucket.rate);
    limits.bucket.burst = asked.burst.unwrap_or(limits.bucket.burst);
    limits.refused_count = asked.refused_count.unwrap_or(limits.refused_count);
    limits.metered = asked.operating.unwrap_or(limits.metered);
    limits.billing = asked.batch_billing.unwrap_or(limits.billing);
    if let Some(limit) = asked.operating_limit_s {
        limits.operating_limit = seconds(limit)?;
    }
    Ok(())
}

fn seconds(number: f64) -> Result<Duration, Refused> {
    Duration::try_from_secs_f64(number).map_err(|error| Refused::bad(error.to_string()))
}

async fn stats(Extracted(app): Extracted<Shared>) -> Json<Value> {
    let state = app.bitrix();
    let counted = &state.stats;
    Json(json!({
        "requests": counted.requests,
        "commands": counted.commands,
        "limit_refusals": counted.limit_refusals,
        "by_method": counted.by_method,
    }))
}

async fn records(Extracted(app): Extracted<Shared>, Path(entity): Path<String>) -> Answer {
    let type_id = type_of(&entity)?;
    let state = app.bitrix();
    let records = state.records.get(&type_id).into_iter().flat_map(|records| records.values());
    Ok(Json(records.map(snapshot).collect()))
}

/// Legacy metadata, for the pages' titles; it costs no request.
async fn fields(Extracted(app): Extracted<Shared>, Path(entity): Path<String>) -> Answer {
    let type_id = type_of(&entity)?;
    Ok(Json(Value::Object(describe_all(&app.bitrix(), type_id, false, true))))
}

/// What a new record has that is given nothing.
async fn blank(Extracted(app): Extracted<Shared>, Path(entity): Path<String>) -> Answer {
    let type_id = type_of(&entity)?;
    Ok(Json(json!(app.bitrix().blank(type_id, 1))))
}

/// The portal's choices and people by name.
async fn names(Extracted(app): Extracted<Shared>) -> Json<Value> {
    let state = app.bitrix();
    let status = |status: &Status| json!({ "entity_id": status.directory, "name": status.names[state.language] });
    let user = |user: &User| json!(format!("{} {}", user.name, user.last_name).trim());
    Json(json!({
        "statuses": state.statuses.iter().map(status).collect::<Vec<_>>(),
        "users": state.users.iter().map(user).collect::<Vec<_>>(),
    }))
}
