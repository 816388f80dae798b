//! `event.*`: who wants to hear what, and the queue that an application fetches.
//! <https://apidocs.bitrix24.com/api-reference/events/offline-events.html>

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    access::Caller,
    dispatch::Reply,
    errors::{self, RestError},
    hooks::{Handler, Hooks, Queued},
    list,
    params::{Params, elements, find, integer, text, truthy},
    state::State,
};
use crate::random;

/// How many events `event.offline.get` hands out unless it is told otherwise.
const OFFLINE_PAGE: i64 = 50;

fn given(params: &Params, name: &str) -> Option<String> {
    find(params, name).map(text).filter(|text| !text.is_empty())
}

/// `event.*`, which only an application may call.
pub(super) fn call(state: &mut State, caller: &Caller, name: &str, params: &Params) -> Result<Reply, RestError> {
    let client_id = caller.client_id.clone().ok_or_else(|| {
        let text = "Current authorization type is denied for this method";
        RestError::new(StatusCode::FORBIDDEN, "WRONG_AUTH_TYPE", text)
    })?;
    Ok(match name {
        "event.bind" => bind(state, client_id, params)?,
        "event.unbind" => unbind(&mut state.hooks, &client_id, params)?,
        "event.get" => bound(&state.hooks, &client_id),
        "event.offline.get" => fetch(&mut state.hooks, &client_id, params),
        "event.offline.list" => {
            let rows = state.hooks.queue.iter().filter(|row| row.client_id == client_id).map(Queued::show);
            list::page(rows.collect(), params, |row| row)
        }
        "event.offline.error" => settle(&mut state.hooks, &client_id, params, |_, row| row.failed = true)?,
        _ => settle(&mut state.hooks, &client_id, params, |done, row| done.push(row.id))?,
    })
}

fn bind(state: &mut State, client_id: String, params: &Params) -> Result<Reply, RestError> {
    let event = given(params, "event").ok_or_else(|| errors::missing("event"))?.to_uppercase();
    if !event.starts_with("ONCRM") && !event.starts_with("ONAPP") && event != "ONOFFLINEEVENT" {
        return Err(RestError::bad("ERROR_EVENT_NOT_FOUND", "Event not found"));
    }
    let offline = given(params, "event_type").is_some_and(|kind| kind.eq_ignore_ascii_case("offline"));
    let url = given(params, "handler").unwrap_or_default();
    if url.is_empty() && !offline {
        return Err(errors::missing("handler"));
    }
    let connector = given(params, "auth_connector").unwrap_or_default();
    let application_token =
        state.apps.clients.get(&client_id).map(|app| app.application_token.clone()).unwrap_or_default();
    let same =
        |own: &Handler| (&own.client_id, &own.event, &own.url, own.offline) == (&client_id, &event, &url, offline);
    if state.hooks.handlers.iter().any(same) {
        return Err(RestError::bad("ERROR_CORE", "Unable to set event handler: Handler already binded"));
    }
    let id = state.hooks.next_id();
    state.hooks.handlers.push(Handler { id, client_id, event, url, offline, connector, application_token });
    Ok(json!(true).into())
}

fn unbind(hooks: &mut Hooks, client_id: &str, params: &Params) -> Result<Reply, RestError> {
    let event = given(params, "event").ok_or_else(|| errors::missing("event"))?.to_uppercase();
    let (url, kind) = (given(params, "handler"), given(params, "event_type"));
    let before = hooks.handlers.len();
    hooks.handlers.retain(|own| {
        let meant = kind.as_ref().is_none_or(|kind| (kind == "offline") == own.offline)
            && url.as_ref().is_none_or(|url| *url == own.url);
        own.client_id != client_id || own.event != event || !meant
    });
    Ok(json!({"count": before - hooks.handlers.len()}).into())
}

fn bound(hooks: &Hooks, client_id: &str) -> Reply {
    let own = hooks.handlers.iter().filter(|handler| handler.client_id == client_id);
    let shown = own.map(|handler| {
        json!({
            "event": handler.event, "handler": handler.url, "auth_type": "0",
            "offline": u8::from(handler.offline), "connector_id": handler.connector,
        })
    });
    shown.collect::<Value>().into()
}

/// With `clear: 0` the events stay, marked by the process that has them in hand.
fn fetch(hooks: &mut Hooks, client_id: &str, params: &Params) -> Reply {
    let limit = usize::try_from(find(params, "limit").map_or(OFFLINE_PAGE, integer)).unwrap_or_default();
    let keeps = find(params, "clear").is_some_and(|clear| !truthy(Some(clear)));
    let asked = given(params, "process_id");
    let with_failed = truthy(find(params, "error"));
    let process_id = asked.clone().unwrap_or_else(|| random::token(16));
    let wanted = |row: &Queued| {
        row.client_id == client_id
            && row.process_id == asked.as_deref().unwrap_or_default()
            && row.failed == with_failed
    };
    let mut taken = Vec::new();
    let mut events = Vec::new();
    for row in hooks.queue.iter_mut().filter(|row| wanted(row)).take(limit) {
        events.push(row.show());
        if keeps {
            row.process_id.clone_from(&process_id);
        } else {
            taken.push(row.id);
        }
    }
    hooks.queue.retain(|row| !taken.contains(&row.id));
    json!({"process_id": if keeps { json!(process_id) } else { Value::Null }, "events": events}).into()
}

/// What a process says of the events that it has in hand.
fn settle(
    hooks: &mut Hooks,
    client_id: &str,
    params: &Params,
    act: impl Fn(&mut Vec<usize>, &mut Queued),
) -> Result<Reply, RestError> {
    let process_id = given(params, "process_id").ok_or_else(|| errors::missing("process_id"))?;
    let texts = |name| find(params, name).map(|list| elements(list).iter().map(text).collect::<Vec<_>>());
    let (ids, messages) = (texts("id"), texts("message_id"));
    let mut done = Vec::new();
    for row in hooks.queue.iter_mut().filter(|row| row.client_id == client_id && row.process_id == process_id) {
        let named = match (&ids, &messages) {
            (Some(ids), _) => ids.contains(&row.id.to_string()),
            (None, Some(messages)) => messages.contains(&row.message_id),
            (None, None) => true,
        };
        if named {
            act(&mut done, row);
        }
    }
    hooks.queue.retain(|row| !done.contains(&row.id));
    Ok(json!(true).into())
}
