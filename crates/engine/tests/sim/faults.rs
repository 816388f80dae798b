//! What goes wrong, by chance.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use kopru_ports::Clock;
use kopru_ports_testkit::SimulatedClock;
use tokio::sync::Notify;

/// Chance: the same numbers for the same seed (xorshift).
#[derive(Clone)]
pub struct Chance(Arc<Mutex<u64>>);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)))
    }

    /// A number below `end`.
    pub fn below(&self, end: u64) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        (*state >> 11) % end.max(1)
    }

    pub fn one_in(&self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub fn millis(&self, end: u64) -> Duration {
        Duration::from_millis(self.below(end))
    }

    pub fn index(&self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).expect("small")
    }
}

/// Holds a worker at its next call.
#[derive(Clone, Default)]
pub struct Freezer(Arc<(AtomicBool, Notify)>, Arc<AtomicBool>);

impl Freezer {
    pub fn set(&self, frozen: bool) {
        self.0.0.store(frozen, Ordering::Relaxed);
        self.0.1.notify_waiters();
    }

    /// Lets the worker freeze as soon as it is about to send.
    pub fn arm(&self) {
        self.1.store(true, Ordering::Relaxed);
    }

    /// The worker is about to send.
    pub fn sends(&self) {
        if self.1.swap(false, Ordering::Relaxed) {
            self.set(true);
        }
    }

    pub fn is_set(&self) -> bool {
        self.0.0.load(Ordering::Relaxed)
    }

    /// Returns at once, or when the worker thaws; who came first goes first.
    pub async fn pass(&self) {
        while self.is_set() {
            self.0.1.notified().await;
        }
    }
}

/// The wall clock of all workers, which somebody may set.
pub struct WallClock {
    pub time: Arc<SimulatedClock>,
    pub ahead: AtomicI64,
}

impl WallClock {
    pub fn step(&self, millis: i64) {
        self.ahead.fetch_add(millis, Ordering::Relaxed);
    }

    fn ahead(&self) -> SignedDuration {
        SignedDuration::from_millis(self.ahead.load(Ordering::Relaxed))
    }
}

#[async_trait]
impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        self.time.now() + self.ahead()
    }

    async fn sleep_until(&self, moment: Timestamp) {
        self.time.sleep_until(moment - self.ahead()).await;
    }
}

/// What becomes of a call to the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Carried out and answered.
    Well,
    /// Refused as a whole: a pause is asked for.
    Busy,
    /// Never arrived.
    Unsent,
    /// Carried out, at once or later, and never answered.
    Lost,
    /// Arrived, was not carried out, and never answered.
    Dropped,
    /// A part was carried out, then the connection broke.
    Partial,
    /// Carried out, but for some commands that are to come again.
    Grudging,
    /// Each command of it meets a limit of the portal's.
    Limited,
    /// Refused as a whole until somebody has done something at the portal.
    Closed,
}

impl Fate {
    pub fn by(chance: &Chance, calm: bool) -> Self {
        if calm {
            return Self::Well;
        }
        match chance.below(20) {
            0 => Self::Busy,
            1 => Self::Unsent,
            2 | 3 => Self::Lost,
            4 => Self::Dropped,
            5 | 6 => Self::Partial,
            7 => Self::Grudging,
            8 => Self::Limited,
            _ => Self::Well,
        }
    }
}
