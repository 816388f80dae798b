//! The page on which a person signs in and consents.
//! <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow>

use std::collections::HashMap;

use axum::{
    extract::{Query, State as Extracted},
    http::{StatusCode, header::LOCATION},
    response::{Html, IntoResponse, Response},
};
use url::Url;

use super::state::{Code, DEFAULT_ACCOUNT, Grant, State};
use crate::{
    consent::{escaped, hidden, is_loopback},
    server::Shared,
};

type Fields = HashMap<String, String>;

/// Why the request cannot even be shown.
fn refusal(state: &State, asked: &Fields) -> Option<&'static str> {
    let field = |name: &str| asked.get(name).map(String::as_str);
    let uri = field("redirect_uri").and_then(|uri| Url::parse(uri).ok());
    let is_known = field("client_id").is_some_and(|id| state.clients.contains_key(id));
    if !is_known {
        Some("AADSTS700016: Application with this identifier was not found in the directory.")
    } else if !uri.as_ref().is_some_and(|uri| uri.scheme() == "https" || is_loopback(uri)) {
        Some("AADSTS50011: The redirect URI specified in the request does not match the redirect URIs configured.")
    } else if field("response_type") != Some("code") {
        Some("AADSTS900144: Only response_type=code is simulated.")
    } else if !matches!(field("response_mode"), None | Some("query")) {
        Some("AADSTS90014: Only response_mode=query is simulated.")
    } else if field("scope").unwrap_or_default().trim().is_empty() {
        Some("AADSTS900144: The request body must contain the following parameter: 'scope'.")
    } else if field("code_challenge").is_some() && field("code_challenge_method") != Some("S256") {
        Some("AADSTS501491: Only S256 is simulated.")
    } else {
        None
    }
}

fn refused(text: &str) -> Response {
    let page = format!("<!doctype html><title>Error</title><h1>Error</h1><p>{text}</p>");
    (StatusCode::BAD_REQUEST, Html(page)).into_response()
}

pub(super) async fn page(Extracted(app): Extracted<Shared>, Query(asked): Query<Fields>) -> Response {
    if let Some(refusal) = refusal(&app.microsoft(), &asked) {
        return refused(refusal);
    }
    let field = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let scopes = field("scope").split_whitespace();
    // All or nothing: nothing can be unticked here.
    let list: Vec<_> = scopes.map(|scope| format!("<label><span>{}</span></label>", escaped(scope))).collect();
    let account = asked.get("login_hint").map_or(DEFAULT_ACCOUNT, String::as_str);
    let page = include_str!("../pages/consent.html")
        .replace("{vendor}", "Microsoft")
        .replace("{client}", &escaped(field("client_id")))
        .replace("{account}", &escaped(account))
        .replace("{hidden}", &hidden(asked.iter().map(|(name, value)| (name.as_str(), value.as_str()))))
        .replace("{scopes}", &list.concat());
    Html(page).into_response()
}

/// The form of the page: `decision` allow or cancel.
pub(super) async fn decide(Extracted(app): Extracted<Shared>, body: String) -> Response {
    let asked: Fields = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let mut state = app.microsoft();
    if let Some(refusal) = refusal(&state, &asked) {
        return refused(refusal);
    }
    let Some(mut target) = asked.get("redirect_uri").and_then(|uri| Url::parse(uri).ok()) else {
        return refused("AADSTS50011");
    };
    let is_allowed = asked.get("decision").map(String::as_str) == Some("allow");
    {
        let mut query = target.query_pairs_mut();
        if is_allowed {
            query.append_pair("code", &allow(&mut state, &asked));
        } else {
            query.append_pair("error", "access_denied");
            query.append_pair("error_description", "AADSTS65004: User declined to consent to access the app.");
        }
        if let Some(own) = asked.get("state") {
            query.append_pair("state", own);
        }
    }
    (StatusCode::FOUND, [(LOCATION, target.to_string())]).into_response()
}

fn allow(state: &mut State, asked: &Fields) -> String {
    let field = |name: &str| asked.get(name).filter(|value| !value.is_empty()).cloned();
    let account = field("account").or(field("login_hint")).unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned());
    let scopes = field("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    let grant = Grant { account, client_id: field("client_id").unwrap_or_default(), scopes };
    let issued_ms = state.clock.now_ms();
    state.issue_code(Code {
        grant,
        redirect_uri: field("redirect_uri").unwrap_or_default(),
        challenge: field("code_challenge"),
        nonce: field("nonce"),
        issued_ms,
        is_used: false,
    })
}
