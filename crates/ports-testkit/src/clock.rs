//! Clocks for tests: their time passes only when somebody waits for it, runs some times as fast, or is set on.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::Clock;
use tokio::sync::watch;

/// 2026-01-01T00:00:00Z.
const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// Starts at 2026-01-01T00:00:00Z; waiting moves it on at once.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl Default for ManualClock {
    fn default() -> Self {
        Self(Mutex::new(START))
    }
}

impl ManualClock {
    /// Moves time on to `moment`; never back.
    pub fn advance_to(&self, moment: Timestamp) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = (*now).max(moment);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep_until(&self, moment: Timestamp) {
        self.advance_to(moment);
        tokio::task::yield_now().await;
    }
}

/// Simulated time for many tasks on one thread: it passes when all of them wait, to the earliest moment
/// that one waits for. Needs a paused runtime, such as `#[tokio::test(start_paused = true)]`.
#[derive(Debug)]
pub struct SimulatedClock(tokio::time::Instant);

impl Default for SimulatedClock {
    fn default() -> Self {
        Self(tokio::time::Instant::now())
    }
}

#[async_trait]
impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        START + self.0.elapsed()
    }

    async fn sleep_until(&self, moment: Timestamp) {
        // The timer counts whole milliseconds: a moment between two of them is waited for to the next.
        if let Ok(left) = Duration::try_from(moment.duration_since(START)) {
            tokio::time::sleep_until(self.0 + left).await;
        }
    }
}

/// Real time that runs some times as fast, from the moment of its making on: for figures of hours in minutes,
/// against parts that really run.
#[derive(Debug)]
pub struct FastClock {
    began: std::time::Instant,
    times: u32,
}

impl FastClock {
    /// A clock on which a second takes one `times`th of a second.
    #[must_use]
    pub fn new(times: u32) -> Self {
        Self { began: std::time::Instant::now(), times: times.max(1) }
    }
}

#[async_trait]
impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        START + self.began.elapsed() * self.times
    }

    async fn sleep_until(&self, moment: Timestamp) {
        if let Ok(left) = Duration::try_from(moment.duration_since(self.now())) {
            tokio::time::sleep(left / self.times).await;
        }
    }
}

/// Real time from a moment of one's choice on, which can be set on as an operator sets a machine's clock: for what
/// depends on the hour, against parts that really run.
#[derive(Debug)]
pub struct SetClock {
    made: std::time::Instant,
    /// What it would have told when it was made.
    start: watch::Sender<Timestamp>,
}

impl SetClock {
    /// A clock on which it is `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { made: std::time::Instant::now(), start: watch::Sender::new(now) }
    }

    /// Sets it on to `moment`; never back. Who waits for what has come by then waits no longer.
    pub fn set_on(&self, moment: Timestamp) {
        let start = moment - self.made.elapsed();
        self.start.send_modify(|old| *old = start.max(*old));
    }
}

#[async_trait]
impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.start.borrow() + self.made.elapsed()
    }

    async fn sleep_until(&self, moment: Timestamp) {
        let mut start = self.start.subscribe();
        while let Ok(left) = Duration::try_from(moment.duration_since(self.now()))
            && !left.is_zero()
        {
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                _ = start.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use kopru_ports::Clock as _;

    use super::{START, SetClock};

    #[tokio::test]
    async fn who_waits_for_a_clock_that_is_set_on_waits_no_longer() {
        let clock = Arc::new(SetClock::at(START));
        let (soon, later) = (START + Duration::from_hours(8), START + Duration::from_hours(9));
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(soon).await }
        });
        clock.set_on(later);
        waiting.await.unwrap();
        clock.set_on(soon);
        assert!(clock.now() >= later, "never back");
    }

    mod set {
        crate::clock_suite!(std::future::ready(crate::SetClock::at(crate::clock::START)));
    }

    mod manual {
        crate::clock_suite!(std::future::ready(crate::ManualClock::default()));
    }

    mod simulated {
        crate::clock_suite!(std::future::ready(crate::SimulatedClock::default()));
    }

    mod fast {
        crate::clock_suite!(std::future::ready(crate::FastClock::new(60)));
    }
}
