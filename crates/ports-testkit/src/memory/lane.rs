use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use kopru_ports::delivery::{Claim, Gather, NewAttempt, NewWork, Outcome, Urgency, Work};
use serde_json::Value;

use super::{kept, most};

/// A lane and what waits on it.
#[derive(Debug, Default)]
pub(super) struct Lane {
    /// Not later than the moment at which something on it can be claimed.
    pub next_due: Option<Timestamp>,
    pub lease_until: Timestamp,
    pub epoch: i64,
    pub jobs: BTreeMap<String, Job>,
    attempts: BTreeMap<String, Attempt>,
}

#[derive(Debug)]
pub(super) struct Job {
    kind: String,
    pub owner: String,
    payload: Value,
    urgency: Urgency,
    due: Timestamp,
    pub since: Timestamp,
    failures: u32,
    generation: i64,
    pub parked: bool,
}

#[derive(Debug)]
struct Attempt {
    generation: i64,
    payload: Value,
    deadline: Timestamp,
}

impl Lane {
    pub fn of_epoch(epoch: i64) -> Self {
        Self { epoch, ..Self::default() }
    }

    pub fn enqueue(&mut self, new: &NewWork, now: Timestamp) {
        let due = kept(new.due);
        match self.jobs.get_mut(&new.key) {
            Some(job) => job.wish(new, due),
            None => {
                self.jobs.insert(new.key.clone(), Job::new(new, due, kept(now)));
            }
        }
        self.next_due = Some(self.next_due.map_or(due, |next| next.min(due)));
    }

    pub fn claim(&self, now: Timestamp, claim: &Claim) -> Vec<Work> {
        let skip: HashSet<&String> = claim.skip.iter().collect();
        let wanted =
            |key: &String, job: &Job| !job.parked && claim.urgencies().contains(&job.urgency) && !skip.contains(key);
        let due = self.jobs.iter().filter(|(key, job)| wanted(key, job) && self.ready(key, job) <= now);
        let mut due: Vec<_> = due.collect();
        let order = |(one, job): &(&String, &Job), (other, its): &(&String, &Job)| {
            let first = |job: &Job| job.due - job.urgency.lead();
            first(job).cmp(&first(its)).then_with(|| one.cmp(other))
        };
        // Of tens of thousands a few are wanted: the others are not put in order.
        if most(claim.limit) < due.len() {
            due.select_nth_unstable_by(most(claim.limit), order);
            due.truncate(most(claim.limit));
        }
        due.sort_by(order);
        let kind = due.first().map(|(_, job)| job.kind.as_str());
        due.iter().filter(|(_, job)| Some(job.kind.as_str()) == kind).map(|(key, job)| self.work(key, job)).collect()
    }

    /// When a key can be claimed: an open attempt holds it back.
    fn ready(&self, key: &str, job: &Job) -> Timestamp {
        self.attempts.get(key).map_or(job.due, |attempt| attempt.deadline.max(job.due))
    }

    fn work(&self, key: &str, job: &Job) -> Work {
        Work {
            kind: job.kind.clone(),
            key: key.to_owned(),
            owner: job.owner.clone(),
            payload: job.payload.clone(),
            failures: job.failures,
            generation: job.generation,
            since: job.since,
            urgency: job.urgency,
            open_attempt: self.attempts.get(key).map(|attempt| attempt.payload.clone()),
        }
    }

    /// Whether the key's attempt is of a later generation.
    pub fn was_opened_again(&self, key: &str, generation: i64) -> bool {
        self.attempts.get(key).is_some_and(|attempt| attempt.generation > generation)
    }

    pub fn has_attempt(&self, key: &str) -> bool {
        self.attempts.contains_key(key)
    }

    pub fn freeze(&mut self, attempt: NewAttempt) {
        let NewAttempt { key, generation, payload, deadline } = attempt;
        self.attempts.insert(key, Attempt { generation, payload, deadline: kept(deadline) });
    }

