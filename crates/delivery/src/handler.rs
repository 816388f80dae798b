//! What a use case brings: how one turn of its work is done.

use std::sync::Arc;

use async_trait::async_trait;
use kopru_ports::StoreError;
use kopru_ports::delivery::{DeliveryStore, Lease, NewAttempt, Settlement, Work};

/// A turn's hold on its lane.
pub struct Turn {
    /// The lane.
    pub lease: Lease,
    pub(crate) store: Arc<dyn DeliveryStore>,
}

impl Turn {
    /// Stores what is about to go on the wire. It must not be sent when this fails: another worker may
    /// hold the lane.
    pub async fn freeze(&self, attempts: Vec<NewAttempt>) -> Result<(), StoreError> {
        self.store.freeze(&self.lease, attempts).await
    }
}

/// Does work of one kind.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Does `work` (at least one, all of this handler's kind, of one lane) and says what became of each.
    ///
    /// # Errors
    /// Only when nothing was put on the wire: the store could not be read or the lease is lost. The work
    /// stays due.
    async fn turn(&self, turn: &Turn, work: Vec<Work>) -> Result<Settlement, StoreError>;
}
