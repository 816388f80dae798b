//! The turnstile: every call to a vendor passes here and spends from all limits it counts against.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::Clock;
use kopru_ports::gate::{Correction, Gate, Later, LimitStore, Pass, Spent};
use tokio::sync::Notify;

use crate::line::{Line, Ticket};

/// A worker waits this long for its turn; for longer it gives its lane back.
const PATIENCE: Duration = Duration::from_secs(5);
/// When to ask again while our own store does not answer.
const STORE_AWAY: Duration = Duration::from_secs(1);

/// The limits that all instances keep in one store; the callers of this one stand in line by company.
pub struct Limiters {
    store: Arc<dyn LimitStore>,
    clock: Arc<dyn Clock>,
    lines: Mutex<HashMap<String, Arc<Queue>>>,
    /// Somebody gave back: who waits may go earlier than was thought.
    given_back: Notify,
}

impl Limiters {
    /// A turnstile over `store`.
    #[must_use]
    pub fn new(store: Arc<dyn LimitStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, lines: Mutex::default(), given_back: Notify::new() }
    }

    fn queue(&self, scope: &str) -> Arc<Queue> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.entry(scope.to_owned()).or_default().clone()
    }

    async fn spend(&self, pass: &Pass) -> Spent {
        let now = self.clock.now();
        self.store.spend(now, pass).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "limits could not be read");
            Spent::Nothing { scope: pass.charges[0].limit.scope.clone(), at: now + STORE_AWAY }
        })
    }

    async fn until(&self, at: Timestamp) {
        tokio::select! {
            () = self.clock.sleep_until(at) => {}
            () = self.given_back.notified() => {}
        }
    }

    async fn correct(&self, scope: &str, correction: Correction) {
        if let Err(error) = self.store.correct(self.clock.now(), scope, correction).await {
            tracing::warn!(%error, scope, "a limit could not be corrected");
        }
    }
}

#[async_trait]
impl Gate for Limiters {
    async fn enter(&self, pass: Pass) -> Result<(), Later> {
        let Some(first) = pass.charges.first() else { return Ok(()) };
        let give_up = self.clock.now() + PATIENCE;
        let place = Place::take(self.queue(&first.limit.scope), &pass);
        loop {
            place.until_first(&*self.clock, give_up).await?;
            match self.spend(&pass).await {
                Spent::All => return Ok(()),
                Spent::Nothing { at, .. } if at > give_up => return Err(Later { at }),
                Spent::Nothing { scope, at } if scope == first.limit.scope => self.until(at).await,
                // Held up by a limit of its own, it does not hold up the others.
                Spent::Nothing { at, .. } => {
                    place.leave();
                    self.until(at).await;
                    place.rejoin();
                }
            }
        }
    }

    async fn refused(&self, scope: &str, until: Timestamp) {
        self.correct(scope, Correction::RefusedUntil(until)).await;
    }

    async fn corrected(&self, scope: &str, units: f64) {
        self.correct(scope, Correction::Spent(units)).await;
        if units < 0.0 {
            self.given_back.notify_waiters();
        }
    }
}

#[derive(Default)]
struct Queue {
    line: Mutex<Line>,
    moved: Notify,
}

/// A caller's place, left when it is dropped.
struct Place {
    queue: Arc<Queue>,
    ticket: Ticket,
}

impl Place {
    fn take(queue: Arc<Queue>, pass: &Pass) -> Self {
        let ticket = queue.line.lock().unwrap_or_else(PoisonError::into_inner).join(&pass.company, pass.urgency);
        Self { queue, ticket }
    }

    /// Returns once nobody is before it; with [`Later`] when that takes too long.
    async fn until_first(&self, clock: &dyn Clock, give_up: Timestamp) -> Result<(), Later> {
        loop {
            let mut moved = std::pin::pin!(self.queue.moved.notified());
            moved.as_mut().enable();
            if self.line(|line| line.is_first(self.ticket)) {
                return Ok(());
            }
            tokio::select! {
                biased;
                () = moved => {}
                () = clock.sleep_until(give_up) => return Err(Later { at: give_up }),
            }
        }
    }

