//! `/_control`: seeding, inspection and faults, for tests and for the pages.

mod bitrix;
mod google;

use axum::{
    Json, Router,
    extract::State as Extracted,
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use crate::{events, faults::Fault, server::Shared};

/// What was asked makes no sense, in words for the one who asked.
#[derive(Debug)]
struct Refused(StatusCode, String);

impl Refused {
    fn bad(text: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, text.into())
    }

    fn absent(what: &str) -> Self {
        Self(StatusCode::NOT_FOUND, format!("no such {what}"))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

type Answer = Result<Json<Value>, Refused>;

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(async || Html(include_str!("../pages/control.html"))))
        .route("/reset", post(reset))
        .route("/events", get(events::stream))
        .route("/faults", get(list_faults).post(arm_fault).delete(clear_faults))
        .nest("/google", google::router())
        .nest("/bitrix24", bitrix::router())
}

async fn reset(Extracted(app): Extracted<Shared>) -> Json<Value> {
    app.reset();
    Json(json!({}))
}

async fn arm_fault(Extracted(app): Extracted<Shared>, Json(fault): Json<Fault>) -> Json<Value> {
    Json(json!({"id": app.faults.arm(fault)}))
}

async fn list_faults(Extracted(app): Extracted<Shared>) -> Json<Vec<Fault>> {
    Json(app.faults.list())
}

async fn clear_faults(Extracted(app): Extracted<Shared>) -> Json<Value> {
    app.faults.clear();
    Json(json!({}))
}
