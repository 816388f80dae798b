//! A leaky bucket as pure arithmetic.

use std::time::Duration;

use jiff::Timestamp;
use kopru_ports::gate::Limit;

/// How many calls may be made now, and since when that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    tokens: f64,
    at: Timestamp,
}

impl Bucket {
    /// A full bucket.
    #[must_use]
    pub fn full(limit: &Limit, now: Timestamp) -> Self {
        Self { tokens: limit.burst, at: now }
    }

    /// The bucket at `now`. A clock that went back regains nothing.
    #[must_use]
    pub fn at(self, limit: &Limit, now: Timestamp) -> Self {
        let passed = now.duration_since(self.at).as_secs_f64().max(0.0);
        Self { tokens: (self.tokens + passed * limit.per_second).min(limit.burst), at: self.at.max(now) }
    }

    /// When one call may be made: at once, or after what is missing has been regained.
    #[must_use]
    pub fn ready(self, limit: &Limit) -> Timestamp {
        let missing = (1.0 - self.tokens).max(0.0);
        self.at + Duration::from_secs_f64(missing / limit.per_second)
    }

    /// The bucket after one call.
    #[must_use]
    pub fn take(self) -> Self {
        Self { tokens: self.tokens - 1.0, ..self }
    }

    /// The bucket of a vendor that refuses calls until `until`.
    #[must_use]
    pub fn empty_until(self, limit_per_second: f64, until: Timestamp) -> Self {
        let left = until.duration_since(self.at).as_secs_f64().max(0.0);
        Self { tokens: self.tokens.min(1.0 - left * limit_per_second), at: self.at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn limit() -> Limit {
        Limit { scope: "s".into(), per_second: 2.0, burst: 5.0 }
    }

    fn second(second: f64) -> Timestamp {
        Timestamp::UNIX_EPOCH + Duration::from_secs_f64(second)
    }

    #[test]
    fn after_the_burst_calls_go_at_the_rate() {
        let mut bucket = Bucket::full(&limit(), second(0.0));
        for _ in 0..5 {
            assert_eq!(bucket.ready(&limit()), second(0.0));
            bucket = bucket.take();
        }
        assert_eq!(bucket.ready(&limit()), second(0.5));
    }

    #[test]
    fn a_refusal_holds_everything_until_its_end() {
        let bucket = Bucket::full(&limit(), second(0.0)).empty_until(2.0, second(10.0));
        assert_eq!(bucket.ready(&limit()), second(10.0));
    }

    proptest! {
        #[test]
        fn no_schedule_of_calls_gets_more_than_burst_and_rate(waits in proptest::collection::vec(0.0f64..3.0, 1..60)) {
            let (mut bucket, mut now, mut taken) = (Bucket::full(&limit(), second(0.0)), 0.0, 0.0);
            for wait in waits {
                now += wait;
                bucket = bucket.at(&limit(), second(now));
                if bucket.ready(&limit()) <= second(now) {
                    bucket = bucket.take();
                    taken += 1.0;
                }
                prop_assert!(taken <= 5.0 + 2.0 * now + 1e-6);
            }
        }
    }
}