    fn leave(&self) {
        self.line(|line| line.leave(self.ticket));
        self.queue.moved.notify_waiters();
    }

    fn rejoin(&self) {
        self.line(|line| line.rejoin(self.ticket));
    }

    fn line<T>(&self, on: impl FnOnce(&mut Line) -> T) -> T {
        on(&mut self.queue.line.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kopru_ports::delivery::Urgency;
    use kopru_ports::gate::{Charge, Limit};
    use kopru_ports_testkit::{MemoryStore, SimulatedClock};
    use tokio::task::JoinSet;

    fn gate() -> (Arc<Limiters>, Arc<SimulatedClock>) {
        let clock = Arc::new(SimulatedClock::default());
        (Arc::new(Limiters::new(Arc::new(MemoryStore::default()), clock.clone())), clock)
    }

    fn pass(company: &str, scopes: &[&str]) -> Pass {
        let limit = |scope: &&str| Limit { scope: (*scope).to_owned(), per_second: 1.0, burst: 2.0, kept: 0.0 };
        let charges = scopes.iter().map(|scope| Charge { limit: limit(scope), cost: 1.0 }).collect();
        Pass { company: company.parse().unwrap(), urgency: Urgency::Bulk, charges }
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_wait_is_waited_and_a_long_one_is_given_back() {
        let (gate, clock) = gate();
        let start = clock.now();
        for _ in 0..4 {
            gate.enter(pass("acme", &["a"])).await.unwrap();
        }
        assert_eq!(clock.now(), start + Duration::from_secs(2));
        gate.refused("a", start + Duration::from_mins(1)).await;
        let later = gate.enter(pass("acme", &["a"])).await.unwrap_err();
        assert_eq!(later.at, start + Duration::from_mins(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_company_with_one_caller_is_not_behind_all_callers_of_another() {
        let (gate, _) = gate();
        let mut callers = JoinSet::new();
        for company in ["flood"; 5].into_iter().chain(["small"]) {
            let gate = gate.clone();
            callers.spawn(async move { gate.enter(pass(company, &["shared"])).await.map(|()| company) });
        }
        let mut order = Vec::new();
        while let Some(done) = callers.join_next().await {
            order.push(done.unwrap().unwrap());
        }
        let place = order.iter().position(|company| *company == "small");
        // Two at once for the burst, and the one that stood first.
        assert!(place <= Some(3), "{order:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_limit_of_its_own_does_not_hold_up_the_others() {
        let (gate, clock) = gate();
        let start = clock.now();
        for _ in 0..2 {
            gate.enter(pass("a", &["mine"])).await.unwrap();
        }
        gate.refused("mine", start + Duration::from_secs(4)).await;
        let held = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter(pass("a", &["shared", "mine"])).await }
        });
        tokio::task::yield_now().await;
        gate.enter(pass("a", &["shared", "other"])).await.unwrap();
        assert_eq!(clock.now(), start);
        held.await.unwrap().unwrap();
        assert_eq!(clock.now(), start + Duration::from_secs(4));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_goes_at_once_when_that_much_is_given_back() {
        let (gate, clock) = gate();
        let start = clock.now();
        for _ in 0..2 {
            gate.enter(pass("a", &["s"])).await.unwrap();
        }
        gate.refused("s", start + Duration::from_secs(4)).await;
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter(pass("a", &["s"])).await }
        });
        tokio::task::yield_now().await;
        gate.corrected("s", -5.0).await;
        waiting.await.unwrap().unwrap();
        assert_eq!(clock.now(), start);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_gives_up_leaves_its_place() {
        let (gate, clock) = gate();
        gate.enter(pass("a", &["s"])).await.unwrap();
        gate.refused("s", clock.now() + Duration::from_secs(3)).await;
        let first = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter(pass("a", &["s"])).await }
        });
        tokio::task::yield_now().await;
        first.abort();
        gate.enter(pass("b", &["s"])).await.unwrap();
    }
}
