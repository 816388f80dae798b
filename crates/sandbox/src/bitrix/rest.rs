//! One HTTP request, checked in the portal's order: bucket, method,
//! credential, operating time, handler.

use std::time::Duration;

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, State as Extracted},
    http::{StatusCode, Uri},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::{
    batch,
    dispatch::{self, Method, Reply},
    envelope::{self, Stopwatch},
    errors::{self, RestError},
    params::{Params, find, parse_str, text},
    state::State,
};
use crate::{faults::BatchCut, server::Shared};

/// Who calls: billed for operating time, and the author of changes.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub user_id: u64,
    pub credential: String,
}

/// `/rest/{user}/{secret}/{method}` or `/rest/{method}` with `auth`.
pub(super) async fn handle(
    Extracted(app): Extracted<Shared>,
    Path(path): Path<String>,
    uri: Uri,
    cut: Option<Extension<BatchCut>>,
    body: Bytes,
) -> Response {
    let watch = Stopwatch::start();
    let params = merged(uri.query().unwrap_or_default(), &body);
    let admitted = {
        let mut state = app.bitrix();
        state.stats.requests += 1;
        let admitted = state.limits.admit();
        state.stats.limit_refusals += u64::from(!admitted);
        admitted
    };
    if !admitted {
        return errors::query_limit().into_response();
    }
    // An official SDK writes two slashes after `rest`.
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let name = method_name(segments.last().copied().unwrap_or_default());
    let Some(method) = dispatch::parse(&name) else {
        return errors::method_not_found().into_response();
    };
    let caller = match authorise(&app.bitrix(), &segments, &params) {
        Ok(caller) => caller,
        Err(refusal) => return refusal.into_response(),
    };
    if method == Method::Batch {
        return batch::handle(&app, &caller, watch, &params, cut.map(|Extension(cut)| cut)).await;
    }
    let outcome = command(&app, &caller, &name, method, &params).await;
    match outcome {
        Ok(reply) => {
            let time = watch.block(&mut app.bitrix(), &caller.credential, &name);
            (StatusCode::OK, Json(envelope::success(reply, time))).into_response()
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// Runs one command and bills it, alone or within a batch.
pub(super) async fn command(
    app: &Shared,
    caller: &Caller,
    name: &str,
    method: Method,
    params: &Params,
) -> Result<Reply, RestError> {
    let watch = Stopwatch::start();
    let cost = {
        let mut state = app.bitrix();
        state.stats.commands += 1;
        *state.stats.by_method.entry(name.to_owned()).or_default() += 1;
        if state.limits.is_exhausted(&caller.credential, name) {
            return Err(errors::operation_time_limit());
        }
        Duration::from_millis(state.cost_ms)
    };
    tokio::time::sleep(cost).await;
    let (outcome, changed) = {
        let mut state = app.bitrix();
        let outcome = dispatch::run(&mut state, caller.user_id, method, params);
        state.limits.spend(&caller.credential, name, watch.elapsed());
        (outcome, std::mem::take(&mut state.changed))
    };
    for event in changed {
        app.tell(event);
    }
    outcome
}

/// `crm.item.Update.json` → `crm.item.update`.
pub(super) fn method_name(segment: &str) -> String {
    let name = segment.to_lowercase();
    let bare = name.strip_suffix(".json").or_else(|| name.strip_suffix(".xml"));
    bare.unwrap_or(&name).to_owned()
}

/// Query and body together, the body wins. A body that does not parse is no
/// parameters, not an error.
fn merged(query: &str, body: &[u8]) -> Params {
    let mut params = parse_str(query);
    let body = String::from_utf8_lossy(body);
    let own = if body.trim_start().starts_with(['{', '[']) {
        serde_json::from_str::<Value>(&body).ok().and_then(|value| match value {
            Value::Object(map) => Some(map),
            _ => None,
        })
    } else {
        Some(parse_str(&body))
    };
    params.extend(own.unwrap_or_default());
    params
}

fn authorise(state: &State, segments: &[&str], params: &Params) -> Result<Caller, RestError> {
    let unauthorised = |code, text| RestError::new(StatusCode::UNAUTHORIZED, code, text);
    if let [user, secret, _] = segments {
        let webhook = (user.parse().unwrap_or_default(), (*secret).to_owned());
        if !state.webhooks.contains(&webhook) {
            return Err(unauthorised("INVALID_CREDENTIALS", "Invalid request credentials"));
        }
        return Ok(Caller { user_id: webhook.0, credential: format!("webhook {user}/{secret}") });
    }
    let Some(token) = find(params, "auth").map(text).filter(|token| !token.is_empty()) else {
        return Err(unauthorised("NO_AUTH_FOUND", "Wrong authorization data"));
    };
    match state.tokens.get(&token) {
        None => Err(unauthorised("invalid_token", "Unable to get application by token")),
        Some(found) if found.expired => Err(errors::expired_token()),
        Some(found) => Ok(Caller { user_id: found.user_id, credential: format!("token of {}", found.user_id) }),
    }
}
