//! Leasing lanes and serving them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_ports::delivery::{DeliveryStore, Lease, LeaseAnswer, Outcome, Settlement, Work};
use kopru_ports::{Clock, StoreError, StoreErrorKind};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

use crate::handler::{Handler, Turn};

/// A lane whose turn failed in our own store rests for so long: what fails at once would spin.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How lanes are served.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryOptions {
    /// How long a lease lasts unless it is kept; how long a lost worker's lanes wait.
    pub lease: Duration,
    /// How many lanes are served at once.
    pub lanes: usize,
    /// How many keys a turn takes at the most.
    pub turn: u32,
    /// How long an idle engine sleeps when nobody wakes it.
    pub nap: Duration,
}

impl Default for DeliveryOptions {
    fn default() -> Self {
        Self { lease: Duration::from_secs(30), lanes: 32, turn: 50, nap: Duration::from_secs(1) }
    }
}

/// Tells an idle engine that work was made due. Only a hint: without it work is found after a nap.
#[derive(Debug, Clone, Default)]
pub struct Waker(Arc<Notify>);

impl Waker {
    /// Wakes the engine.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// The engine of one process.
pub struct Delivery {
    store: Arc<dyn DeliveryStore>,
    clock: Arc<dyn Clock>,
    handlers: HashMap<&'static str, Arc<dyn Handler>>,
    options: DeliveryOptions,
    waker: Waker,
}

impl Delivery {
    /// An engine that serves the kinds in `handlers`.
    #[must_use]
    pub fn new(
        store: Arc<dyn DeliveryStore>,
        clock: Arc<dyn Clock>,
        handlers: HashMap<&'static str, Arc<dyn Handler>>,
        options: DeliveryOptions,
        waker: Waker,
    ) -> Arc<Self> {
        Arc::new(Self { store, clock, handlers, options, waker })
    }

    /// Serves lanes until `stop` becomes true, then ends the turns under way and gives their lanes back.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let places = Arc::new(Semaphore::new(self.options.lanes));
        let mut lanes = JoinSet::new();
        while !*stop.borrow() {
            while lanes.try_join_next().is_some() {}
            let Ok(place) = places.clone().acquire_owned().await else { break };
            match self.lease().await {
                Ok(LeaseAnswer::Granted(lease)) => {
                    let (engine, stop) = (self.clone(), stop.clone());
                    lanes.spawn(async move {
                        engine.serve(lease, stop).await;
                        drop(place);
                    });
                }
                Ok(LeaseAnswer::Idle(next)) => self.rest(next, &mut stop).await,
                Err(error) => {
                    tracing::warn!(%error, "no lane could be leased");
                    self.rest(None, &mut stop).await;
                }
            }
        }
        while lanes.join_next().await.is_some() {}
    }

    async fn lease(&self) -> Result<LeaseAnswer, StoreError> {
        let now = self.clock.now();
        self.store.lease(now, now + self.options.lease).await
    }

    async fn rest(&self, next: Option<Timestamp>, stop: &mut watch::Receiver<bool>) {
        let nap = self.clock.now() + self.options.nap;
        tokio::select! {
            () = self.clock.sleep_until(next.map_or(nap, |next| next.min(nap))) => {}
            () = self.waker.0.notified() => {}
            _ = stop.changed() => {}
        }
    }

    /// Serves one lane until nothing is due on it.
    async fn serve(&self, lease: Lease, stop: watch::Receiver<bool>) {
        let turn = Turn { lease, store: self.store.clone() };
        let mut rest = None;
        while !*stop.borrow() {
            match self.one_turn(&turn).await {
                Ok(true) => self.waker.wake(),
                Ok(false) => break,
                Err(error) if error.kind == StoreErrorKind::StaleLease => return,
                Err(error) => {
                    tracing::warn!(%error, lane = turn.lease.lane, "a turn failed");
                    rest = Some(self.clock.now() + AFTER_FAILURE);
                    break;
                }
            }
        }
        if let Err(error) = self.store.release(&turn.lease, rest).await {
            tracing::warn!(%error, lane = turn.lease.lane, "a lane could not be given back");
        }
    }

    /// One claim, its work, its record. False when nothing was due.
    async fn one_turn(&self, turn: &Turn) -> Result<bool, StoreError> {
        let now = self.clock.now();
        self.store.renew(&turn.lease, now + self.options.lease).await?;
        let work = self.store.claim(&turn.lease, now, self.options.turn).await?;
        let Some(first) = work.first() else { return Ok(false) };
        tracing::debug!(lane = turn.lease.lane, kind = first.kind, keys = work.len(), "a turn begins");
        let settlement = match self.handlers.get(first.kind.as_str()) {
            Some(handler) => self.keeping(&turn.lease, handler.turn(turn, work)).await?,
            None => postponed(&work, now),
        };
        self.record(turn, settlement).await?;
        tracing::debug!(lane = turn.lease.lane, "a turn was recorded");
        Ok(true)
    }

    /// Awaits `work` while the lease is kept; gives up with the lease's error when it is lost.
    async fn keeping<T>(
        &self,
        lease: &Lease,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let keep = async {
            loop {
                self.clock.sleep_until(self.clock.now() + self.options.lease / 3).await;
                if let Err(error) = self.store.renew(lease, self.clock.now() + self.options.lease).await {
                    return error;
                }
            }
        };
        tokio::select! {
            done = work => done,
            error = keep => Err(error),
        }
    }

    /// Records a turn, patiently: what happened at a vendor must not be forgotten for a busy database.
    async fn record(&self, turn: &Turn, settlement: Settlement) -> Result<(), StoreError> {
        let mut pause = Duration::from_millis(50);
        loop {
            match self.store.settle(&turn.lease, self.clock.now(), settlement.clone()).await {
                Err(error) if error.kind == StoreErrorKind::Unavailable && pause < self.options.lease => {
                    tracing::warn!(%error, "a turn could not be recorded yet");
                    self.clock.sleep_until(self.clock.now() + pause).await;
                    pause *= 2;
                }
                other => return other,
            }
        }
    }
}

/// Work of a kind that this version does not know waits for a version that does.
fn postponed(work: &[Work], now: Timestamp) -> Settlement {
    let due = now + Duration::from_mins(1);
    let outcome =
        |work: &Work| (work.key.clone(), work.generation, Outcome::Again { due, payload: work.payload.clone() });
    Settlement { outcomes: work.iter().map(outcome).collect(), ..Settlement::default() }
}
