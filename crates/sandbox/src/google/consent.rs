//! The page on which a person allows, in whole or in part, what an
//! application asks for.

use std::collections::BTreeSet;

use axum::{
    extract::{RawQuery, State as Extracted},
    http::{StatusCode, header::LOCATION},
    response::{Html, IntoResponse, Response},
};
use url::Url;

use super::state::{Code, DEFAULT_ACCOUNT, Grant, State};
use crate::{
    consent::{escaped, hidden, is_loopback},
    server::Shared,
};

type Pairs = Vec<(String, String)>;

fn pairs(text: &str) -> Pairs {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

fn get<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Why the request cannot even be shown, in Google's words.
fn refusal(state: &State, asked: &Pairs) -> Option<(StatusCode, &'static str)> {
    let known = get(asked, "client_id").is_some_and(|id| state.clients.contains_key(id));
    let uri = get(asked, "redirect_uri").and_then(|uri| Url::parse(uri).ok());
    let allowed = uri.as_ref().is_some_and(|uri| uri.scheme() == "https" || is_loopback(uri));
    let method = get(asked, "code_challenge_method").unwrap_or("plain");
    let challenged = get(asked, "code_challenge").is_some();
    if !known {
        Some((StatusCode::UNAUTHORIZED, "invalid_client: The OAuth client was not found."))
    } else if !allowed {
        Some((StatusCode::BAD_REQUEST, "redirect_uri_mismatch"))
    } else if get(asked, "response_type") != Some("code") {
        Some((StatusCode::BAD_REQUEST, "invalid_request: Invalid response_type"))
    } else if get(asked, "scope").unwrap_or_default().trim().is_empty() {
        Some((StatusCode::BAD_REQUEST, "invalid_request: Missing required parameter: scope"))
    } else if challenged && method != "S256" {
        Some((StatusCode::BAD_REQUEST, "invalid_request: Only S256 is simulated"))
    } else {
        None
    }
}

fn refused((status, text): (StatusCode, &str)) -> Response {
    let page = format!("<!doctype html><title>Error</title><h1>Error {}</h1><p>{text}</p>", status.as_u16());
    (status, Html(page)).into_response()
}

pub(super) async fn page(Extracted(app): Extracted<Shared>, RawQuery(query): RawQuery) -> Response {
    let asked = pairs(&query.unwrap_or_default());
    if let Some(refusal) = refusal(&app.google(), &asked) {
        return refused(refusal);
    }
    let kept = asked.iter().filter(|(key, _)| key != "grant").map(|(key, value)| (key.as_str(), value.as_str()));
    let hidden = hidden(kept);
    let scopes = get(&asked, "scope").unwrap_or_default().split_whitespace().map(escaped);
    let boxes: Vec<String> = scopes
        .map(|scope| {
            format!(
                r#"<label><input type="checkbox" name="grant" value="{scope}" checked> <span>{scope}</span></label>"#
            )
        })
        .collect();
    let account = get(&asked, "login_hint").unwrap_or(DEFAULT_ACCOUNT);
    let page = include_str!("../pages/consent.html")
        .replace("{vendor}", "Google")
        .replace("{client}", &escaped(get(&asked, "client_id").unwrap_or_default()))
        .replace("{account}", &escaped(account))
        .replace("{hidden}", &hidden)
        .replace("{scopes}", &boxes.concat());
    Html(page).into_response()
}

/// The form of the page: `decision` allow or cancel, one `grant` per ticked scope.
pub(super) async fn decide(Extracted(app): Extracted<Shared>, body: String) -> Response {
    let asked = pairs(&body);
    let mut state = app.google();
    if let Some(refusal) = refusal(&state, &asked) {
        return refused(refusal);
    }
    let redirect_uri = get(&asked, "redirect_uri").unwrap_or_default().to_owned();
    let Ok(mut target) = Url::parse(&redirect_uri) else {
        return refused((StatusCode::BAD_REQUEST, "redirect_uri_mismatch"));
    };
    let granted: BTreeSet<String> =
        asked.iter().filter(|(key, _)| key == "grant").map(|(_, scope)| full_name(scope)).collect();
    let answer = if get(&asked, "decision") == Some("allow") && !granted.is_empty() {
        let (code, scope) = allow(&mut state, &asked, redirect_uri, granted);
        vec![("code", code), ("scope", scope)]
    } else {
        vec![("error", "access_denied".to_owned())]
    };
    if let Some(own) = get(&asked, "state") {
        target.query_pairs_mut().append_pair("state", own);
    }
    target.query_pairs_mut().extend_pairs(answer);
    (StatusCode::FOUND, [(LOCATION, target.to_string())]).into_response()
}

fn allow(state: &mut State, asked: &Pairs, redirect_uri: String, mut scopes: BTreeSet<String>) -> (String, String) {
    let account = get(asked, "account").filter(|account| !account.is_empty());
    let account = account.or(get(asked, "login_hint")).unwrap_or(DEFAULT_ACCOUNT).to_owned();
    let client_id = get(asked, "client_id").unwrap_or_default().to_owned();
    let key = (account.clone(), client_id.clone());
    let first = !state.consents.contains_key(&key);
    let earlier = state.consents.entry(key).or_default();
    if get(asked, "include_granted_scopes") == Some("true") {
        scopes.extend(earlier.iter().cloned());
    }
    earlier.extend(scopes.iter().cloned());
    let asks_again = get(asked, "prompt").unwrap_or_default().split(' ').any(|prompt| prompt == "consent");
    let code = Code {
        redirect_uri,
        challenge: get(asked, "code_challenge").map(ToOwned::to_owned),
        offline: get(asked, "access_type") == Some("offline") && (first || asks_again),
        grant: Grant { account, client_id, scopes: scopes.clone() },
    };
    // Codes hold a slash, so that clients must decode them.
    let text = state.give("4/0");
    state.codes.insert(text.clone(), code);
    (text, scopes.into_iter().collect::<Vec<_>>().join(" "))
}

/// The short names come back in full.
fn full_name(scope: &str) -> String {
    match scope {
        "email" | "profile" => format!("https://www.googleapis.com/auth/userinfo.{scope}"),
        other => other.to_owned(),
    }
}
