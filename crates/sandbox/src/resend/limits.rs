//! How much the team may ask and send: <https://resend.com/docs/api-reference/rate-limit>.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    errors::{ApiError, refused},
    life::Settings,
};

const SECOND_MS: i64 = 1000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const MONTH_MS: i64 = 30 * DAY_MS;

/// A span of time that begins with its first use.
#[derive(Debug, Default, Clone, Copy)]
struct Window {
    since_ms: i64,
    used: u32,
}

impl Window {
    fn at(&mut self, now_ms: i64, length_ms: i64) -> &mut Self {
        if now_ms - self.since_ms >= length_ms {
            *self = Self { since_ms: now_ms, used: 0 };
        }
        self
    }
}

#[derive(Debug, Default)]
pub(super) struct Usage {
    second: Window,
    day: Window,
    month: Window,
}

impl Usage {
    pub fn ask(&mut self, limits: &Settings, now_ms: i64) -> Result<(), ApiError> {
        let second = self.second.at(now_ms, SECOND_MS);
        if limits.rate.is_some_and(|rate| second.used >= rate) {
            return Err(refused("rate_limit_exceeded"));
        }
        second.used += 1;
        Ok(())
    }

    /// Takes all or nothing.
    pub fn send(&mut self, limits: &Settings, recipients: u32, now_ms: i64) -> Result<(), ApiError> {
        let (day, month) = (self.day.at(now_ms, DAY_MS), self.month.at(now_ms, MONTH_MS));
        if limits.daily_quota.is_some_and(|quota| day.used + recipients > quota) {
            return Err(refused("daily_quota_exceeded"));
        }
        if limits.monthly_quota.is_some_and(|quota| month.used + recipients > quota) {
            return Err(refused("monthly_quota_exceeded"));
        }
        day.used += recipients;
        month.used += recipients;
        Ok(())
    }

    /// What every answer tells; the quotas' headers hold what is used.
    pub fn headers(&self, limits: &Settings) -> HeaderMap {
        let mut told = vec![("x-resend-monthly-quota", self.month.used)];
        if limits.daily_quota.is_some() {
            told.push(("x-resend-daily-quota", self.day.used));
        }
        if let Some(rate) = limits.rate {
            let left = rate.saturating_sub(self.second.used);
            told.extend([("ratelimit-limit", rate), ("ratelimit-remaining", left), ("ratelimit-reset", 1)]);
        }
        told.into_iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from(value))).collect()
    }
}
