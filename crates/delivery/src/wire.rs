//! What a lane's worker has on the wire, and what becomes of it when the lane is lost meanwhile.
//!
//! A vendor knows no fence: what a frozen worker sends when it thaws takes effect after what its successor wrote.
//! Nobody but the late one knows of it, so it opens its attempts again; they are resolved like those of a killed
//! worker.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kopru_ports::delivery::{Gather, Lease, NewAttempt, NewWork, Outcome, Settlement, Work};

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

    /// What was in doubt when it was claimed, and was not sent anew, stays in doubt: that there is more to do, or that
    /// nothing was done, says nothing of an earlier attempt. Only an end does.
    pub(crate) fn keep_open(&self, settlement: &mut Settlement, now: Timestamp) {
        let keys = self.keys();
        let is_left = |key: &String| {
            keys.get(key).is_some_and(|in_hand| in_hand.work.open_attempt.is_some() && in_hand.sent.is_none())
        };
        for (_, _, outcome) in settlement.outcomes.iter_mut().filter(|(key, ..)| is_left(key)) {
            *outcome = match outcome {
                Outcome::Again { due, .. } | Outcome::Retry { due, .. } => Outcome::Open { until: *due },
                Outcome::StillDue => Outcome::Open { until: now },
                Outcome::Done | Outcome::Open { .. } | Outcome::Parked { .. } => continue,
            };
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

#[cfg(test)]
mod tests {
    use super::*;
    use kopru_ports::delivery::Urgency;
    use serde_json::Value;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn work(open_attempt: Option<Value>) -> Work {
        Work {
            kind: "k".into(),
            key: "a".into(),
            owner: "o".into(),
            payload: Value::Null,
            failures: 0,
            generation: 1,
            since: NOW,
            urgency: Urgency::Bulk,
            open_attempt,
        }
    }

    /// What is kept of what a turn says of a key, with an earlier attempt or without, sent anew or not.
    fn kept(said: &Outcome, open: bool, is_sent: bool) -> Outcome {
        let wire = Wire::default();
        wire.take(&[work(open.then_some(Value::Null))]);
        let sent = NewAttempt { key: "a".into(), generation: 1, payload: Value::Null, deadline: NOW };
        wire.send(is_sent.then_some(sent).into_iter().collect(), NOW);
        let outcomes = vec![("a".to_owned(), 1, said.clone())];
        let mut settlement = Settlement { outcomes, ..Settlement::default() };
        wire.keep_open(&mut settlement, NOW);
        settlement.outcomes.remove(0).2
    }

    #[test]
    fn what_is_in_doubt_is_closed_by_an_end_or_a_new_attempt_only() {
        let (later, error) = (NOW + Duration::from_mins(1), String::new);
        let table = [
            (Outcome::Again { due: later, payload: Value::Null }, Outcome::Open { until: later }),
            (Outcome::Retry { due: later, error: error() }, Outcome::Open { until: later }),
            (Outcome::StillDue, Outcome::Open { until: NOW }),
            (Outcome::Done, Outcome::Done),
            (Outcome::Parked { error: error() }, Outcome::Parked { error: error() }),
        ];
        for (said, left_open) in table {
            assert_eq!(kept(&said, true, false), left_open);
            for (open, is_sent) in [(true, true), (false, false), (false, true)] {
                assert_eq!(kept(&said, open, is_sent), said);
            }
        }
    }
}
