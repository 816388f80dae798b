//! How many requests a key or a person may make, told with every answer.
//!
//! Counted by each instance for itself: a limit against loops gone wild, not a quota that is sold.

use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use kopru_domain::{CompanyId, UserId};
use kopru_engine::{Caller, Proof};
use uuid::Uuid;

use super::problem::Failure;

/// An API key, or one person's sessions.
type Asker = (CompanyId, Option<Uuid>, Option<UserId>);
type Keyed = RateLimiter<Asker, DefaultKeyedStateStore<Asker>, DefaultClock, StateInformationMiddleware>;

/// The requests of all keys.
pub struct Rates {
    per_minute: NonZeroU32,
    keys: Keyed,
}

/// What is left to a request's key; empty where no key was shown.
pub type Left = Arc<OnceLock<Rate>>;

/// What is left to a key.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    limit: u32,
    remaining: u32,
    /// Seconds until all of it is there again.
    reset: u64,
    /// Seconds to wait, where nothing is left.
    wait: Option<u64>,
}

impl Rates {
    /// Each key may make so many requests a minute, at once or spread.
    pub fn new(per_minute: NonZeroU32) -> Self {
        let keys = RateLimiter::keyed(Quota::per_minute(per_minute)).with_middleware();
        Self { per_minute, keys }
    }

    /// Counts a request; what is left goes to [`Left`], if the request has one.
    pub fn count(&self, caller: &Caller, parts: &Parts) -> Result<(), Failure> {
        let key = if let Proof::Key(key) = caller.by { Some(key) } else { None };
        let asker = (caller.company.clone(), key, caller.user.clone());
        let (remaining, wait) = match self.keys.check_key(&asker) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(later) => (0, Some(later.wait_time_from(DefaultClock::default().now()).as_secs() + 1)),
        };
        let limit = self.per_minute.get();
        let used = u64::from(limit - remaining.min(limit));
        let rate = Rate { limit, remaining, reset: (used * 60).div_ceil(limit.into()), wait };
        if let Some(left) = parts.extensions.get::<Left>() {
            let _ = left.set(rate);
        }
        if wait.is_some() { Err(Failure::TooMany) } else { Ok(()) }
    }
}

impl Rate {
    /// `RateLimit-*` and, where nothing is left, `Retry-After`.
    /// <https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-05>
    pub fn tell(&self, headers: &mut HeaderMap) {
        let numbers = [
            ("ratelimit-limit", self.limit.into()),
            ("ratelimit-remaining", self.remaining.into()),
            ("ratelimit-reset", self.reset),
        ];
        headers.extend(numbers.map(|(name, number)| (HeaderName::from_static(name), HeaderValue::from(number))));
        headers.extend(self.wait.map(|seconds| (header::RETRY_AFTER, HeaderValue::from(seconds))));
    }
}
