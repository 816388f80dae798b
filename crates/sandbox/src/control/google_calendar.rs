//! Calendars, and what people do in them.

use axum::{
    Json, Router,
    extract::{Path, State as Extracted},
    routing::{get, put},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, Refused};
use crate::{
    events::Event,
    google::{
        calendar::{
            show,
            store::Calendar,
            write::{Manner, Notify, Way},
        },
        state::DEFAULT_ACCOUNT,
    },
    server::Shared,
};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/calendars", get(list).post(create))
        .route("/calendars/{account}", get(show_one))
        .route("/calendars/{account}/events/{id}", put(write).delete(remove))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seed {
    account: Option<String>,
    time_zone: String,
}

async fn create(Extracted(app): Extracted<Shared>, Json(seed): Json<Seed>) -> Answer {
    if jiff::tz::TimeZone::get(&seed.time_zone).is_err() {
        return Err(Refused::bad("no such time zone"));
    }
    let account = seed.account.unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned());
    let mut calendar = Calendar::of(&account);
    calendar.time_zone = seed.time_zone;
    app.tell(Event::google("calendar", &account));
    app.google().calendars.insert(account, calendar);
    Ok(Json(json!({})))
}

async fn list(Extracted(app): Extracted<Shared>) -> Json<Value> {
    let state = app.google();
    let about = |calendar: &Calendar| json!({"account": calendar.account, "time_zone": calendar.time_zone});
    Json(state.calendars.values().map(about).collect())
}

async fn show_one(Extracted(app): Extracted<Shared>, Path(account): Path<String>) -> Answer {
    let state = app.google();
    let calendar = state.calendars.get(&account).ok_or_else(|| Refused::absent("calendar"))?;
    let own = calendar.zone();
    let mut events: Vec<_> = calendar.events.values().collect();
    events.sort_by_key(|event| event.span.moments(&own));
    let events: Vec<Value> =
        events.into_iter().map(|event| show::event(calendar, event, None, &app.base_url)).collect();
    Ok(Json(json!({
        "account": account, "time_zone": calendar.time_zone, "now_ms": app.clock.now_ms(), "events": events,
        "notices": calendar.notices,
    })))
}

/// People write to nobody here.
fn by_hand(app: &Shared) -> Manner {
    Manner { now_ms: app.clock.now_ms(), conferences: false, meets_at_once: true, notify: Notify::Nobody }
}

/// The person makes an event, or changes what is named of it.
async fn write(
    Extracted(app): Extracted<Shared>,
    Path((account, id)): Path<(String, String)>,
    Json(mut sent): Json<Map<String, Value>>,
) -> Answer {
    let manner = by_hand(&app);
    let mut state = app.google();
    let calendar = state.calendars.entry(account.clone()).or_insert_with(|| Calendar::of(&account));
    let written = if let Some(old) = calendar.events.get(&id).cloned() {
        calendar.write(&old, sent, Way::Patch, manner)
    } else {
        sent.insert("id".to_owned(), json!(id));
        calendar.insert(sent, manner).map(drop)
    };
    written.map_err(|error| Refused::bad(error.message()))?;
    app.tell(Event::google("calendar", &account));
    Ok(Json(json!({})))
}

async fn remove(Extracted(app): Extracted<Shared>, Path((account, id)): Path<(String, String)>) -> Answer {
    let manner = by_hand(&app);
    let mut state = app.google();
    let calendar = state.calendars.get_mut(&account).ok_or_else(|| Refused::absent("calendar"))?;
    let old = calendar.events.get(&id).cloned().ok_or_else(|| Refused::absent("event"))?;
    calendar.cancel(&old, manner);
    app.tell(Event::google("calendar", &account));
    Ok(Json(json!({})))
}
