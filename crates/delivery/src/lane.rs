//! Serving one lane: turns side by side, each with keys of its own.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_ports::delivery::{Claim, Lease, Urgency, Work};
use kopru_ports::{StoreError, StoreErrorKind};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};

use crate::handler::{Seats, Turn};
use crate::runner::Delivery;
use crate::wire::Wire;

/// A lane whose turn failed in our own store rests for so long: what fails at once would spin.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// How often a lane with turns under way and free seats is looked at for new work.
const GLANCE: Duration = Duration::from_millis(100);
/// How often one is that only waits for the end of a pause.
const LOOK: Duration = Duration::from_millis(500);
/// So long a lane is held when others wait for a place.
const SLICE: Duration = Duration::from_secs(2);

/// Serves a lane until nothing is due on it, others should have its place, or it is lost.
pub(crate) async fn serve(engine: Arc<Delivery>, lease: Lease, stop: watch::Receiver<bool>) {
    let (store, clock) = (engine.store.clone(), engine.clock.clone());
    let turn = Arc::new(Turn { lease, store, clock, wire: Wire::default() });
    let mut service = Service {
        engine: &engine,
        turn: &turn,
        turns: JoinSet::new(),
        taken: HashMap::new(),
        paused: BTreeMap::new(),
        since: engine.clock.now(),
        rest: None,
    };
    let lost = tokio::select! {
        biased;
        error = engine.keep(&turn.lease) => Some(error),
        served = service.until_idle(stop) => served.err(),
    };
    let given_back = match lost {
        Some(error) => Err(error),
        None => engine.store.release(&turn.lease, service.due_from()).await,
    };
    if let Err(error) = given_back {
        tracing::warn!(%error, lane = turn.lease.lane, "a lane was lost");
        service.turns.shutdown().await;
        engine.reopen(&turn.lease, &turn.wire).await;
    }
}

struct Service<'a> {
    engine: &'a Arc<Delivery>,
    turn: &'a Arc<Turn>,
    /// Dropped with the service: what a lost lane has under way ends here.
    turns: JoinSet<Result<Option<Timestamp>, StoreError>>,
    /// The seat of each turn, and the keys that it has in hand.
    taken: HashMap<Id, (Option<Urgency>, Vec<String>)>,
    /// Seats whose account takes no work, and until when.
    paused: BTreeMap<Option<Urgency>, Timestamp>,
    since: Timestamp,
    /// Set by a failure: nothing new begins, and the lane rests until then.
    rest: Option<Timestamp>,
}

impl Service<'_> {
    async fn until_idle(&mut self, stop: watch::Receiver<bool>) -> Result<(), StoreError> {
        loop {
            let goes_on = self.rest.is_none() && !*stop.borrow();
            let free = if goes_on { self.fill_seats().await? } else { false };
            if self.turns.is_empty() && !(goes_on && self.holds_on()) {
                return Ok(());
            }
            let glance = self.engine.clock.now() + if self.turns.is_empty() { LOOK } else { GLANCE };
            tokio::select! {
                biased;
                Some(ended) = self.turns.join_next_with_id() => self.ended(ended)?,
                () = self.engine.clock.sleep_until(glance), if free || self.turns.is_empty() => {}
            }
        }
    }

    /// Begins turns while there is work; whether seats are left.
    async fn fill_seats(&mut self) -> Result<bool, StoreError> {
        let mut free = false;
        for seats in self.seats() {
            while self.sitting(seats.urgency) < seats.turns {
                let work = match self.claim(seats).await {
                    Err(error) if error.kind == StoreErrorKind::StaleLease => return Err(error),
                    Err(error) => {
                        self.failed(&error);
                        return Ok(false);
                    }
                    Ok(work) if work.is_empty() => {
                        free = true;
                        break;
                    }
                    Ok(work) => work,
                };
                self.begin(seats.urgency, work);
            }
        }
        Ok(free)
    }

    /// The lane's seats that are not paused; once others should have its place, only those of waiting people.
    fn seats(&mut self) -> Vec<Seats> {
        let now = self.engine.clock.now();
        self.paused.retain(|_, until| *until > now);
        let mut seats = self.engine.lanes.seats(&self.turn.lease);
        seats.retain(|seats| !self.paused.contains_key(&seats.urgency));
        if self.has_had_its_slice() {
            seats.retain(|seats| seats.urgency == Some(Urgency::Interactive) && !self.turns.is_empty());
        }
        seats
    }

    fn has_had_its_slice(&self) -> bool {
        self.engine.crowded() && self.engine.clock.now() > self.since + SLICE
    }

    /// A lane that is paused for bulk work is kept for people's: given back, it would be leased again at once.
    fn holds_on(&self) -> bool {
        !self.paused.is_empty() && !self.has_had_its_slice()
    }

    /// From when on the lane has to be served again, unless new work comes.
    fn due_from(&self) -> Timestamp {
        self.rest.or(self.paused.values().min().copied()).unwrap_or_else(|| self.engine.clock.now())
    }

    fn sitting(&self, urgency: Option<Urgency>) -> usize {
        self.taken.values().filter(|(seat, _)| *seat == urgency).count()
    }

    async fn claim(&self, seats: Seats) -> Result<Vec<Work>, StoreError> {
        let skip = self.taken.values().flat_map(|(_, keys)| keys.iter().cloned()).collect();
        let claim = Claim { urgency: seats.urgency, limit: seats.keys, skip };
        self.engine.store.claim(&self.turn.lease, self.engine.clock.now(), claim).await
    }

    fn begin(&mut self, seat: Option<Urgency>, work: Vec<Work>) {
        tracing::debug!(lane = self.turn.lease.lane, kind = work[0].kind, keys = work.len(), "a turn begins");
        let keys = work.iter().map(|work| work.key.clone()).collect();
        let task = self.turns.spawn(self.engine.clone().one_turn(self.turn.clone(), work));
        self.taken.insert(task.id(), (seat, keys));
    }

    fn ended(
        &mut self,
        ended: Result<(Id, Result<Option<Timestamp>, StoreError>), JoinError>,
    ) -> Result<(), StoreError> {
        match ended {
            Ok((id, result)) => {
                let seat = self.taken.remove(&id).and_then(|(seat, _)| seat);
                match result {
                    Ok(pause) => {
                        self.paused.extend(pause.map(|until| (seat, until)));
                        self.engine.waker.wake();
                    }
                    Err(error) if error.kind == StoreErrorKind::StaleLease => return Err(error),
                    Err(error) => self.failed(&error),
                }
            }
            Err(panicked) => {
                self.taken.remove(&panicked.id());
                self.failed(&panicked);
            }
        }
        Ok(())
    }

    fn failed(&mut self, error: &dyn std::error::Error) {
        tracing::warn!(%error, lane = self.turn.lease.lane, "a turn failed");
        self.rest = Some(self.engine.clock.now() + AFTER_FAILURE);
    }
}
