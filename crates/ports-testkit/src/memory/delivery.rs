use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::delivery::{Claim, DeliveryStore, Lease, LeaseAnswer, NewAttempt, NewWork, Settlement, Work};
use kopru_ports::{StoreError, StoreErrorKind};

use super::lane::Lane;
use super::{MemoryStore, State, error, kept};

#[async_trait]
impl DeliveryStore for MemoryStore {
    async fn enqueue(&self, work: Vec<NewWork>) -> Result<(), StoreError> {
        let mut state = self.state();
        for new in &work {
            state.enqueue(new, new.due);
        }
        Ok(())
    }

    async fn lease(&self, now: Timestamp, until: Timestamp) -> Result<LeaseAnswer, StoreError> {
        Ok(self.state().lease(kept(now), kept(until)))
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<(), StoreError> {
        self.state().fenced(lease)?.lease_until = kept(until);
        Ok(())
    }

    async fn claim(&self, lease: &Lease, now: Timestamp, claim: Claim) -> Result<Vec<Work>, StoreError> {
        Ok(self.state().fenced(lease)?.claim(kept(now), &claim))
    }

    async fn freeze(&self, lease: &Lease, attempts: Vec<NewAttempt>) -> Result<(), StoreError> {
        let mut state = self.state();
        let lane = state.fenced(lease)?;
        if attempts.iter().any(|attempt| lane.was_opened_again(&attempt.key, attempt.generation)) {
            return Err(error(StoreErrorKind::Conflict));
        }
        for attempt in attempts {
            lane.freeze(attempt);
        }
        Ok(())
    }

    async fn reopen(&self, work: NewWork, attempt: NewAttempt) -> Result<bool, StoreError> {
        let mut state = self.state();
        if state.is_known(&work.company).is_err() {
            return Ok(true);
        }
        Ok(state.lane(&work).reopen(&work, attempt))
    }

    async fn settle(&self, lease: &Lease, now: Timestamp, settlement: Settlement) -> Result<(), StoreError> {
        let mut state = self.state();
        state.fenced(lease)?;
        state.apply(&lease.company, now, settlement.sync);
        for change in &settlement.messages {
            state.step(&lease.company, change, kept(now));
        }
        let lane = state.fenced(lease)?;
        for (key, generation, outcome) in settlement.outcomes {
            lane.settle(now, &key, generation, outcome);
        }
        for new in &settlement.follow_ups {
            state.enqueue(new, now);
        }
        state.fenced(lease)?.refresh();
        Ok(())
    }

    async fn release(&self, lease: &Lease, from: Timestamp) -> Result<(), StoreError> {
        if let Ok(lane) = self.state().fenced(lease) {
            lane.refresh();
            lane.next_due = lane.next_due.map(|due| due.max(kept(from)));
            lane.lease_until = Timestamp::UNIX_EPOCH;
        }
        Ok(())
    }
}

impl State {
    pub(super) fn enqueue(&mut self, new: &NewWork, now: Timestamp) {
        self.lane(new).enqueue(new, now);
    }

    fn lane(&mut self, new: &NewWork) -> &mut Lane {
        let key = (new.company.clone(), new.lane.clone());
        self.lanes.entry(key).or_insert_with(|| Lane::of_epoch(self.first_epoch))
    }

    fn fenced(&mut self, lease: &Lease) -> Result<&mut Lane, StoreError> {
        let lane = self.lanes.get_mut(&(lease.company.clone(), lease.lane.clone()));
        lane.filter(|lane| lane.epoch == lease.epoch).ok_or_else(|| error(StoreErrorKind::StaleLease))
    }

    fn lease(&mut self, now: Timestamp, until: Timestamp) -> LeaseAnswer {
        let mut held: BTreeMap<_, usize> = BTreeMap::new();
        for ((company, _), _) in self.lanes.iter().filter(|(_, lane)| lane.lease_until > now) {
            *held.entry(company.clone()).or_default() += 1;
        }
        let free = self.lanes.iter_mut().filter(|(_, lane)| lane.lease_until <= now);
        let due = free.filter(|(_, lane)| lane.next_due.is_some_and(|due| due <= now));
        let place = |(company, _): &(CompanyId, String)| held.get(company).copied().unwrap_or(0);
        let Some(((company, name), lane)) = due.min_by_key(|(key, lane)| (place(key), lane.next_due, *key)) else {
            return LeaseAnswer::Idle(self.next_moment());
        };
        lane.lease_until = until;
        lane.epoch += 1;
        LeaseAnswer::Granted(Lease { company: company.clone(), lane: name.clone(), epoch: lane.epoch })
    }

    fn next_moment(&self) -> Option<Timestamp> {
        let moments = self.lanes.values().filter_map(|lane| lane.next_due.map(|due| due.max(lane.lease_until)));
        moments.min()
    }
}
