//! Twilio's Programmable Messaging: SMS and WhatsApp.
//! <https://www.twilio.com/docs/messaging/api/message-resource>

mod access;
mod address;
mod callbacks;
pub(crate) mod content;
mod draft;
pub(crate) mod errors;
mod form;
pub(crate) mod inbound;
pub(crate) mod life;
mod list;
pub(crate) mod message;
mod messages;
mod segments;
mod signature;
pub(crate) mod state;
pub(crate) mod webhook;

use axum::{
    Router,
    extract::OriginalUri,
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::get,
};

use crate::{faults, server::Shared};

pub(crate) fn router(app: &Shared) -> Router<Shared> {
    let message = get(messages::fetch).post(messages::update).delete(messages::delete);
    Router::new()
        .route("/2010-04-01/Accounts/{account}/Messages.json", get(messages::list).post(messages::create))
        .route("/2010-04-01/Accounts/{account}/Messages/{message}", message)
        .route("/2010-04-01/Accounts/{account}/Messages/{message}/Media.json", get(messages::media))
        .layer(from_fn_with_state(app.clone(), access::admit))
        .layer(from_fn_with_state(app.clone(), faults::inject_twilio))
        .fallback(absent)
}

async fn absent(OriginalUri(uri): OriginalUri) -> Response {
    errors::absent(uri.path()).into_response()
}
