//! Resend's team, and how its e-mails fare.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering,
};

use axum::{
    Json, Router,
    extract::{Path, State as Extracted},
    routing::{delete, get, post},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Refused, merged};
use crate::{
    events::Event,
    random,
    resend::{
        domains::{Domain, DomainStatus},
        email::{Email, Status},
        life::{Bounce, Outcome},
        state::Access,
        webhook::Endpoint,
    },
    server::Shared,
    webhooks::{self, Mode},
};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/keys", post(set_keys))
        .route("/domains", post(set_domains))
        .route("/emails", get(emails))
        .route("/emails/{id}/event", post(set_event))
        .route("/addresses", post(set_addresses))
        .route("/suppressions", get(suppressions))
        .route("/suppressions/{mailbox}", delete(forgive))
        .route("/webhooks", post(add_webhook))
        .route("/callbacks", post(set_callbacks))
        .route("/settings", get(settings).post(set_settings))
        .route("/stats", get(stats))
}

/// In place of those before.
async fn set_keys(Extracted(app): Extracted<Shared>, Json(asked): Json<BTreeMap<String, Access>>) -> Json<Value> {
    app.resend().keys = asked;
    Json(json!({}))
}

async fn set_domains(
    Extracted(app): Extracted<Shared>,
    Json(asked): Json<BTreeMap<String, DomainStatus>>,
) -> Json<Value> {
    let mut state = app.resend();
    for (name, status) in asked {
        let domain = Domain::new(&name, status, app.clock.now_ms());
        state.domains.entry(name).or_insert(domain).status = status;
    }
    Json(json!({}))
}

/// In the order in which they were made.
async fn emails(Extracted(app): Extracted<Shared>) -> Json<Value> {
    Json(app.resend().newest().into_iter().rev().map(Email::snapshot).collect())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Happening {
    event: Status,
    bounce: Option<Bounce>,
}

async fn set_event(Extracted(app): Extracted<Shared>, Path(id): Path<String>, Json(asked): Json<Happening>) -> Answer {
    let mut state = app.resend();
    if !state.emails.contains_key(&id) {
        return Err(Refused::absent("e-mail"));
    }
    state.enter(&id, asked.event, asked.bounce);
    app.tell(Event::email("resend", &id));
    Ok(Json(json!({})))
}

async fn set_addresses(Extracted(app): Extracted<Shared>, Json(asked): Json<BTreeMap<String, Outcome>>) -> Json<Value> {
    let lower = asked.into_iter().map(|(mailbox, outcome)| (mailbox.to_lowercase(), outcome));
    app.resend().addresses.extend(lower);
    Json(json!({}))
}

async fn suppressions(Extracted(app): Extracted<Shared>) -> Json<Value> {
    Json(json!(app.resend().suppressions))
}

async fn forgive(Extracted(app): Extracted<Shared>, Path(mailbox): Path<String>) -> Answer {
    let found = app.resend().suppressions.remove(&mailbox.to_lowercase());
    found.map(|_| Json(json!({}))).ok_or_else(|| Refused::absent("suppression"))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWebhook {
    url: url::Url,
    #[serde(default)]
    secrets: Vec<String>,
    #[serde(default)]
    events: BTreeSet<String>,
}

/// Without secrets one is made. The same address again replaces what it had.
async fn add_webhook(Extracted(app): Extracted<Shared>, Json(mut asked): Json<NewWebhook>) -> Answer {
    if asked.secrets.is_empty() {
        asked.secrets.push(format!("whsec_{}", STANDARD.encode(random::token(18))));
    }
    let keys: Option<Vec<_>> = asked.secrets.iter().map(|secret| webhooks::key(secret)).collect();
    let keys = keys.ok_or_else(|| Refused::bad("a secret is whsec_ and Base64"))?;
    let endpoint = Endpoint { url: asked.url.clone(), keys, events: asked.events };
    app.resend().endpoints.insert(asked.url.to_string(), endpoint);
    Ok(Json(json!({"secrets": asked.secrets})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Callbacks {
    mode: Mode,
}

async fn set_callbacks(Extracted(app): Extracted<Shared>, Json(asked): Json<Callbacks>) -> Json<Value> {
    app.resend().set_callbacks(asked.mode);
    Json(json!({}))
}

async fn settings(Extracted(app): Extracted<Shared>) -> Json<Value> {
    Json(json!(app.resend().settings))
}

async fn set_settings(Extracted(app): Extracted<Shared>, Json(asked): Json<Map<String, Value>>) -> Answer {
    let mut state = app.resend();
    state.settings = merged(&state.settings, asked)?;
    Ok(Json(json!(state.settings)))
}

async fn stats(Extracted(app): Extracted<Shared>) -> Json<Value> {
    let state = app.resend();
    Json(json!({
        "requests": state.requests,
        "emails": state.emails.len(),
        "webhooks_answered": state.counters.answered.load(Ordering::Relaxed),
        "webhooks_failed": state.counters.failed.load(Ordering::Relaxed),
    }))
}
