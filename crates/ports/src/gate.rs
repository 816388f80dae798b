//! Rationing of calls to a vendor, asked by adapters just before each call.
//!
//! A [`Limit`] is a leaky bucket. All that has to be remembered of one is the moment at which it will be
//! full again, so that a store keeps it as one number and every instance spends from the same.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;

use crate::delivery::Urgency;
use crate::error::StoreError;

/// A vendor's limit: `burst` units at once, `per_second` regained. A unit is whatever the vendor counts:
/// a call, or a second of its machine's time.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// What is limited, such as `bitrix24:acme.bitrix24.com`. Shared by all companies that spend from it.
    pub scope: String,
    /// Units regained per second.
    pub per_second: f64,
    /// Units that may be spent at once.
    pub burst: f64,
    /// Of these, units kept for what a person waits for.
    pub kept: f64,
}

impl Limit {
    /// When `cost` may be spent from a bucket that will be full at `full_at`. What costs more than the
    /// bucket holds goes when the bucket is as full as its urgency may find it.
    #[must_use]
    pub fn ready(&self, full_at: Timestamp, cost: f64, urgency: Urgency) -> Timestamp {
        let kept = if urgency == Urgency::Bulk { self.kept } else { 0.0 };
        let needed = (kept + cost).min(self.burst);
        full_at - self.time_for(self.burst - needed)
    }

    /// The bucket's new `full_at` after `cost` was spent; a negative cost gives back.
    #[must_use]
    pub fn spend(&self, full_at: Timestamp, now: Timestamp, cost: f64) -> Timestamp {
        if cost < 0.0 {
            return full_at - self.time_for(-cost);
        }
        full_at.max(now) + self.time_for(cost)
    }

    /// No call before `until`, and then one.
    fn refused(&self, full_at: Timestamp, until: Timestamp) -> Timestamp {
        full_at.max(until + self.time_for((self.burst - 1.0).max(0.0)))
    }

    /// The bucket's new `full_at` after what a vendor's answer says.
    #[must_use]
    pub fn corrected(&self, full_at: Timestamp, now: Timestamp, correction: Correction) -> Timestamp {
        match correction {
            Correction::RefusedUntil(until) => self.refused(full_at, until),
            Correction::Spent(units) => self.spend(full_at, now, units),
        }
    }

    fn time_for(&self, units: f64) -> Duration {
        Duration::from_secs_f64(units.max(0.0) / self.per_second)
    }
}

/// What a call spends of one limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Charge {
    /// The limit.
    pub limit: Limit,
    /// Units of it, as far as is known beforehand.
    pub cost: f64,
}

/// A wish to make one call.
#[derive(Debug, Clone, PartialEq)]
pub struct Pass {
    /// Who pays.
    pub company: CompanyId,
    /// Whether a person waits.
    pub urgency: Urgency,
    /// All that the call spends; the most widely shared limit first, since companies take turns at it.
    pub charges: Vec<Charge>,
}

/// The call has to wait longer than a worker should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Later {
    /// When to ask again.
    pub at: Timestamp,
}

/// The turnstile in front of vendors.
#[async_trait]
pub trait Gate: Send + Sync {
    /// Returns when the call may be made and is counted in all its limits; waits for a few seconds at most. A call
    /// without limits goes at once.
    ///
    /// # Errors
    /// [`Later`] when the turn comes only after that; nothing was counted, in none of the limits.
    async fn enter(&self, pass: Pass) -> Result<(), Later>;

    /// Takes the vendor's word: `scope` takes no calls until `until`, whoever makes them. Other scopes do.
    async fn refused(&self, scope: &str, until: Timestamp);

    /// Takes the vendor's word: a call cost so many units of `scope` more than it was charged; fewer
    /// where `units` is negative.
    async fn corrected(&self, scope: &str, units: f64);
}

