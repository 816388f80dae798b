//! From a method's name to what it does.

use serde_json::{Map, Value, json};

use super::{
    access::Caller,
    directories,
    errors::RestError,
    event_methods,
    fields::{self, COMPANY, CONTACT, DEAL, LEAD, QUOTE},
    items, legacy,
    params::{Params, find, text},
    state::{State, portal_time},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Fields,
    Add,
    Update,
    Get,
    List,
    Delete,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Batch,
    Item(Action),
    Legacy(u32, Action),
    Other(&'static str),
}

impl Method {
    /// Any one of these is enough; an empty list is open to all.
    pub fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Item(_) | Self::Legacy(..) => &["crm"],
            Self::Other(name) if name.starts_with("crm.") => &["crm"],
            Self::Other("user.get" | "user.search" | "user.current") => &["user", "user_basic", "user_brief"],
            Self::Other("userfieldconfig.list") => &["userfieldconfig"],
            Self::Batch | Self::Other(_) => &[],
        }
    }
}

/// A handler's answer, before the envelope.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub result: Value,
    pub total: Option<usize>,
    pub next: Option<usize>,
}

impl From<Value> for Reply {
    fn from(result: Value) -> Self {
        Self { result, ..Self::default() }
    }
}

impl From<Map<String, Value>> for Reply {
    fn from(result: Map<String, Value>) -> Self {
        Value::Object(result).into()
    }
}

const OTHERS: [&str; 26] = [
    "crm.category.list",
    "crm.currency.list",
    "crm.duplicate.findbycomm",
    "crm.item.batchimport",
    "crm.item.import",
    "crm.status.entity.types",
    "crm.status.list",
    "crm.type.list",
    "event.bind",
    "event.get",
    "event.offline.clear",
    "event.offline.error",
    "event.offline.get",
    "event.offline.list",
    "event.unbind",
    "feature.get",
    "method.get",
    "methods",
    "profile",
    "scope",
    "server.time",
    "user.current",
    "user.get",
    "user.search",
    "userfieldconfig.list",
    "app.info",
];

/// Names are case-insensitive: an official SDK writes `crm.item.Update`.
pub(super) fn parse(name: &str) -> Option<Method> {
    let name = name.to_lowercase();
    if name == "batch" {
        return Some(Method::Batch);
    }
    if let Some(known) = OTHERS.iter().find(|known| **known == name) {
        return Some(Method::Other(known));
    }
    let (entity, action) = name.strip_prefix("crm.")?.split_once('.')?;
    let action = match action {
        "fields" => Action::Fields,
        "add" => Action::Add,
        "update" => Action::Update,
        "get" => Action::Get,
        "list" => Action::List,
        "delete" => Action::Delete,
        _ => return None,
    };
    match (entity, fields::entity_type(entity)) {
        ("item", _) => Some(Method::Item(action)),
        (_, Some(id @ (LEAD | DEAL | CONTACT | COMPANY | QUOTE))) if entity.parse::<u32>().is_err() => {
            Some(Method::Legacy(id, action))
        }
        _ => None,
    }
}

/// Runs anything but a batch.
pub(super) fn run(state: &mut State, caller: &Caller, method: Method, params: &Params) -> Result<Reply, RestError> {
    match method {
        Method::Batch => {
            let status = axum::http::StatusCode::METHOD_NOT_ALLOWED;
            Err(RestError::new(status, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage"))
        }
        Method::Item(action) => items::call(state, caller.user_id, action, params),
        Method::Legacy(type_id, action) => legacy::call(state, caller.user_id, type_id, action, params),
        Method::Other(name) if name.starts_with("event.") => event_methods::call(state, caller, name, params),
        Method::Other("crm.item.import") => items::import(state, caller.user_id, params),
        Method::Other("crm.item.batchimport") => items::import_many(state, caller.user_id, params),
        Method::Other(name) => other(state, caller, name, params),
    }
}

fn other(state: &State, caller: &Caller, name: &str, params: &Params) -> Result<Reply, RestError> {
    Ok(match name {
        "crm.category.list" => directories::categories(state, params)?,
        "crm.currency.list" => directories::currencies(),
        "crm.duplicate.findbycomm" => legacy::find_by_communication(state, params)?,
        "crm.status.entity.types" => directories::status_types(state),
        "crm.status.list" => directories::statuses(state, params),
        "crm.type.list" => directories::types(state),
        "user.get" | "user.search" => directories::users(state, params),
        "userfieldconfig.list" => directories::user_field_configs(state, params),
        "profile" | "user.current" => directories::current_user(state, caller.user_id),
        "scope" => json!(caller.scopes).into(),
        "server.time" => json!(portal_time(state.clock.now_ms())).into(),
        "app.info" => {
            json!({"ID": 1, "CODE": "", "STATUS": "L", "LANGUAGE_ID": fields::LANGUAGES[state.language]}).into()
        }
        "feature.get" => json!({"value": "Y"}).into(),
        "methods" => json!(OTHERS).into(),
        _ => {
            let known = find(params, "name").is_some_and(|name| parse(&text(name)).is_some());
            json!({"isExisting": known, "isAvailable": known}).into()
        }
    })
}
