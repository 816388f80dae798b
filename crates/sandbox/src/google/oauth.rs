//! Tokens: <https://developers.google.com/identity/protocols/oauth2/web-server>.

use std::collections::HashMap;

use axum::{
    Form, Json,
    extract::{Query, State as Extracted},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    access::bearer,
    errors,
    state::{Code, Grant, State, TOKEN_LIFE, subject},
};
use crate::server::Shared;

type Fields = HashMap<String, String>;

/// RFC 6749's error body.
#[derive(Debug)]
pub(super) struct OAuthError(StatusCode, &'static str, &'static str);

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1, "error_description": self.2}))).into_response()
    }
}

fn bad(code: &'static str, text: &'static str) -> OAuthError {
    OAuthError(StatusCode::BAD_REQUEST, code, text)
}

pub(super) async fn token(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Form(form): Form<Fields>,
) -> Result<Json<Value>, OAuthError> {
    let mut state = app.google();
    let client_id = authenticate(&state, &headers, &form)?;
    match form.get("grant_type").map(String::as_str) {
        Some("authorization_code") => exchange(&mut state, &client_id, &form),
        Some("refresh_token") => refresh(&mut state, &client_id, &form),
        _ => Err(bad("unsupported_grant_type", "Invalid grant_type")),
    }
    .map(Json)
}

/// Clients differ: some send the secret in the body, some as HTTP Basic.
fn authenticate(state: &State, headers: &HeaderMap, form: &Fields) -> Result<String, OAuthError> {
    let refused = OAuthError(StatusCode::UNAUTHORIZED, "invalid_client", "Unauthorized");
    let in_body = || Some((form.get("client_id")?.clone(), form.get("client_secret")?.clone()));
    let (id, secret) = basic(headers).or_else(in_body).ok_or(refused)?;
    if state.clients.get(&id) == Some(&secret) {
        Ok(id)
    } else {
        Err(OAuthError(StatusCode::UNAUTHORIZED, "invalid_client", "The OAuth client was not found."))
    }
}

/// RFC 6749 2.3.1: both parts are form-encoded before they are joined.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let plain = |text: &str| {
        let decoded = url::form_urlencoded::parse(text.as_bytes()).next();
        decoded.map(|(text, _)| text.into_owned()).unwrap_or_default()
    };
    Some((plain(id), plain(secret)))
}

fn exchange(state: &mut State, client_id: &str, form: &Fields) -> Result<Value, OAuthError> {
    let field = |name: &str| form.get(name).map(String::as_str);
    // A code serves once, also where the exchange then fails.
    let code = field("code").and_then(|code| state.codes.remove(code));
    let code = code.ok_or(bad("invalid_grant", "Malformed auth code."))?;
    if code.grant.client_id != client_id {
        return Err(bad("invalid_grant", "Bad Request"));
    }
    if field("redirect_uri") != Some(&code.redirect_uri) {
        return Err(bad("redirect_uri_mismatch", "Bad Request"));
    }
    if !verifies(&code, field("code_verifier")) {
        return Err(bad("invalid_grant", "Invalid code verifier."));
    }
    let mut body = access_body(state, &code.grant);
    if code.offline {
        body["refresh_token"] = json!(state.issue_refresh(&code.grant));
    }
    Ok(body)
}

/// PKCE, RFC 7636, method S256.
fn verifies(code: &Code, verifier: Option<&str>) -> bool {
    match (&code.challenge, verifier) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(challenge), Some(verifier)) => URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == *challenge,
    }
}

/// The answer to a refresh has no refresh token: the old one stays.
fn refresh(state: &mut State, client_id: &str, form: &Fields) -> Result<Value, OAuthError> {
    let revoked = bad("invalid_grant", "Token has been expired or revoked.");
    let grant = form.get("refresh_token").and_then(|token| state.refreshable(token)).cloned();
    let grant = grant.filter(|grant| grant.client_id == client_id).ok_or(revoked)?;
    Ok(access_body(state, &grant))
}

fn access_body(state: &mut State, grant: &Grant) -> Value {
    let scopes: Vec<&str> = grant.scopes.iter().map(String::as_str).collect();
    json!({
        "access_token": state.issue_access(grant, TOKEN_LIFE),
        "expires_in": TOKEN_LIFE,
        "scope": scopes.join(" "),
        "token_type": "Bearer",
    })
}

/// Revoking one token ends everything the account granted to the project.
pub(super) async fn revoke(
    Extracted(app): Extracted<Shared>,
    Query(query): Query<Fields>,
    body: String,
) -> Result<Json<Value>, OAuthError> {
    let form: Fields = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let invalid = bad("invalid_token", "Token expired or revoked");
    let token = query.get("token").or(form.get("token")).ok_or(invalid)?;
    let mut state = app.google();
    let access = state.access.get(token).map(|access| access.grant.account.clone());
    let account = access.or_else(|| state.refreshable(token).map(|grant| grant.account.clone()));
    state.revoke_account(&account.ok_or(bad("invalid_token", "Token expired or revoked"))?);
    Ok(Json(json!({})))
}

fn caller(state: &State, headers: &HeaderMap) -> Result<Grant, errors::ApiError> {
    let access = bearer(headers).and_then(|token| state.live(token));
    access.map(|access| access.grant.clone()).ok_or_else(errors::unauthenticated)
}

pub(super) async fn user_info(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
) -> Result<Json<Value>, errors::ApiError> {
    let account = caller(&app.google(), &headers)?.account;
    Ok(Json(json!({"sub": subject(&account), "email": account, "email_verified": true, "name": account})))
}

/// The older interface has other names for the same things.
pub(super) async fn user_info_v2(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
) -> Result<Json<Value>, errors::ApiError> {
    let account = caller(&app.google(), &headers)?.account;
    Ok(Json(json!({"id": subject(&account), "email": account, "verified_email": true, "name": account})))
}

pub(super) async fn token_info(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Query(query): Query<Fields>,
    body: String,
) -> Result<Json<Value>, OAuthError> {
    let form: Fields = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let given = query.get("access_token").or(form.get("access_token")).map(String::as_str);
    let state = app.google();
    let access = given.or(bearer(&headers)).and_then(|token| state.live(token));
    let access = access.ok_or(bad("invalid_token", "Invalid Value"))?;
    let grant = &access.grant;
    let scopes: Vec<&str> = grant.scopes.iter().map(String::as_str).collect();
    let left = (access.expires_ms - app.clock.now_ms()) / 1000;
    Ok(Json(json!({
        "azp": grant.client_id, "aud": grant.client_id, "sub": subject(&grant.account),
        "email": grant.account, "email_verified": "true", "scope": scopes.join(" "),
        "exp": (access.expires_ms / 1000).to_string(), "expires_in": left.to_string(), "access_type": "offline",
    })))
}
