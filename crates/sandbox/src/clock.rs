//! The vendors' own time: it runs with the real one until a test hurries it,
//! slows it down, or stops it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::sync::watch;

#[expect(clippy::disallowed_methods, reason = "the simulated vendors start from the real time, as the real ones do")]
pub(crate) fn real_now() -> Timestamp {
    Timestamp::now()
}

/// Read by everything that expires, leaks or is counted per minute.
#[derive(Debug)]
pub(crate) struct Clock {
    reading: Mutex<Reading>,
    /// Wakes those who wait for a moment.
    changed: watch::Sender<()>,
}

/// What the clock showed at a moment of the real time, and how fast it runs since.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Instant,
    ms: f64,
    scale: f64,
}

impl Reading {
    fn real() -> Self {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century fit an f64")]
        let ms = real_now().as_millisecond() as f64;
        Self { at: Instant::now(), ms, scale: 1.0 }
    }

    fn now(self) -> f64 {
        self.ms + self.at.elapsed().as_secs_f64() * 1000.0 * self.scale
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self { reading: Mutex::new(Reading::real()), changed: watch::Sender::new(()) }
    }
}

impl Clock {
    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of this century fit an i64")]
    pub fn now_ms(&self) -> i64 {
        self.reading().now() as i64
    }

    /// How long `time` on this clock takes; a stopped clock holds nobody up.
    pub fn real(&self, time: Duration) -> Duration {
        let scale = self.scale();
        if scale > 0.0 { time.div_f64(scale) } else { Duration::ZERO }
    }

    pub fn scale(&self) -> f64 {
        self.reading().scale
    }

    /// Jumps ahead, then runs `scale` times as fast as the real time; 0 stops it.
    pub fn set(&self, advance_seconds: f64, scale: Option<f64>) {
        let mut reading = self.reading();
        let ms = reading.now() + advance_seconds * 1000.0;
        *reading = Reading { at: Instant::now(), ms, scale: scale.unwrap_or(reading.scale) };
        self.changed.send_replace(());
    }

    pub fn reset(&self) {
        *self.reading() = Reading::real();
        self.changed.send_replace(());
    }

    /// Waits until this clock shows the moment, however it is set meanwhile.
    pub async fn until(&self, at_ms: i64) {
        let mut changes = self.changed.subscribe();
        while let left_ms @ 1.. = at_ms - self.now_ms() {
            let pause = match self.scale() {
                0.0 => Duration::MAX,
                scale => Duration::from_millis(left_ms.unsigned_abs()).div_f64(scale),
            };
            tokio::select! {
                _ = changes.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}
