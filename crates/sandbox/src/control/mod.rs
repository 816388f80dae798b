//! `/_control`: seeding, inspection and faults, for tests and for the pages.

mod bitrix;
mod bitrix_apps;
mod google;
mod google_calendar;
mod google_grants;
mod mail;
mod microsoft;
mod resend;
mod smtp;
mod twilio;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State as Extracted},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{events, faults::Fault, server::Shared};

/// A sheet of 100,000 rows is seeded in one piece.
const LARGEST_SEED: usize = 64 * 1024 * 1024;

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

/// Settings with what is asked for; what is not named stays.
fn merged<T: Serialize + DeserializeOwned>(settings: &T, asked: Map<String, Value>) -> Result<T, Refused> {
    let mut all = json!(settings);
    for (name, value) in asked {
        all[name] = value;
    }
    serde_json::from_value(all).map_err(|error| Refused::bad(error.to_string()))
}

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(async || Html(include_str!("../pages/control.html"))))
        .route("/reset", post(reset))
        .route("/clock", get(clock).post(set_clock))
        .route("/events", get(events::stream))
        .route("/faults", get(list_faults).post(arm_fault).delete(clear_faults))
        .nest("/google", google::router().merge(google_grants::router()).merge(google_calendar::router()))
        .nest("/bitrix24", bitrix::router().merge(bitrix_apps::router()))
        .nest("/mail", mail::router())
        .nest("/microsoft", microsoft::router())
        .nest("/resend", resend::router())
        .nest("/smtp", smtp::router())
        .nest("/twilio", twilio::router())
        .layer(DefaultBodyLimit::max(LARGEST_SEED))
}

async fn reset(Extracted(app): Extracted<Shared>) -> Json<Value> {
    app.reset();
    Json(json!({}))
}

async fn clock(Extracted(app): Extracted<Shared>) -> Json<Value> {
    Json(json!({"now_ms": app.clock.now_ms(), "scale": app.clock.scale()}))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Time {
    #[serde(default)]
    advance_seconds: f64,
    scale: Option<f64>,
}

/// Time never goes back: what expired stays so.
async fn set_clock(Extracted(app): Extracted<Shared>, Json(time): Json<Time>) -> Answer {
    if [time.advance_seconds, time.scale.unwrap_or_default()].iter().any(|number| *number < 0.0) {
        return Err(Refused::bad("time does not go back"));
    }
    app.clock.set(time.advance_seconds, time.scale);
    Ok(clock(Extracted(app)).await)
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
