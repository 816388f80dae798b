//! The SMTP server's accounts and what it has taken.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    extract::State as Extracted,
    routing::{get, post},
};
use serde_json::{Map, Value, json};

use super::{Answer, merged};
use crate::{
    server::Shared,
    smtp::state::{Account, Message, Refusal},
};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/accounts", post(set_accounts))
        .route("/recipients", post(set_refusals))
        .route("/messages", get(messages))
        .route("/settings", get(settings).post(set_settings))
        .route("/stats", get(stats))
}

/// In place of those before.
async fn set_accounts(Extracted(app): Extracted<Shared>, Json(asked): Json<BTreeMap<String, Account>>) -> Json<Value> {
    app.smtp().accounts = asked;
    Json(json!({}))
}

/// In place of those before.
async fn set_refusals(Extracted(app): Extracted<Shared>, Json(asked): Json<BTreeMap<String, Refusal>>) -> Json<Value> {
    app.smtp().refusals = asked.into_iter().map(|(mailbox, refusal)| (mailbox.to_lowercase(), refusal)).collect();
    Json(json!({}))
}

/// The oldest first.
async fn messages(Extracted(app): Extracted<Shared>) -> Json<Value> {
    Json(app.smtp().messages.iter().map(Message::show).collect())
}

async fn settings(Extracted(app): Extracted<Shared>) -> Json<Value> {
    Json(json!(app.smtp().settings))
}

async fn set_settings(Extracted(app): Extracted<Shared>, Json(asked): Json<Map<String, Value>>) -> Answer {
    let mut state = app.smtp();
    state.settings = merged(&state.settings, asked)?;
    Ok(Json(json!(state.settings)))
}

async fn stats(Extracted(app): Extracted<Shared>) -> Json<Value> {
    let state = app.smtp();
    Json(json!({"connections": state.connections, "messages": state.messages.len()}))
}
