//! Who calls, and what they may.

use axum::http::StatusCode;

use super::{
    apps::SCOPES,
    dispatch::Method,
    errors::{self, RestError},
    params::{Params, find, text},
    state::State,
};

/// Who calls: billed for operating time, and the author of changes.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub user_id: u64,
    pub credential: String,
    pub scopes: Vec<String>,
    /// The application, where one calls.
    pub client_id: Option<String>,
}

impl Caller {
    /// Whether the method lies within one of the scopes.
    pub fn may(&self, method: Method) -> Result<(), RestError> {
        let needed = method.scopes();
        if needed.is_empty() || needed.iter().any(|scope| self.scopes.iter().any(|own| own == scope)) {
            return Ok(());
        }
        let text = "The request requires higher privileges than provided by the access token";
        Err(RestError::new(StatusCode::FORBIDDEN, "insufficient_scope", text))
    }
}

fn unauthorised(code: &str, text: &str) -> RestError {
    RestError::new(StatusCode::UNAUTHORIZED, code, text)
}

/// The path's user and secret, or the token in the parameter `auth`; no
/// header is looked at.
pub(super) fn authorise(state: &State, segments: &[&str], params: &Params) -> Result<Caller, RestError> {
    if let [user, secret, _] = segments {
        return webhook(state, user, secret);
    }
    let token = find(params, "auth").map(text).filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| unauthorised("NO_AUTH_FOUND", "Wrong authorization data"))?;
    let found = state.apps.tokens.get(&token);
    let found = found.ok_or_else(|| unauthorised("invalid_token", "Unable to get application by token"))?;
    let grant = &found.grant;
    if state.apps.clients.get(&grant.client_id).is_some_and(|app| !app.installed) {
        return Err(unauthorised("APPLICATION_NOT_FOUND", "Application not found"));
    }
    if found.expires_ms <= state.clock.now_ms() {
        return Err(errors::expired_token());
    }
    let credential = format!("application {}", grant.client_id);
    let client_id = Some(grant.client_id.clone());
    Ok(Caller { user_id: grant.user_id, credential, scopes: grant.scopes.clone(), client_id })
}

fn webhook(state: &State, user: &str, secret: &str) -> Result<Caller, RestError> {
    let user_id = user.parse().unwrap_or_default();
    if !state.webhooks.contains(&(user_id, secret.to_owned())) {
        return Err(unauthorised("INVALID_CREDENTIALS", "Invalid request credentials"));
    }
    let scopes = SCOPES.map(str::to_owned).into();
    Ok(Caller { user_id, credential: format!("webhook {user}/{secret}"), scopes, client_id: None })
}
