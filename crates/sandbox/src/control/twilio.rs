//! Twilio's accounts and messages, and what people's phones do.

use std::{collections::BTreeMap, sync::atomic::Ordering};

use axum::{
    Json, Router,
    extract::{Path, State as Extracted},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Refused, merged};
use crate::{
    events::Event,
    server::Shared,
    twilio::{
        content::Content,
        inbound::{self, Inbound},
        life::Outcome,
        message::{Message, Status},
        state::{Account, DEFAULT_ACCOUNT, State},
    },
    webhooks::Mode,
};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/accounts", get(accounts).post(add_accounts))
        .route("/messages", get(messages))
        .route("/messages/{sid}/status", post(set_status))
        .route("/inbound", post(receive))
        .route("/webhook", post(set_webhook))
        .route("/opt_outs", get(opt_outs))
        .route("/contents", post(add_contents))
        .route("/numbers", post(set_numbers))
        .route("/settings", get(settings).post(set_settings))
        .route("/callbacks", get(callbacks).post(set_callbacks))
        .route("/stats", get(stats))
}

async fn accounts(Extracted(app): Extracted<Shared>) -> Json<Value> {
    Json(json!(app.twilio().accounts))
}

/// By SID; one that is there already starts anew.
async fn add_accounts(Extracted(app): Extracted<Shared>, Json(asked): Json<BTreeMap<String, Account>>) -> Json<Value> {
    app.twilio().accounts.extend(asked);
    Json(json!({}))
}

/// All accounts' messages in the order in which they were made.
async fn messages(Extracted(app): Extracted<Shared>) -> Json<Value> {
    let state = app.twilio();
    let mut all: Vec<_> = state.messages.values().collect();
    all.sort_by_key(|message| message.serial);
    Json(all.into_iter().map(Message::snapshot).collect())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewStatus {
    status: Status,
    error_code: Option<u32>,
}

async fn set_status(
    Extracted(app): Extracted<Shared>,
    Path(sid): Path<String>,
    Json(asked): Json<NewStatus>,
) -> Answer {
    let mut state = app.twilio();
    if !state.messages.contains_key(&sid) {
        return Err(Refused::absent("message"));
    }
    state.enter(&sid, asked.status, asked.error_code);
    app.tell(Event::twilio("message", &sid));
    Ok(Json(json!({})))
}

/// A person writes.
async fn receive(Extracted(app): Extracted<Shared>, Json(inbound): Json<Inbound>) -> Answer {
    let sid = inbound::receive(&app, inbound).await.ok_or_else(|| Refused::absent("sender"))?;
    Ok(Json(json!({"sid": sid})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Webhook {
    account_sid: Option<String>,
    url: url::Url,
}

async fn set_webhook(Extracted(app): Extracted<Shared>, Json(asked): Json<Webhook>) -> Answer {
    let mut state = app.twilio();
    account(&mut state, asked.account_sid.as_deref())?.inbound_url = Some(asked.url);
    Ok(Json(json!({})))
}

fn account<'a>(state: &'a mut State, sid: Option<&str>) -> Result<&'a mut Account, Refused> {
    state.accounts.get_mut(sid.unwrap_or(DEFAULT_ACCOUNT)).ok_or_else(|| Refused::absent("account"))
}

async fn opt_outs(Extracted(app): Extracted<Shared>) -> Json<Value> {
    let state = app.twilio();
    let all = state.accounts.values().flat_map(|account| &account.opt_outs);
    Json(all.map(|(sender, person)| json!({"sender": sender, "person": person})).collect())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    account_sid: Option<String>,
    contents: BTreeMap<String, Content>,
}

async fn add_contents(Extracted(app): Extracted<Shared>, Json(asked): Json<Contents>) -> Answer {
    let mut state = app.twilio();
    account(&mut state, asked.account_sid.as_deref())?.contents.extend(asked.contents);
    Ok(Json(json!({})))
}

async fn set_numbers(Extracted(app): Extracted<Shared>, Json(asked): Json<BTreeMap<String, Outcome>>) -> Json<Value> {
    app.twilio().phones.extend(asked);
    Json(json!({}))
}

async fn settings(Extracted(app): Extracted<Shared>) -> Json<Value> {
    Json(json!(app.twilio().settings))
}

async fn set_settings(Extracted(app): Extracted<Shared>, Json(asked): Json<Map<String, Value>>) -> Answer {
    let mut state = app.twilio();
    state.settings = merged(&state.settings, asked)?;
    Ok(Json(json!(state.settings)))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Callbacks {
    mode: Mode,
}

async fn callbacks(Extracted(app): Extracted<Shared>) -> Json<Value> {
    Json(json!({"mode": app.twilio().callbacks.mode}))
}

async fn set_callbacks(Extracted(app): Extracted<Shared>, Json(asked): Json<Callbacks>) -> Json<Value> {
    app.twilio().set_callbacks(asked.mode);
    callbacks(Extracted(app)).await
}

async fn stats(Extracted(app): Extracted<Shared>) -> Json<Value> {
    let state = app.twilio();
    let read = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let counters = &state.counters;
    Json(json!({
        "requests": read(&counters.requests),
        "sends": read(&counters.sends),
        "webhooks_answered": read(&counters.answered),
        "webhooks_failed": read(&counters.failed),
    }))
}
