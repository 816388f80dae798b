//! Microsoft's applications and tokens, and how its mailboxes behave.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Json, Router,
    extract::State as Extracted,
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Refused, merged};
use crate::{
    microsoft::{
        errors::OAuthError,
        state::{DEFAULT_ACCOUNT, Grant},
    },
    server::Shared,
};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/clients", post(add_clients))
        .route("/tokens", post(issue))
        .route("/expire", post(expire))
        .route("/refuse", post(refuse))
        .route("/settings", get(settings).post(set_settings))
}

/// Client id → secret; null for one that keeps none.
async fn add_clients(
    Extracted(app): Extracted<Shared>,
    Json(asked): Json<BTreeMap<String, Option<String>>>,
) -> Json<Value> {
    app.microsoft().clients.extend(asked);
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

fn everything() -> BTreeSet<String> {
    ["offline_access", "openid", "email", "User.Read", "Mail.Send", "Mail.ReadWrite"].map(str::to_owned).into()
}

/// A ready grant, without the page.
async fn issue(Extracted(app): Extracted<Shared>, Json(asked): Json<Issue>) -> Json<Value> {
    let grant = Grant {
        account: asked.account.unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned()),
        client_id: asked.client_id.unwrap_or_else(|| "sandbox-client".to_owned()),
        scopes: asked.scopes,
    };
    let mut state = app.microsoft();
    let access = state.issue_access(&grant, asked.expires_in.unwrap_or(3599));
    Json(json!({"access_token": access, "refresh_token": state.issue_refresh(&grant)}))
}

async fn expire(Extracted(app): Extracted<Shared>) -> Json<Value> {
    app.microsoft().expire();
    Json(json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    account: Option<String>,
    /// `invalid_grant`, `interaction_required` or another name.
    error: String,
}

/// The account's grants are no more until it consents again.
async fn refuse(Extracted(app): Extracted<Shared>, Json(asked): Json<Refusal>) -> Answer {
    let why = OAuthError::named(&asked.error).ok_or_else(|| Refused::bad("no such error"))?;
    app.microsoft().refuse(asked.account.as_deref().unwrap_or(DEFAULT_ACCOUNT), why);
    Ok(Json(json!({})))
}

async fn settings(Extracted(app): Extracted<Shared>) -> Json<Value> {
    Json(json!(app.microsoft().settings))
}

async fn set_settings(Extracted(app): Extracted<Shared>, Json(asked): Json<Map<String, Value>>) -> Answer {
    let mut state = app.microsoft();
    state.settings = merged(&state.settings, asked)?;
    Ok(Json(json!(state.settings)))
}
