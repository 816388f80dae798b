//! One HTTP request, checked in the portal's order: bucket, method,
//! credential, operating time, handler.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Extension, Json,
    extract::{ConnectInfo, Path, Request, State as Extracted},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{
    access::{self, Caller},
    batch, body,
    dispatch::{self, Method, Reply},
    envelope::{self, Stopwatch},
    errors::{self, RestError},
    hooks::{Change, Delivery},
    limits::Account,
    params::{Params, find, text},
    state::State,
};
use crate::{
    faults::{self, BatchCut},
    server::Shared,
};

/// The gateway in front of a cloud portal waits no longer for one request.
pub(super) const CUT: Duration = Duration::from_mins(1);

/// What stands after `rest/`, whatever the portal is called.
#[derive(Debug, Deserialize)]
pub(super) struct Tail {
    rest: String,
}

/// `/rest/{user}/{secret}/{method}` or `/rest/{method}` with `auth`.
pub(super) async fn handle(
    Extracted(app): Extracted<Shared>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(Tail { rest }): Path<Tail>,
    cut: Option<Extension<BatchCut>>,
    request: Request,
) -> Response {
    let params = body::read(request).await;
    // An official SDK writes two slashes after `rest`.
    let segments: Vec<&str> = rest.split('/').filter(|segment| !segment.is_empty()).collect();
    let name = method_name(segments.last().copied().unwrap_or_default());
    let answer = async {
        admit(&mut app.bitrix(), peer)?;
        let method = dispatch::parse(&name).ok_or_else(errors::method_not_found)?;
        let caller = access::authorise(&app.bitrix(), &segments, &params)?;
        if method == Method::Batch {
            return batch::handle(&app, &caller, &params, cut.map(|Extension(cut)| cut)).await;
        }
        let account = app.bitrix().limits.account(&caller.credential, &name, false);
        single(&app, &caller, &Command { name: &name, method, params: &params, account }).await
    };
    answer.await.unwrap_or_else(RestError::into_response)
}

fn admit(state: &mut State, peer: SocketAddr) -> Result<(), RestError> {
    let now_ms = state.clock.now_ms();
    state.stats.requests += 1;
    if state.limits.admit(peer.ip(), now_ms) {
        return Ok(());
    }
    state.stats.limit_refusals += 1;
    Err(errors::query_limit())
}

/// A command, alone or within a batch.
pub(super) struct Command<'a> {
    pub name: &'a str,
    pub method: Method,
    pub params: &'a Params,
    /// Who is billed for it.
    pub account: Account,
}

async fn single(app: &Shared, caller: &Caller, command: &Command<'_>) -> Result<Response, RestError> {
    let mut watch = Stopwatch::start(app.clock.now_ms());
    let reply = run(app, caller, command, &mut watch).await?;
    if watch.work > CUT {
        return Ok(faults::gateway(StatusCode::GATEWAY_TIMEOUT));
    }
    let time = watch.block(&mut app.bitrix(), &command.account);
    Ok(Json(envelope::success(reply, time)).into_response())
}

/// Runs one command and bills it.
pub(super) async fn run(
    app: &Shared,
    caller: &Caller,
    command: &Command<'_>,
    watch: &mut Stopwatch,
) -> Result<Reply, RestError> {
    caller.may(command.method)?;
    let (cost, wait) = {
        let mut state = app.bitrix();
        state.stats.commands += 1;
        *state.stats.by_method.entry(command.name.to_owned()).or_default() += 1;
        let now_ms = state.clock.now_ms();
        if state.limits.is_exhausted(&command.account, now_ms) {
            return Err(errors::operation_time_limit());
        }
        let cost = state.costs.of(command.name);
        (cost, state.costs.slept.then(|| state.clock.real(cost)))
    };
    watch.work += cost;
    if let Some(wait) = wait {
        tokio::time::sleep(wait).await;
    }
    let (outcome, changed, deliveries) = {
        let mut state = app.bitrix();
        let outcome = dispatch::run(&mut state, caller, command.method, command.params);
        let now_ms = state.clock.now_ms();
        state.limits.spend(&command.account, cost, now_ms);
        let changed = std::mem::take(&mut state.changed);
        let deliveries = publish(&mut state, &changed, command.params, &app.base_url);
        (outcome, changed, deliveries)
    };
    app.tell_changes(&changed);
    for Delivery { url, form } in deliveries {
        // Nobody waits for a handler, and one that fails is not called again.
        tokio::spawn(app.http.post(url).form(&form).send());
    }
    outcome
}

fn publish(state: &mut State, changes: &[Change], params: &Params, base_url: &str) -> Vec<Delivery> {
    let connector = find(params, "auth_connector").map(text).unwrap_or_default();
    let portal = state.address.clone().unwrap_or_else(|| format!("{base_url}/bitrix24"));
    let now_ms = state.clock.now_ms();
    changes.iter().flat_map(|change| state.hooks.publish(*change, &connector, &portal, now_ms)).collect()
}

/// `crm.item.Update.json` → `crm.item.update`.
pub(super) fn method_name(segment: &str) -> String {
    let name = segment.to_lowercase();
    let bare = name.strip_suffix(".json").or_else(|| name.strip_suffix(".xml"));
    bare.unwrap_or(&name).to_owned()
}
