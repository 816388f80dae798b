//! The portal's applications, their tokens, and its address.

use axum::{Json, Router, extract::State as Extracted, routing::post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refused};
use crate::{
    bitrix::apps::{App, Grant, SCOPES},
    events::Event,
    random,
    server::Shared,
};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/apps", post(install))
        .route("/tokens", post(token))
        .route("/expire", post(expire))
        .route("/revoke", post(revoke))
        .route("/uninstall", post(uninstall))
        .route("/rename", post(rename))
        .route("/outbound", post(outbound))
}

fn all_scopes() -> Vec<String> {
    SCOPES.map(str::to_owned).into()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedApp {
    client_id: String,
    client_secret: String,
    redirect_uri: String,
    #[serde(default = "all_scopes")]
    scopes: Vec<String>,
}

async fn install(Extracted(app): Extracted<Shared>, Json(asked): Json<SeedApp>) -> Json<Value> {
    let SeedApp { client_id, client_secret, redirect_uri, scopes } = asked;
    let own =
        App { secret: client_secret, redirect_uri, scopes, installed: true, application_token: random::token(24) };
    let answer = json!({"application_token": own.application_token});
    app.bitrix().apps.clients.insert(client_id, own);
    Json(answer)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedToken {
    #[serde(default)]
    client_id: String,
    token: Option<String>,
    #[serde(default = "first_user")]
    user_id: u64,
    #[serde(default = "all_scopes")]
    scopes: Vec<String>,
    #[serde(default)]
    expired: bool,
}

fn first_user() -> u64 {
    1
}

/// A pair of tokens without the authorize page; the access token may be named.
async fn token(Extracted(app): Extracted<Shared>, Json(asked): Json<SeedToken>) -> Json<Value> {
    let SeedToken { client_id, token, user_id, scopes, expired } = asked;
    let grant = Grant { client_id, user_id, scopes, portal: format!("{}/bitrix24", app.base_url) };
    let expires_ms = if expired { 0 } else { i64::MAX };
    let (access_token, refresh_token) = app.bitrix().apps.issue(token, grant, expires_ms);
    Json(json!({"access_token": access_token, "refresh_token": refresh_token}))
}

async fn expire(Extracted(app): Extracted<Shared>) -> Json<Value> {
    app.bitrix().apps.expire();
    Json(json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Client {
    client_id: String,
}

async fn revoke(Extracted(app): Extracted<Shared>, Json(asked): Json<Client>) -> Json<Value> {
    app.bitrix().apps.revoke(&asked.client_id);
    Json(json!({}))
}

async fn uninstall(Extracted(app): Extracted<Shared>, Json(asked): Json<Client>) -> Answer {
    let mut state = app.bitrix();
    let own = state.apps.clients.get_mut(&asked.client_id).ok_or_else(|| Refused::absent("application"))?;
    own.installed = false;
    Ok(Json(json!({})))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    to: url::Url,
}

async fn rename(Extracted(app): Extracted<Shared>, Json(asked): Json<Rename>) -> Json<Value> {
    let address = asked.to.as_str().trim_end_matches('/').to_owned();
    app.bitrix().address = Some(address.clone());
    app.tell(Event::bitrix("address", 0));
    Json(json!({"base": address}))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Outbound {
    event: String,
    handler: String,
}

async fn outbound(Extracted(app): Extracted<Shared>, Json(asked): Json<Outbound>) -> Json<Value> {
    let application_token = app.bitrix().hooks.add_outbound(&asked.event, asked.handler);
    Json(json!({"application_token": application_token}))
}
