//! Tokens: <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow#request-an-access-token>.

use std::collections::{BTreeSet, HashMap};

use axum::{
    Form, Json,
    extract::{Path, State as Extracted},
    http::request::Parts,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    claims,
    oauth_errors::{OAuthError, aadsts},
    state::{Code, Grant, State, TOKEN_LIFE},
};
use crate::{bitrix::portal::origin, server::Shared};

type Fields = HashMap<String, String>;

pub(super) async fn token(
    Extracted(app): Extracted<Shared>,
    Path(tenant): Path<String>,
    parts: Parts,
    Form(form): Form<Fields>,
) -> Result<Json<Value>, OAuthError> {
    let issuer = claims::issuer(&origin(&parts), &tenant);
    let mut state = app.microsoft();
    let client_id = authenticate(&state, &form)?;
    match form.get("grant_type").map(String::as_str) {
        Some("authorization_code") => exchange(&mut state, &client_id, &form, &issuer),
        Some("refresh_token") => refresh(&mut state, &client_id, &form, &issuer),
        _ => Err(aadsts(70_003)),
    }
    .map(Json)
}

/// With its secret, or without one where it has none.
fn authenticate(state: &State, form: &Fields) -> Result<String, OAuthError> {
    let id = form.get("client_id").ok_or(aadsts(900_144))?;
    match (state.clients.get(id).ok_or(aadsts(700_016))?, form.get("client_secret")) {
        (Some(_), None) => Err(aadsts(7_000_218)),
        (Some(secret), Some(given)) if secret != given => Err(aadsts(7_000_215)),
        _ => Ok(id.clone()),
    }
}

fn exchange(state: &mut State, client_id: &str, form: &Fields, issuer: &str) -> Result<Value, OAuthError> {
    let field = |name: &str| form.get(name).map(String::as_str);
    let code = state.redeem(field("code").ok_or(aadsts(900_144))?)?;
    if code.grant.client_id != client_id {
        return Err(aadsts(70_000));
    }
    if field("redirect_uri") != Some(&code.redirect_uri) {
        return Err(aadsts(50_011));
    }
    if !verifies(&code, field("code_verifier")) {
        return Err(aadsts(501_481));
    }
    Ok(answer(state, &code.grant, issuer, code.nonce.as_deref()))
}

fn verifies(code: &Code, verifier: Option<&str>) -> bool {
    let Some(challenge) = &code.challenge else { return verifier.is_none() };
    verifier.is_some_and(|verifier| URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == *challenge)
}

/// Some of the scopes, or all of them where none are named.
fn refresh(state: &mut State, client_id: &str, form: &Fields, issuer: &str) -> Result<Value, OAuthError> {
    let mut grant = state.refreshable(form.get("refresh_token").ok_or(aadsts(900_144))?)?;
    if grant.client_id != client_id {
        return Err(aadsts(70_000));
    }
    let asked: BTreeSet<String> =
        form.get("scope").into_iter().flat_map(|scope| scope.split_whitespace()).map(str::to_owned).collect();
    // What every sign-in may have.
    let own = ["openid", "profile", "email", "offline_access"];
    if asked.iter().any(|scope| !grant.scopes.contains(scope) && !own.contains(&scope.as_str())) {
        return Err(aadsts(65_001));
    }
    let narrowed = if asked.is_empty() { grant.clone() } else { Grant { scopes: asked, ..grant.clone() } };
    let mut body = answer(state, &narrowed, issuer, None);
    // The new refresh token stands for all that was granted.
    grant.scopes.insert("offline_access".to_owned());
    body["refresh_token"] = json!(state.issue_refresh(&grant));
    Ok(body)
}

fn answer(state: &mut State, grant: &Grant, issuer: &str, nonce: Option<&str>) -> Value {
    let told: Vec<&str> = grant.scopes.iter().map(String::as_str).filter(|scope| *scope != "offline_access").collect();
    let mut body = json!({
        "token_type": "Bearer",
        "scope": told.join(" "),
        "expires_in": TOKEN_LIFE,
        "ext_expires_in": TOKEN_LIFE,
        "access_token": state.issue_access(grant, TOKEN_LIFE),
        "client_info": claims::client_info(&grant.account),
    });
    if grant.scopes.contains("offline_access") {
        body["refresh_token"] = json!(state.issue_refresh(grant));
    }
    if grant.scopes.contains("openid") {
        body["id_token"] = json!(claims::id_token(grant, issuer, nonce, state.clock.now_ms() / 1000));
    }
    body
}
