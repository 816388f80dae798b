//! Clocks whose time passes only when somebody waits for it.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::Clock;

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

#[cfg(test)]
mod tests {
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
