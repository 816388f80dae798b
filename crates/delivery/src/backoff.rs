//! When to try again.

use std::time::Duration;

use jiff::Timestamp;
use kopru_ports::delivery::{Outcome, Work};

/// What becomes of work that certainly was not done: again after the vendor's pause, else after a pause
/// that doubles from one second to five minutes. An outage of any length gives nothing up.
#[must_use]
pub fn retry(work: &Work, now: Timestamp, pause: Option<Duration>, error: impl Into<String>) -> Outcome {
    let own = Duration::from_secs(1 << work.failures.min(9)).min(Duration::from_mins(5));
    Outcome::Retry { due: now + pause.unwrap_or(own), error: error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kopru_ports::delivery::Urgency;
    use serde_json::Value;

    fn failed(failures: u32) -> Work {
        Work {
            kind: "k".into(),
            key: "a".into(),
            owner: "o".into(),
            payload: Value::Null,
            failures,
            generation: 1,
            since: Timestamp::UNIX_EPOCH,
            urgency: Urgency::Bulk,
            open_attempt: None,
        }
    }

    fn pause(failures: u32) -> i64 {
        match retry(&failed(failures), Timestamp::UNIX_EPOCH, None, "x") {
            Outcome::Retry { due, .. } => due.as_second(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pauses_double_up_to_five_minutes_and_nothing_is_given_up() {
        assert_eq!([pause(0), pause(3), pause(10), pause(1000)], [1, 8, 300, 300]);
    }

    #[test]
    fn the_vendors_own_pause_is_obeyed() {
        let outcome = retry(&failed(0), Timestamp::UNIX_EPOCH, Some(Duration::from_secs(77)), "x");
        assert!(matches!(outcome, Outcome::Retry { due, .. } if due.as_second() == 77));
    }
}
