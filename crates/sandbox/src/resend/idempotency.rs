//! Idempotency keys: <https://resend.com/docs/dashboard/emails/idempotency-keys>.

use std::{collections::BTreeMap, time::Duration};

use axum::{Json, body::Bytes, http::HeaderMap};
use serde_json::Value;

use super::{
    errors::{ApiError, refused},
    state::State,
};
use crate::server::Shared;

const KEPT_MS: i64 = 24 * 60 * 60 * 1000;
const LONGEST_KEY: usize = 256;

#[derive(Debug)]
struct Entry {
    path: &'static str,
    payload: Bytes,
    /// None while the first request is being served.
    answer: Option<Value>,
    since_ms: i64,
}

/// What was asked under each key, and the first answer.
#[derive(Debug, Default)]
pub(super) struct Keys(BTreeMap<String, Entry>);

impl Keys {
    /// The first answer, where there was one.
    fn enter(
        &mut self,
        key: &str,
        path: &'static str,
        payload: &Bytes,
        now_ms: i64,
    ) -> Result<Option<Value>, ApiError> {
        self.0.retain(|_, entry| now_ms - entry.since_ms < KEPT_MS);
        if let Some(entry) = self.0.get(key) {
            if (entry.path, &entry.payload) != (path, payload) {
                return Err(refused("invalid_idempotent_request"));
            }
            return entry.answer.clone().map(Some).ok_or_else(|| refused("concurrent_idempotent_requests"));
        }
        let entry = Entry { path, payload: payload.clone(), answer: None, since_ms: now_ms };
        self.0.insert(key.to_owned(), entry);
        Ok(None)
    }

    /// A refused request leaves its key free.
    fn leave(&mut self, key: &str, answer: Option<&Value>) {
        match (answer, self.0.get_mut(key)) {
            (Some(answer), Some(entry)) => entry.answer = Some(answer.clone()),
            (None, _) => _ = self.0.remove(key),
            (Some(_), None) => {}
        }
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(given) = headers.get("idempotency-key") else { return Ok(None) };
    let given = String::from_utf8_lossy(given.as_bytes()).into_owned();
    let fits = (1..=LONGEST_KEY).contains(&given.chars().count());
    if fits { Ok(Some(given)) } else { Err(refused("invalid_idempotency_key")) }
}

/// Does the work unless the key's first request has been answered.
pub(super) async fn once(
    app: &Shared,
    headers: &HeaderMap,
    path: &'static str,
    payload: &Bytes,
    work: impl FnOnce(&mut State) -> Result<Value, ApiError>,
) -> Result<Json<Value>, ApiError> {
    let key = key(headers)?;
    let now_ms = app.clock.now_ms();
    let wait = {
        let mut state = app.resend();
        if let Some(key) = &key
            && let Some(answer) = state.idempotency.enter(key, path, payload, now_ms)?
        {
            return Ok(Json(answer));
        }
        Duration::from_millis(state.settings.answer_ms)
    };
    tokio::time::sleep(wait).await;
    let mut state = app.resend();
    let answer = work(&mut state);
    if let Some(key) = &key {
        state.idempotency.leave(key, answer.as_ref().ok());
    }
    answer.map(Json)
}
