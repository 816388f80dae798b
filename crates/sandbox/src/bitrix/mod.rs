//! Bitrix24's REST, version 2: <https://apidocs.bitrix24.com/>.

mod access;
pub(crate) mod apps;
mod batch;
mod body;
mod directories;
mod dispatch;
mod envelope;
pub(crate) mod errors;
mod event_methods;
pub(crate) mod fields;
mod files;
mod filter;
pub(crate) mod hooks;
mod items;
mod legacy;
pub(crate) mod limits;
mod list;
mod multifield;
mod oauth;
mod params;
pub(crate) mod portal;
mod rest;
pub(crate) mod state;
mod values;
mod write;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{any, get},
};
use serde_json::{Map, Value};

pub(crate) use self::directories::Status;
use self::{
    errors::RestError,
    state::{SmartType, State},
};
use crate::{faults, server::Shared};

/// The portal, under any name at the server's root or in its first segment.
pub(crate) fn router(app: &Shared) -> Router<Shared> {
    let authorize = get(oauth::page).post(oauth::decide);
    let rest = any(rest::handle).layer(from_fn_with_state(app.clone(), faults::inject_bitrix));
    let portal = Router::new()
        .route("/rest/{*rest}", rest.clone())
        .route("/{portal}/rest/{*rest}", rest)
        .route("/oauth/authorize/", authorize.clone())
        .route("/{portal}/oauth/authorize/", authorize)
        .layer(from_fn_with_state(app.clone(), portal::locate));
    let tokens = any(oauth::token).layer(from_fn_with_state(app.clone(), faults::inject_bitrix));
    portal.route("/oauth/token/", tokens)
}

/// A record put there by a test, checked as the old methods check theirs.
pub(crate) fn seed_record(state: &mut State, type_id: u32, fields: Map<String, Value>) -> Result<u64, RestError> {
    legacy::create(state, 1, type_id, &Value::Object(fields))
}

/// A smart process brings a pipeline and its stages.
pub(crate) fn seed_type(state: &mut State, own: SmartType) {
    let type_id = own.entity_type_id;
    state.types.retain(|known| known.entity_type_id != type_id);
    state.types.push(own);
    state.describe_type(type_id);
    let category = directories::seed_pipeline(state, type_id);
    directories::seed_stages(state, type_id, category);
}