impl Pass {
    /// What spending comes to where `full_at` knows each limit's bucket: the buckets afterwards in the
    /// charges' order, or what has to be waited for.
    ///
    /// # Errors
    /// [`Spent::Nothing`] where a limit is not ready.
    pub fn spend(
        &self,
        now: Timestamp,
        full_at: impl Fn(&str) -> Option<Timestamp>,
    ) -> Result<Vec<(&Limit, Timestamp)>, Spent> {
        let bucket = |charge: &Charge| full_at(&charge.limit.scope).unwrap_or(now);
        let ready = |charge: &&Charge| charge.limit.ready(bucket(charge), charge.cost, self.urgency);
        let last = self.charges.iter().max_by_key(ready).map(|charge| (charge, ready(&charge)));
        if let Some((charge, at)) = last.filter(|(_, at)| *at > now) {
            return Err(Spent::Nothing { scope: charge.limit.scope.clone(), at });
        }
        let spent = |charge: &Charge| charge.limit.spend(bucket(charge), now, charge.cost);
        Ok(self.charges.iter().map(|charge| (&charge.limit, spent(charge))).collect())
    }
}

/// What became of a wish to spend.
#[derive(Debug, Clone, PartialEq)]
pub enum Spent {
    /// All charges were spent.
    All,
    /// Nothing was spent.
    Nothing {
        /// The limit that has to be waited for longest.
        scope: String,
        /// When it will be ready, unless somebody else is faster.
        at: Timestamp,
    },
}

/// What a vendor's answer says of a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Correction {
    /// No calls before then.
    RefusedUntil(Timestamp),
    /// So many units more were spent than was known; negative: fewer.
    Spent(f64),
}

/// Keeps how far limits are used, shared by all instances.
#[async_trait]
pub trait LimitStore: Send + Sync {
    /// Spends all of a pass's charges, or none.
    async fn spend(&self, now: Timestamp, pass: &Pass) -> Result<Spent, StoreError>;

    /// Corrects a limit; one that nobody has spent from is left as it is.
    async fn correct(&self, now: Timestamp, scope: &str, correction: Correction) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_000, 0);

    fn limit() -> Limit {
        Limit { scope: "s".into(), per_second: 2.0, burst: 5.0, kept: 2.0 }
    }

    fn after(seconds: f64) -> Timestamp {
        NOW + Duration::from_secs_f64(seconds)
    }

    #[test]
    fn after_the_burst_calls_go_at_the_rate_and_bulk_leaves_what_is_kept() {
        let (limit, mut full_at) = (limit(), NOW);
        for _ in 0..3 {
            assert!(limit.ready(full_at, 1.0, Urgency::Bulk) <= NOW);
            full_at = limit.spend(full_at, NOW, 1.0);
        }
        assert_eq!(limit.ready(full_at, 1.0, Urgency::Bulk), after(0.5));
        for _ in 0..2 {
            assert!(limit.ready(full_at, 1.0, Urgency::Interactive) <= NOW);
            full_at = limit.spend(full_at, NOW, 1.0);
        }
        assert_eq!(limit.ready(full_at, 1.0, Urgency::Interactive), after(0.5));
    }

    #[test]
    fn a_refusal_holds_everything_until_its_end() {
        let full_at = limit().corrected(NOW, NOW, Correction::RefusedUntil(after(10.0)));
        assert_eq!(limit().ready(full_at, 1.0, Urgency::Interactive), after(10.0));
    }

    #[test]
    fn what_costs_more_than_the_bucket_holds_goes_when_it_is_full_and_is_paid_off() {
        assert_eq!(limit().ready(after(0.0), 9.0, Urgency::Bulk), after(0.0));
        let full_at = limit().spend(NOW, NOW, 9.0);
        assert_eq!(limit().ready(full_at, 1.0, Urgency::Interactive), after(2.5));
    }

    #[test]
    fn what_is_given_back_is_there_again() {
        let full_at = limit().spend(limit().spend(NOW, NOW, 5.0), NOW, -2.0);
        assert!(limit().ready(full_at, 2.0, Urgency::Interactive) <= NOW);
        assert!(limit().ready(full_at, 3.0, Urgency::Interactive) > NOW);
    }
}