    pub fn reopen(&mut self, new: &NewWork, attempt: NewAttempt) -> bool {
        if self.has_attempt(&attempt.key) {
            return false;
        }
        self.enqueue(new, new.due);
        let generation = self.jobs[&new.key].generation;
        self.freeze(NewAttempt { generation, ..attempt });
        true
    }

    pub fn settle(&mut self, now: Timestamp, key: &str, generation: i64, outcome: Outcome) {
        if !self.was_opened_again(key, generation) {
            self.settle_attempt(key, &outcome);
        }
        if let Outcome::Open { .. } = outcome {
            return;
        }
        let Some(job) = self.jobs.get_mut(key) else { return };
        if job.generation == generation && outcome == Outcome::Done {
            self.jobs.remove(key);
        } else {
            job.settle(now, generation, outcome);
        }
    }

    fn settle_attempt(&mut self, key: &str, outcome: &Outcome) {
        match (outcome, self.attempts.get_mut(key)) {
            (Outcome::Open { until }, Some(attempt)) => attempt.deadline = kept(*until),
            _ => drop(self.attempts.remove(key)),
        }
    }

    /// Nothing of before records anything any more; of what may have been sent, everything is in doubt.
    pub fn begin_anew(&mut self, now: Timestamp, in_doubt: bool) {
        self.epoch = now.as_microsecond().max(self.epoch + 1);
        self.lease_until = Timestamp::UNIX_EPOCH;
        for (key, job) in self.jobs.iter_mut().filter(|_| in_doubt) {
            (job.due, job.parked) = (now, false);
            let doubt = Attempt { generation: job.generation, payload: Value::Null, deadline: now };
            self.attempts.entry(key.clone()).or_insert(doubt);
        }
        self.refresh();
    }

    /// Drops work, with its attempts.
    pub fn forget(&mut self, mut goes: impl FnMut(&str, &Job) -> bool) {
        self.jobs.retain(|key, job| !goes(key, job));
        self.attempts.retain(|key, _| self.jobs.contains_key(key));
    }

    /// Whether nothing waits on it and nobody holds it.
    pub fn is_idle(&self, now: Timestamp) -> bool {
        self.jobs.is_empty() && self.lease_until <= now
    }

    pub fn refresh(&mut self) {
        let waiting = self.jobs.iter().filter(|(_, job)| !job.parked);
        self.next_due = waiting.map(|(key, job)| self.ready(key, job)).min();
    }
}

impl Job {
    fn new(new: &NewWork, due: Timestamp, since: Timestamp) -> Self {
        Self {
            kind: new.kind.to_owned(),
            owner: new.owner.clone(),
            payload: new.payload.clone(),
            urgency: new.urgency,
            due,
            since,
            failures: 0,
            generation: 1,
            parked: false,
        }
    }

    fn wish(&mut self, new: &NewWork, due: Timestamp) {
        let (earlier, later) = (self.due.min(due), self.due.max(due));
        self.due = match new.gather {
            _ if self.parked || self.failures > 0 => due,
            Gather::Earliest => earlier,
            Gather::Quiet { at_most } => {
                let end = self.since.checked_add(at_most).map_or(Timestamp::MAX, kept);
                later.min(end).max(earlier)
            }
        };
        self.payload = new.payload.clone();
        self.urgency = self.urgency.min(new.urgency);
        self.generation += 1;
        self.failures = 0;
        self.parked = false;
    }

    /// What was made due again meanwhile keeps its new wish, but for a pause that the vendor asked for.
    fn settle(&mut self, now: Timestamp, generation: i64, outcome: Outcome) {
        let same = self.generation == generation;
        match outcome {
            Outcome::Done => {
                self.since = kept(now);
                self.failures = 0;
            }
            Outcome::Again { due, payload } if same => {
                self.due = kept(due);
                self.payload = payload;
                self.failures = 0;
            }
            Outcome::Retry { due, .. } => {
                self.due = kept(due);
                self.failures += 1;
            }
            Outcome::Parked { .. } if same => self.parked = true,
            Outcome::StillDue | Outcome::Again { .. } | Outcome::Parked { .. } | Outcome::Open { .. } => {}
        }
    }
}
