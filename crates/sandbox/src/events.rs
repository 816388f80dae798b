//! What changed, for the pages that show it live.

use std::convert::Infallible;

use axum::{
    extract::State,
    response::{
        IntoResponse,
        sse::{Event as Line, KeepAlive, Sse},
    },
};
use futures::stream::unfold;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;

use crate::server::Shared;

/// One change: `what` is a spreadsheet, a trigger, a CRM entity's name, a message, or an e-mail.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Event {
    pub vendor: &'static str,
    pub what: String,
    pub id: String,
}

impl Event {
    pub fn google(what: &str, id: &str) -> Self {
        Self { vendor: "google", what: what.to_owned(), id: id.to_owned() }
    }

    pub fn bitrix(what: &str, id: u64) -> Self {
        Self { vendor: "bitrix24", what: what.to_owned(), id: id.to_string() }
    }

    /// Whichever vendor it goes by.
    pub fn email(vendor: &'static str, id: &str) -> Self {
        Self { vendor, what: "email".to_owned(), id: id.to_owned() }
    }

    pub fn twilio(what: &str, id: &str) -> Self {
        Self { vendor: "twilio", what: what.to_owned(), id: id.to_owned() }
    }
}

/// `GET /_control/events`. The stream ends when the sandbox stops, or its
/// graceful shutdown would wait for every open page.
pub(crate) async fn stream(State(app): State<Shared>) -> impl IntoResponse {
    let start = (app.events.subscribe(), app.closing.subscribe());
    let lines = unfold(start, |(mut events, mut closing)| async move {
        let event = tokio::select! {
            _ = closing.wait_for(|closed| *closed) => return None,
            event = events.recv() => event,
        };
        let line = match event {
            Ok(event) => Line::default().json_data(event).unwrap_or_default(),
            // A page that fell behind reads everything anew.
            Err(RecvError::Lagged(_)) => Line::default().data(r#"{"vendor":"*"}"#),
            Err(RecvError::Closed) => return None,
        };
        Some((Ok::<_, Infallible>(line), (events, closing)))
    });
    Sse::new(lines).keep_alive(KeepAlive::default())
}
