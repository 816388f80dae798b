//! The `time` block beside every result.

use std::time::Instant;

use serde_json::{Map, Value, json};

use super::state::{State, portal_time};
use crate::clock;

/// When a call began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch {
    started_ms: i64,
    started: Instant,
}

impl Stopwatch {
    pub fn start() -> Self {
        Self { started_ms: clock::now_ms(), started: Instant::now() }
    }

    pub fn elapsed(&self) -> std::time::Duration {
        self.started.elapsed()
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century fit an f64")]
    pub fn block(&self, state: &mut State, credential: &str, method: &str) -> Value {
        let seconds = |ms: i64| ms as f64 / 1000.0;
        let finish_ms = clock::now_ms();
        let resets_in = state.limits.resets_in(credential, method);
        let duration = self.elapsed().as_secs_f64();
        json!({
            "start": seconds(self.started_ms),
            "finish": seconds(finish_ms),
            "duration": duration,
            "processing": duration,
            "date_start": portal_time(self.started_ms),
            "date_finish": portal_time(finish_ms),
            "operating_reset_at": finish_ms / 1000 + i64::try_from(resets_in.as_secs()).unwrap_or_default(),
            "operating": state.limits.spent(credential, method).as_secs_f64(),
        })
    }
}

/// `result`, then `next` and `total` where there are any, then `time`.
pub(super) fn success(reply: super::dispatch::Reply, time: Value) -> Value {
    let mut body = Map::from_iter([("result".to_owned(), reply.result)]);
    body.extend(reply.next.map(|next| ("next".to_owned(), json!(next))));
    body.extend(reply.total.map(|total| ("total".to_owned(), json!(total))));
    body.insert("time".to_owned(), time);
    Value::Object(body)
}
