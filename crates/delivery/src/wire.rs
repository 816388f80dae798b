//! What a lane's worker has on the wire, and what becomes of it when the lane is lost meanwhile.
//!
//! A vendor knows no fence: what a frozen worker sends when it thaws takes effect after what its successor wrote.
//! Nobody but the late one knows of it, so it opens its attempts again; they are resolved like those of a killed
//! worker.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kopru_ports::delivery::{Gather, Lease, NewAttempt, NewWork, Work};

use crate::runner::Delivery;

/// How often a key is looked at whose successor has it on the wire just now.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A successor's attempt has ended by then.
const LOOKS: u32 = 600;

/// The work of a lane's turns, with what of it was sent.
#[derive(Default)]
pub(crate) struct Wire(Mutex<BTreeMap<String, InHand>>);

#[derive(Clone)]
struct InHand {
    work: Work,
    /// What was sent, and how long it may take to take effect.
    sent: Option<(NewAttempt, Duration)>,
}

impl Wire {
    fn keys(&self) -> MutexGuard<'_, BTreeMap<String, InHand>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take(&self, works: &[Work]) {
        let in_hand = |work: &Work| (work.key.clone(), InHand { work: work.clone(), sent: None });
        self.keys().extend(works.iter().map(in_hand));
    }

    pub(crate) fn send(&self, attempts: Vec<NewAttempt>, now: Timestamp) {
        let mut keys = self.keys();
        for attempt in attempts {
            if let Some(in_hand) = keys.get_mut(&attempt.key) {
                let call = attempt.deadline.duration_since(now).try_into().unwrap_or_default();
                in_hand.sent = Some((attempt, call));
            }
        }
    }

    /// Recorded, or never sent.
    pub(crate) fn end(&self, keys: &[String]) {
        let mut in_hand = self.keys();
        for key in keys {
            in_hand.remove(key);
        }
    }

    fn left(&self) -> Vec<InHand> {
        let all = std::mem::take(&mut *self.keys()).into_values();
        all.filter(|in_hand| in_hand.sent.is_some()).collect()
    }
}

impl Delivery {
    /// Opens again what a lost lane's turns sent and did not record.
    pub(crate) async fn reopen(&self, lease: &Lease, wire: &Wire) {
        let mut late = wire.left();
        if late.is_empty() {
            return;
        }
        tracing::warn!(lane = lease.lane, late = late.len(), "sent by an instance that lost its lane: looked at again");
        for _ in 0..LOOKS {
            let mut left = Vec::new();
            for in_hand in late {
                if !self.reopen_one(lease, &in_hand).await {
                    left.push(in_hand);
                }
            }
            if left.is_empty() {
                return;
            }
            late = left;
            self.clock.sleep_until(self.clock.now() + LOOK_AGAIN).await;
        }
    }

    /// False where a successor has the key on the wire just now, or the store cannot say.
    async fn reopen_one(&self, lease: &Lease, in_hand: &InHand) -> bool {
        let InHand { work, sent } = in_hand;
        let (Some((attempt, call)), Some(kind)) = (sent, self.kind(&work.kind)) else { return true };
        let deadline = self.clock.now() + *call;
        let work = NewWork {
            company: lease.company.clone(),
            lane: lease.lane.clone(),
            kind,
            key: work.key.clone(),
            owner: work.owner.clone(),
            payload: work.payload.clone(),
            due: deadline,
            gather: Gather::Earliest,
            urgency: work.urgency,
        };
        let opened = self.store.reopen(work, NewAttempt { deadline, ..attempt.clone() }).await;
        opened.unwrap_or_else(|error| {
            tracing::warn!(%error, lane = lease.lane, "an attempt could not be opened again yet");
            false
        })
    }
}
