//! The turnstile: every call to a vendor passes here and spends from all limits it counts against.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::Clock;
use kopru_ports::gate::{Gate, Later, Limit, Pass};

use crate::bucket::Bucket;

/// A worker waits this long for its turn; for longer it gives its lane back.
const PATIENCE: Duration = Duration::from_secs(5);

/// Limits of this process, by scope.
pub struct Limiters {
    clock: Arc<dyn Clock>,
    buckets: Mutex<HashMap<String, (Bucket, f64)>>,
}

impl Limiters {
    /// Full buckets.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, buckets: Mutex::default() }
    }

    /// Takes from all limits, or from none: then the moment when all will have enough.
    fn try_take(&self, limits: &[Limit], now: Timestamp) -> Result<(), Timestamp> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let filled: Vec<Bucket> = limits
            .iter()
            .map(|limit| {
                buckets.get(&limit.scope).map_or_else(|| Bucket::full(limit, now), |(bucket, _)| bucket.at(limit, now))
            })
            .collect();
        let ready = limits.iter().zip(&filled).map(|(limit, bucket)| bucket.ready(limit)).max().unwrap_or(now);
        if ready > now {
            return Err(ready);
        }
        for (limit, bucket) in limits.iter().zip(filled) {
            buckets.insert(limit.scope.clone(), (bucket.take(), limit.per_second));
        }
        Ok(())
    }
}

#[async_trait]
impl Gate for Limiters {
    async fn enter(&self, pass: Pass) -> Result<(), Later> {
        let asked = self.clock.now();
        loop {
            let Err(at) = self.try_take(&pass.limits, self.clock.now()) else { return Ok(()) };
            if at > asked + PATIENCE {
                return Err(Later { at });
            }
            self.clock.sleep_until(at).await;
        }
    }

    async fn refused(&self, scope: &str, until: Timestamp) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((bucket, per_second)) = buckets.get_mut(scope) {
            *bucket = bucket.empty_until(*per_second, until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kopru_ports_testkit::ManualClock;

    fn pass(scopes: &[&str]) -> Pass {
        let limit = |scope: &&str| Limit { scope: (*scope).to_owned(), per_second: 1.0, burst: 2.0 };
        Pass { company: "acme".parse().unwrap(), limits: scopes.iter().map(limit).collect() }
    }

    #[tokio::test]
    async fn a_short_wait_is_waited_and_a_long_one_is_given_back() {
        let clock = Arc::new(ManualClock::default());
        let gate = Limiters::new(clock.clone());
        let start = clock.now();
        for _ in 0..4 {
            gate.enter(pass(&["a"])).await.unwrap();
        }
        assert_eq!(clock.now(), start + Duration::from_secs(2));
        gate.refused("a", start + Duration::from_mins(1)).await;
        let later = gate.enter(pass(&["a"])).await.unwrap_err();
        assert_eq!(later.at, start + Duration::from_mins(1));
    }

    #[tokio::test]
    async fn a_call_counts_against_all_its_limits_or_none() {
        let clock = Arc::new(ManualClock::default());
        let gate = Limiters::new(clock.clone());
        gate.enter(pass(&["a", "b"])).await.unwrap();
        gate.refused("b", clock.now() + Duration::from_mins(1)).await;
        gate.enter(pass(&["a", "b"])).await.unwrap_err();
        let before = clock.now();
        gate.enter(pass(&["a"])).await.unwrap();
        assert_eq!(clock.now(), before, "the refused call took nothing from a");
    }
}
