//! Leasing lanes and serving them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_ports::delivery::{DeliveryStore, Lease, LeaseAnswer, Outcome, Settlement, Work};
use kopru_ports::{Clock, Retry, StoreError, StoreErrorKind};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinSet;

use crate::handler::{Handler, Lanes, Turn};
use crate::lane;

/// How lanes are served.
#[derive(Debug, Clone, Copy)]
pub struct DeliveryOptions {
    /// How long a lease lasts unless it is kept; how long a lost worker's lanes wait.
    pub lease: Duration,
    /// How many lanes are served at once.
    pub places: usize,
    /// How long an idle engine sleeps when nobody wakes it.
    pub nap: Duration,
}

impl Default for DeliveryOptions {
    fn default() -> Self {
        Self { lease: Duration::from_secs(30), places: 256, nap: Duration::from_secs(1) }
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
    pub(crate) store: Arc<dyn DeliveryStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) lanes: Arc<dyn Lanes>,
    pub(crate) waker: Waker,
    handlers: HashMap<&'static str, Arc<dyn Handler>>,
    options: DeliveryOptions,
    places: Arc<Semaphore>,
}

impl Delivery {
    /// An engine that serves the kinds in `handlers`, on lanes as `lanes` says.
    #[must_use]
    pub fn new(
        store: Arc<dyn DeliveryStore>,
        clock: Arc<dyn Clock>,
        handlers: HashMap<&'static str, Arc<dyn Handler>>,
        lanes: Arc<dyn Lanes>,
        options: DeliveryOptions,
        waker: Waker,
    ) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(options.places));
        Arc::new(Self { store, clock, lanes, waker, handlers, options, places })
    }

    /// Serves lanes until `stop` becomes true, then ends the turns under way and gives their lanes back.
    pub async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let mut lanes = JoinSet::new();
        while !*stop.borrow() {
            while lanes.try_join_next().is_some() {}
            let Ok(place) = self.places.clone().acquire_owned().await else { break };
            match self.lease().await {
                Ok(LeaseAnswer::Granted(lease)) => {
                    let (engine, stop) = (self.clone(), stop.clone());
                    lanes.spawn(async move {
                        lane::serve(engine, lease, stop).await;
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
            biased;
            () = self.clock.sleep_until(next.map_or(nap, |next| next.min(nap))) => {}
            () = self.waker.0.notified() => {}
            _ = stop.changed() => {}
        }
    }

    /// Whether lanes wait because all places are taken.
    pub(crate) fn crowded(&self) -> bool {
        self.places.available_permits() == 0
    }

    /// One turn's work and its record; until when the account takes no more.
    pub(crate) async fn one_turn(
        self: Arc<Self>,
        turn: Arc<Turn>,
        work: Vec<Work>,
    ) -> Result<Option<Timestamp>, StoreError> {
        let keys: Vec<String> = work.iter().map(|work| work.key.clone()).collect();
        turn.wire.take(&work);
        let mut settlement = match self.handlers.get(work[0].kind.as_str()) {
            Some(handler) => handler.turn(&turn, work).await?,
            None => postponed(&work, self.clock.now()),
        };
        let pause = settlement.pause;
        turn.wire.keep_open(&mut settlement, self.clock.now());
        self.record(&turn, settlement).await?;
        turn.wire.end(&keys);
        Ok(pause)
    }

    pub(crate) fn kind(&self, name: &str) -> Option<&'static str> {
        self.handlers.get_key_value(name).map(|(kind, _)| *kind)
    }

    /// Keeps a lease until it is lost.
    pub(crate) async fn keep(&self, lease: &Lease) -> StoreError {
        loop {
            self.clock.sleep_until(self.clock.now() + self.options.lease / 3).await;
            match self.store.renew(lease, self.clock.now() + self.options.lease).await {
                Err(error) if error.kind == StoreErrorKind::StaleLease => return error,
                Err(error) => tracing::warn!(%error, lane = lease.lane, "a lease could not be kept yet"),
                Ok(()) => {}
            }
        }
    }

    /// Records a turn, patiently: what happened at a vendor must not be forgotten for a busy database. Where
    /// nobody knows whether it was recorded it is not repeated, since keys may have been made due again
    /// meanwhile: what was on the wire is open still, and is resolved.
    async fn record(&self, turn: &Turn, settlement: Settlement) -> Result<(), StoreError> {
        let mut pause = Duration::from_millis(50);
        loop {
            match self.store.settle(&turn.lease, self.clock.now(), settlement.clone()).await {
                Err(error)
                    if error.kind == StoreErrorKind::Unavailable
                        && error.retry != Retry::OutcomeUnknown
                        && pause < self.options.lease =>
                {
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
