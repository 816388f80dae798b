//! [`LimitStore`]'s clauses.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_ports::delivery::Urgency;
use kopru_ports::gate::{Charge, Correction, Limit, LimitStore, Pass, Spent};

const NOW: Timestamp = Timestamp::constant(1_000_000, 0);

fn after(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

/// Four units at once, one per second regained, one of them kept for people.
fn pass(urgency: Urgency, scopes: &[(&str, f64)]) -> Pass {
    let limit = |scope: &str| Limit { scope: scope.to_owned(), per_second: 1.0, burst: 4.0, kept: 1.0 };
    let charge = |(scope, cost): &(&str, f64)| Charge { limit: limit(scope), cost: *cost };
    Pass { company: "acme".parse().expect("an id"), urgency, charges: scopes.iter().map(charge).collect() }
}

async fn bulk(store: &dyn LimitStore, now: u64, scopes: &[(&str, f64)]) -> Spent {
    store.spend(after(now), &pass(Urgency::Bulk, scopes)).await.expect("an answer")
}

fn nothing(scope: &str, at: u64) -> Spent {
    Spent::Nothing { scope: scope.to_owned(), at: after(at) }
}

/// With one limit used up, the others are left as they are, and the one to wait for is named.
pub async fn a_pass_spends_from_all_its_limits_or_from_none(store: Arc<impl LimitStore>) {
    assert_eq!(bulk(&*store, 0, &[("b", 3.0)]).await, Spent::All);
    assert_eq!(bulk(&*store, 0, &[("a", 3.0), ("b", 2.0)]).await, nothing("b", 2));
    assert_eq!(bulk(&*store, 0, &[("a", 3.0)]).await, Spent::All);
    assert_eq!(bulk(&*store, 2, &[("a", 1.0), ("b", 2.0)]).await, Spent::All);
}

/// Bulk work leaves what is kept; what a person waits for may take it.
pub async fn what_is_kept_is_for_people(store: Arc<impl LimitStore>) {
    assert_eq!(bulk(&*store, 0, &[("a", 3.0)]).await, Spent::All);
    assert_eq!(bulk(&*store, 0, &[("a", 1.0)]).await, nothing("a", 1));
    let urgent = pass(Urgency::Interactive, &[("a", 1.0)]);
    assert_eq!(store.spend(NOW, &urgent).await.expect("an answer"), Spent::All);
    assert_eq!(store.spend(NOW, &urgent).await.expect("an answer"), nothing("a", 1));
}

/// What a vendor refuses until a moment waits for that moment; other scopes do not.
pub async fn a_vendors_refusal_holds_its_scope(store: Arc<impl LimitStore>) {
    bulk(&*store, 0, &[("a", 1.0), ("b", 1.0)]).await;
    store.correct(NOW, "a", Correction::RefusedUntil(after(60))).await.expect("noted");
    store.correct(NOW, "never seen", Correction::RefusedUntil(after(60))).await.expect("no harm");
    let urgent = pass(Urgency::Interactive, &[("a", 1.0)]);
    assert_eq!(store.spend(NOW, &urgent).await.expect("an answer"), nothing("a", 60));
    assert_eq!(bulk(&*store, 0, &[("b", 1.0)]).await, Spent::All);
    assert_eq!(store.spend(after(60), &urgent).await.expect("an answer"), Spent::All);
}

/// The vendor's own count corrects ours, in both directions.
pub async fn what_a_call_cost_more_or_less_is_made_good(store: Arc<impl LimitStore>) {
    assert_eq!(bulk(&*store, 0, &[("a", 1.0)]).await, Spent::All);
    store.correct(NOW, "a", Correction::Spent(2.0)).await.expect("noted");
    assert_eq!(bulk(&*store, 0, &[("a", 1.0)]).await, nothing("a", 1));
    store.correct(NOW, "a", Correction::Spent(-2.0)).await.expect("noted");
    assert_eq!(bulk(&*store, 0, &[("a", 2.0)]).await, Spent::All);
}
