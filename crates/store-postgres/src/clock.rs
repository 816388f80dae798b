//! The database's clock, by which all its instances live.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::{Clock, StoreError};

use crate::convert::{get_moment, store_error};
use crate::database::PostgresStore;

/// How often the clock is read again: the machine's own runs by seconds a day too fast or too slow.
const AGAIN: Duration = Duration::from_mins(1);
/// An answer that took longer says too little about now; perhaps the process was frozen meanwhile.
const SHARP: Duration = Duration::from_millis(250);

/// Tells the database's time, so that a lease ends for everybody at the same moment, however wrong the
/// machines' own clocks are.
#[derive(Debug, Clone)]
pub struct DatabaseClock {
    store: PostgresStore,
    reading: Arc<Mutex<Reading>>,
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    moment: Timestamp,
    at: Instant,
}

impl PostgresStore {
    /// The database's clock; [`DatabaseClock::keep`] keeps it right.
    pub async fn clock(&self) -> Result<DatabaseClock, StoreError> {
        let reading = Arc::new(Mutex::new(self.read_clock().await?));
        Ok(DatabaseClock { store: self.clone(), reading })
    }

    async fn read_clock(&self) -> Result<Reading, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(store_error)?;
        loop {
            let asked = Instant::now();
            let query = sqlx::query("SELECT clock_timestamp() AS now");
            let row = query.fetch_one(&mut *connection).await.map_err(store_error)?;
            let took = asked.elapsed();
            if took < SHARP {
                return Ok(Reading { moment: get_moment(&row, "now")?, at: asked + took / 2 });
            }
        }
    }
}

impl DatabaseClock {
    /// Reads the clock again and again, until it is dropped.
    pub async fn keep(&self) {
        loop {
            tokio::time::sleep(AGAIN).await;
            match self.store.read_clock().await {
                Ok(reading) => *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = reading,
                Err(error) => tracing::warn!(%error, "the database's clock cannot be read for now"),
            }
        }
    }
}

#[async_trait]
impl Clock for DatabaseClock {
    fn now(&self) -> Timestamp {
        let reading = *self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.moment + reading.at.elapsed()
    }

    async fn sleep_until(&self, moment: Timestamp) {
        if let Ok(left) = Duration::try_from(moment.duration_since(self.now())) {
            tokio::time::sleep(left).await;
        }
    }
}
