//! What a use case brings: how its lanes are served, and how one turn of its work is done.

use std::sync::Arc;

use async_trait::async_trait;
#[cfg(doc)]
use kopru_ports::delivery::Outcome;
use kopru_ports::delivery::{DeliveryStore, Lease, NewAttempt, Settlement, Urgency, Work};
use kopru_ports::{Clock, StoreError};

use crate::wire::Wire;

/// Turns of one sort that a lane runs side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seats {
    /// For work that a person waits for, for the other, or for both where it is `None`.
    pub urgency: Option<Urgency>,
    /// So many turns at once.
    pub turns: usize,
    /// So many keys a turn at the most.
    pub keys: u32,
}

/// Says how lanes are served.
pub trait Lanes: Send + Sync {
    /// The seats of a lane, best first; asked before each claim, so that it can follow what was observed.
    fn seats(&self, lease: &Lease) -> Vec<Seats>;
}

/// A turn's hold on its lane.
pub struct Turn {
    /// The lane.
    pub lease: Lease,
    pub(crate) store: Arc<dyn DeliveryStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) wire: Wire,
}

impl Turn {
    /// Stores what is about to go on the wire. It must not be sent when this fails: another worker may
    /// hold the lane.
    pub async fn freeze(&self, attempts: Vec<NewAttempt>) -> Result<(), StoreError> {
        self.store.freeze(&self.lease, attempts.clone()).await?;
        self.wire.send(attempts, self.clock.now());
        Ok(())
    }
}

/// Does work of one kind.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Does `work` (at least one, all of this handler's kind, of one lane) and says what became of each. Of work that
    /// came with an open attempt and was not frozen anew, only [`Outcome::Done`] and [`Outcome::Parked`] close that
    /// attempt; whatever else is said of it, it is given again with its attempt.
    ///
    /// # Errors
    /// Only when nothing was put on the wire: the store could not be read or the lease is lost. The work
    /// stays due.
    async fn turn(&self, turn: &Turn, work: Vec<Work>) -> Result<Settlement, StoreError>;
}
