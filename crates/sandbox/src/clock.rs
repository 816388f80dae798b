//! The only place that reads the wall clock.

use jiff::Timestamp;

#[expect(clippy::disallowed_methods, reason = "the simulated vendors keep the real time, as the real ones do")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

pub(crate) fn now_ms() -> i64 {
    now().as_millisecond()
}
