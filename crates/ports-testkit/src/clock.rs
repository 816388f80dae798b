//! A clock whose time passes only when somebody waits for it.

use std::sync::Mutex;
use std::sync::PoisonError;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::Clock;

/// Starts at 2026-01-01T00:00:00Z; waiting moves it on at once.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl Default for ManualClock {
    fn default() -> Self {
        Self(Mutex::new(Timestamp::constant(1_767_225_600, 0)))
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
