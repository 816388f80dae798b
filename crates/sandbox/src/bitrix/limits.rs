//! The leaky bucket of requests and the operating time of methods:
//! <https://apidocs.bitrix24.com/limits.html>.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

/// Operating time is summed over ten minutes, in buckets of one.
const BUCKET: Duration = Duration::from_mins(1);
const WINDOW: Duration = Duration::from_mins(10);
/// Shorter calls are not counted.
const FLOOR: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct Limits {
    pub rate: f64,
    pub burst: f64,
    level: f64,
    leaked_at: Instant,
    pub operating_limit: Duration,
    /// (credential, method) → (bucket's start, time spent), oldest first.
    operating: BTreeMap<(String, String), VecDeque<(Instant, Duration)>>,
}

impl Limits {
    pub fn new(rate: f64, burst: f64) -> Self {
        Self {
            rate,
            burst,
            level: 0.0,
            leaked_at: Instant::now(),
            operating_limit: Duration::from_mins(8),
            operating: BTreeMap::new(),
        }
    }

    /// Counts one HTTP request; false above the burst. A refused request
    /// stays in the bucket only up to its rim, or nobody would get back in.
    pub fn admit(&mut self) -> bool {
        let now = Instant::now();
        let leaked = now.duration_since(self.leaked_at).as_secs_f64() * self.rate;
        self.level = (self.level - leaked).max(0.0);
        self.leaked_at = now;
        if self.level + 1.0 > self.burst {
            return false;
        }
        self.level += 1.0;
        true
    }

    fn window(&mut self, credential: &str, method: &str) -> &mut VecDeque<(Instant, Duration)> {
        let key = (credential.to_owned(), method.to_owned());
        let buckets = self.operating.entry(key).or_default();
        while buckets.front().is_some_and(|(start, _)| start.elapsed() >= WINDOW) {
            buckets.pop_front();
        }
        buckets
    }

    pub fn spend(&mut self, credential: &str, method: &str, time: Duration) {
        if time < FLOOR {
            return;
        }
        let buckets = self.window(credential, method);
        match buckets.back_mut() {
            Some((start, spent)) if start.elapsed() < BUCKET => *spent += time,
            _ => buckets.push_back((Instant::now(), time)),
        }
    }

    pub fn spent(&mut self, credential: &str, method: &str) -> Duration {
        self.window(credential, method).iter().map(|(_, spent)| *spent).sum()
    }

    pub fn is_exhausted(&mut self, credential: &str, method: &str) -> bool {
        self.spent(credential, method) >= self.operating_limit
    }

    /// How long until the oldest bucket leaves the window.
    pub fn resets_in(&mut self, credential: &str, method: &str) -> Duration {
        let oldest = self.window(credential, method).front().map(|(start, _)| start.elapsed());
        WINDOW.saturating_sub(oldest.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_refuses_above_its_burst() {
        let mut limits = Limits::new(0.0, 3.0);
        let admitted = [0; 5].map(|_| limits.admit());
        assert_eq!(admitted, [true, true, true, false, false]);
    }

    #[test]
    fn operating_time_is_kept_per_method_and_short_calls_are_free() {
        let mut limits = Limits::new(2.0, 50.0);
        limits.operating_limit = Duration::from_secs(1);
        limits.spend("1", "crm.lead.update", Duration::from_millis(99));
        assert_eq!(limits.spent("1", "crm.lead.update"), Duration::ZERO);
        limits.spend("1", "crm.lead.update", Duration::from_secs(1));
        assert!(limits.is_exhausted("1", "crm.lead.update"));
        assert!(!limits.is_exhausted("1", "crm.item.update"));
    }
}
