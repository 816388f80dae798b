//! The delivery store as one worker sees it: it freezes with the worker, and may be broken on purpose.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::delivery::{Claim, DeliveryStore, Lease, LeaseAnswer, NewAttempt, NewWork, Settlement, Work};
use kopru_ports_testkit::MemoryStore;

use crate::faults::Freezer;

/// What the engine rests on, taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// A worker that lost its lane goes on recording.
    Fence,
    /// What is on the wire is not remembered: the next one does not wait for it.
    Order,
    /// What was created is not found again.
    Dedupe,
    /// What frozen workers sent late is not looked at again.
    Repair,
}

/// The last epoch that was given out for each lane, and whether an older one recorded something.
#[derive(Default)]
pub struct Epochs {
    last: BTreeMap<String, i64>,
    pub stale: bool,
}

pub struct Store {
    pub memory: Arc<MemoryStore>,
    pub epochs: Arc<Mutex<Epochs>>,
    pub freezer: Freezer,
    pub broken: Option<Broken>,
}

impl Store {
    /// The lease as it is shown to the memory: with the fence broken, always the present one.
    fn shown(&self, lease: &Lease) -> Lease {
        let epochs = self.epochs.lock().unwrap_or_else(PoisonError::into_inner);
        let epoch = match self.broken {
            Some(Broken::Fence) => epochs.last.get(&lease.lane).copied().unwrap_or(lease.epoch),
            _ => lease.epoch,
        };
        Lease { epoch, ..lease.clone() }
    }

    fn recorded(&self, lease: &Lease) {
        let mut epochs = self.epochs.lock().unwrap_or_else(PoisonError::into_inner);
        epochs.stale |= epochs.last.get(&lease.lane).is_some_and(|last| lease.epoch < *last);
    }
}

#[async_trait]
impl DeliveryStore for Store {
    async fn enqueue(&self, work: Vec<NewWork>) -> Result<(), StoreError> {
        self.freezer.pass().await;
        self.memory.enqueue(work).await
    }

    async fn lease(&self, now: Timestamp, until: Timestamp) -> Result<LeaseAnswer, StoreError> {
        self.freezer.pass().await;
        let answer = self.memory.lease(now, until).await?;
        if let LeaseAnswer::Granted(lease) = &answer {
            let mut epochs = self.epochs.lock().unwrap_or_else(PoisonError::into_inner);
            epochs.last.insert(lease.lane.clone(), lease.epoch);
        }
        Ok(answer)
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<(), StoreError> {
        self.freezer.pass().await;
        self.memory.renew(&self.shown(lease), until).await
    }

    async fn claim(&self, lease: &Lease, now: Timestamp, claim: Claim) -> Result<Vec<Work>, StoreError> {
        self.freezer.pass().await;
        self.memory.claim(&self.shown(lease), now, claim).await
    }

    async fn freeze(&self, lease: &Lease, attempts: Vec<NewAttempt>) -> Result<(), StoreError> {
        self.freezer.pass().await;
        let attempts = if self.broken == Some(Broken::Order) { Vec::new() } else { attempts };
        self.memory.freeze(&self.shown(lease), attempts).await
    }

    async fn reopen(&self, work: NewWork, attempt: NewAttempt) -> Result<bool, StoreError> {
        self.freezer.pass().await;
        if self.broken == Some(Broken::Repair) { Ok(true) } else { self.memory.reopen(work, attempt).await }
    }

    async fn settle(&self, lease: &Lease, now: Timestamp, settlement: Settlement) -> Result<(), StoreError> {
        self.freezer.pass().await;
        self.memory.settle(&self.shown(lease), now, settlement).await?;
        self.recorded(lease);
        Ok(())
    }

    async fn release(&self, lease: &Lease, from: Timestamp) -> Result<(), StoreError> {
        self.freezer.pass().await;
        self.memory.release(&self.shown(lease), from).await
    }
}
