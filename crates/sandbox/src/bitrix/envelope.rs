//! The `time` block beside every result.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    limits::Account,
    state::{State, portal_time},
};

/// When a call began, and the processing that was simulated since.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch {
    started_ms: i64,
    pub work: Duration,
}

impl Stopwatch {
    pub fn start(now_ms: i64) -> Self {
        Self { started_ms: now_ms, work: Duration::ZERO }
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century fit an f64")]
    pub fn block(&self, state: &mut State, account: &Account) -> Value {
        let seconds = |ms: i64| ms as f64 / 1000.0;
        let now_ms = state.clock.now_ms();
        let worked_until = self.started_ms + i64::try_from(self.work.as_millis()).unwrap_or_default();
        let finish_ms = now_ms.max(worked_until);
        let mut time = json!({
            "start": seconds(self.started_ms),
            "finish": seconds(finish_ms),
            "duration": seconds(finish_ms - self.started_ms),
            "processing": self.work.as_secs_f64(),
            "date_start": portal_time(self.started_ms),
            "date_finish": portal_time(finish_ms),
        });
        if state.limits.metered {
            time["operating_reset_at"] = json!(state.limits.resets_at(account, now_ms));
            time["operating"] = json!(state.limits.spent(account, now_ms).as_secs_f64());
        }
        time
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
