//! The leaky bucket of requests and the operating time of methods:
//! <https://apidocs.bitrix24.com/limits.html>.

use std::{
    collections::{BTreeMap, VecDeque},
    net::IpAddr,
    time::Duration,
};

use serde::Deserialize;

/// Operating time is summed over ten minutes, in buckets of one.
const BUCKET_MS: i64 = 60_000;
const WINDOW_MS: i64 = 10 * BUCKET_MS;
/// Shorter calls are not counted.
const FLOOR: Duration = Duration::from_millis(100);

/// Requests leak out at `rate` per second; above `burst` they are refused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    pub rate: f64,
    pub burst: f64,
}

impl Bucket {
    pub const STANDARD: Self = Self { rate: 2.0, burst: 50.0 };
    pub const ENTERPRISE: Self = Self { rate: 5.0, burst: 250.0 };
}

/// To whom the commands of a batch are billed; the sources disagree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Billing {
    /// To each command's own method, as the documentation of 2026-07 has it.
    #[default]
    Commands,
    /// To `batch`, as measured in the JavaScript SDK's pull request 539.
    Batch,
    /// To each command's method, but without the webhook's credential.
    Detached,
}

/// What operating time is summed for: a credential and a method.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Account {
    credential: String,
    method: String,
}

impl Account {
    pub fn new(credential: &str, method: &str) -> Self {
        Self { credential: credential.to_owned(), method: method.to_owned() }
    }
}

#[derive(Debug)]
pub(crate) struct Limits {
    pub bucket: Bucket,
    /// Whether a refused request fills the bucket too; not documented.
    pub refused_count: bool,
    /// Source address → (level, when it was so).
    levels: BTreeMap<IpAddr, (f64, i64)>,
    /// A portal of one's own has no operating limit unless it is configured,
    /// and then its answers do not speak of it.
    pub metered: bool,
    pub operating_limit: Duration,
    pub billing: Billing,
    /// (bucket's start, time spent), oldest first.
    operating: BTreeMap<Account, VecDeque<(i64, Duration)>>,
}

impl Limits {
    pub fn new(bucket: Bucket) -> Self {
        Self {
            bucket,
            refused_count: false,
            levels: BTreeMap::new(),
            metered: true,
            operating_limit: Duration::from_mins(8),
            billing: Billing::default(),
            operating: BTreeMap::new(),
        }
    }

    /// Counts one HTTP request from `source`; false above the burst.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds between two requests fit an f64")]
    pub fn admit(&mut self, source: IpAddr, now_ms: i64) -> bool {
        let Bucket { rate, burst } = self.bucket;
        let (level, leaked_at) = self.levels.entry(source).or_insert((0.0, now_ms));
        *level = (*level - (now_ms - *leaked_at) as f64 / 1000.0 * rate).max(0.0);
        *leaked_at = now_ms;
        let admitted = *level + 1.0 <= burst;
        if admitted || self.refused_count {
            *level += 1.0;
        }
        admitted
    }

    pub fn account(&self, credential: &str, method: &str, within_batch: bool) -> Account {
        match self.billing {
            Billing::Batch if within_batch => Account::new(credential, "batch"),
            Billing::Detached if within_batch => Account::new("", method),
            _ => Account::new(credential, method),
        }
    }

    fn window(&mut self, account: &Account, now_ms: i64) -> &mut VecDeque<(i64, Duration)> {
        let buckets = self.operating.entry(account.clone()).or_default();
        while buckets.front().is_some_and(|(start, _)| now_ms - start >= WINDOW_MS) {
            buckets.pop_front();
        }
        buckets
    }

    pub fn spend(&mut self, account: &Account, time: Duration, now_ms: i64) {
        if time < FLOOR {
            return;
        }
        let buckets = self.window(account, now_ms);
        match buckets.back_mut() {
            Some((start, spent)) if now_ms - *start < BUCKET_MS => *spent += time,
            _ => buckets.push_back((now_ms, time)),
        }
    }

    pub fn spent(&mut self, account: &Account, now_ms: i64) -> Duration {
        self.window(account, now_ms).iter().map(|(_, spent)| *spent).sum()
    }

    pub fn is_exhausted(&mut self, account: &Account, now_ms: i64) -> bool {
        self.metered && self.spent(account, now_ms) >= self.operating_limit
    }

    /// When the oldest bucket leaves the window, in seconds since 1970.
    pub fn resets_at(&mut self, account: &Account, now_ms: i64) -> i64 {
        let oldest = self.window(account, now_ms).front().map_or(now_ms, |(start, _)| *start);
        (oldest + WINDOW_MS) / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[rstest]
    #[case::refusals_are_free(false, true)]
    #[case::refusals_count(true, false)]
    fn the_bucket_refuses_above_its_burst_and_leaks(#[case] refused_count: bool, #[case] after_a_second: bool) {
        let mut limits = Limits { refused_count, ..Limits::new(Bucket { rate: 2.0, burst: 3.0 }) };
        let admitted = [0; 6].map(|_| limits.admit(HERE, 0));
        assert_eq!(admitted, [true, true, true, false, false, false]);
        assert_eq!(limits.admit(HERE, 1000), after_a_second);
    }

    #[test]
    fn operating_time_is_kept_per_method_for_ten_minutes_and_short_calls_are_free() {
        let mut limits = Limits { operating_limit: Duration::from_secs(2), ..Limits::new(Bucket::STANDARD) };
        let [lead, item] = ["crm.lead.update", "crm.item.update"].map(|method| Account::new("1", method));
        limits.spend(&lead, Duration::from_millis(99), 0);
        assert_eq!(limits.spent(&lead, 0), Duration::ZERO);
        for minute in 0..2 {
            limits.spend(&lead, Duration::from_secs(1), minute * BUCKET_MS);
        }
        assert!(limits.is_exhausted(&lead, WINDOW_MS - 1) && !limits.is_exhausted(&item, 0));
        assert_eq!(limits.resets_at(&lead, BUCKET_MS), WINDOW_MS / 1000);
        assert_eq!(limits.spent(&lead, WINDOW_MS), Duration::from_secs(1), "one bucket left, the next one stays");
    }
}
