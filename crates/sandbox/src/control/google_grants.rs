//! Google's clients and tokens.

use std::collections::BTreeSet;

use axum::{Json, Router, extract::State as Extracted, routing::post};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    google::state::{DEFAULT_ACCOUNT, Grant},
    server::Shared,
};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/clients", post(add_client))
        .route("/tokens", post(issue))
        .route("/token", post(issue))
        .route("/expire", post(expire))
        .route("/settings", post(settings))
        .route("/revoke_user", post(revoke_user))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Client {
    client_id: String,
    client_secret: String,
}

async fn add_client(Extracted(app): Extracted<Shared>, Json(client): Json<Client>) -> Json<Value> {
    app.google().clients.insert(client.client_id, client.client_secret);
    Json(json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Issue {
    account: Option<String>,
    client_id: Option<String>,
    #[serde(default = "everything")]
    scopes: BTreeSet<String>,
    expires_in: Option<i64>,
}

/// The scopes of all that is simulated.
fn everything() -> BTreeSet<String> {
    let scopes = [
        "spreadsheets",
        "drive.metadata.readonly",
        "calendar",
        "calendar.events",
        "gmail.modify",
        "gmail.send",
        "userinfo.email",
    ];
    let full = scopes.map(|scope| format!("https://www.googleapis.com/auth/{scope}"));
    full.into_iter().chain(["openid".to_owned()]).collect()
}

/// A ready grant, without the consent page.
async fn issue(Extracted(app): Extracted<Shared>, Json(asked): Json<Issue>) -> Json<Value> {
    let grant = Grant {
        account: asked.account.unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned()),
        client_id: asked.client_id.unwrap_or_else(|| "sandbox-client".to_owned()),
        scopes: asked.scopes,
    };
    let mut state = app.google();
    let access = state.issue_access(&grant, asked.expires_in.unwrap_or(3599));
    Json(json!({"access_token": access, "refresh_token": state.issue_refresh(&grant)}))
}

async fn expire(Extracted(app): Extracted<Shared>) -> Json<Value> {
    app.google().access.values_mut().for_each(|access| access.expires_ms = 0);
    Json(json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    testing: Option<bool>,
    slow_meet: Option<bool>,
    keeps_message_id: Option<bool>,
    search_lag_ms: Option<i64>,
}

async fn settings(Extracted(app): Extracted<Shared>, Json(asked): Json<Settings>) -> Json<Value> {
    let mut state = app.google();
    state.testing = asked.testing.unwrap_or(state.testing);
    state.slow_meet = asked.slow_meet.unwrap_or(state.slow_meet);
    let habits = &mut state.gmail_habits;
    habits.keeps_message_id = asked.keeps_message_id.unwrap_or(habits.keeps_message_id);
    habits.search_lag_ms = asked.search_lag_ms.unwrap_or(habits.search_lag_ms);
    Json(json!({}))
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    account: Option<String>,
}

/// The user ends the grant on Google's own page.
async fn revoke_user(Extracted(app): Extracted<Shared>, asked: Option<Json<Account>>) -> Json<Value> {
    let account = asked.and_then(|Json(asked)| asked.account);
    app.google().revoke_account(account.as_deref().unwrap_or(DEFAULT_ACCOUNT));
    Json(json!({}))
}
