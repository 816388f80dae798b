//! The delivery engine's storage: lanes of due work, leased to one worker at a time.
//!
//! A **lane** orders the work for one account at one vendor. **Work** is level-triggered: making a key
//! due that is due already only raises its generation, and work that ends while its generation grew is
//! due again. An **attempt** is one try on the wire; its payload is stored before it is sent.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::StoreError;
use crate::outbox::MessageChange;
use crate::sync::SyncChanges;

/// Whether a person waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// A person waits: goes first.
    Interactive,
    /// Imports and repairs.
    Bulk,
}

impl Urgency {
    /// How much older than bulk work of the same moment it counts, where both stand in one line: it goes
    /// first, but bulk work does not wait for ever.
    #[must_use]
    pub const fn lead(self) -> Duration {
        match self {
            Self::Interactive => Duration::from_secs(3),
            Self::Bulk => Duration::ZERO,
        }
    }
}

/// What becomes of a wish for work that is due already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gather {
    /// The earlier moment counts.
    Earliest,
    /// The later one, so that work waits until its thing is quiet; but no longer than this after the first
    /// wish.
    Quiet {
        /// So long at the most.
        at_most: Duration,
    },
}

/// Work to be made due.
#[derive(Debug, Clone, PartialEq)]
pub struct NewWork {
    /// Whose.
    pub company: CompanyId,
    /// The lane, such as `crm:acme.bitrix24.com`.
    pub lane: String,
    /// What has to be done, such as `crm.row`; decides who does it.
    pub kind: &'static str,
    /// What it is done to; unique within the lane.
    pub key: String,
    /// The thing that owns it, such as a configuration's id; for counting and pausing.
    pub owner: String,
    /// What the handler needs to know; small, since the state is kept elsewhere.
    pub payload: Value,
    /// When it may begin. A wish for parked or failing work replaces its moment.
    pub due: Timestamp,
    /// How it meets an earlier wish.
    pub gather: Gather,
    /// Whether a person waits.
    pub urgency: Urgency,
}

impl NewWork {
    /// Cuts a list into runs of one company and one way to gather, in which no key comes twice: what one statement can
    /// make due.
    pub fn runs(list: &[Self]) -> impl Iterator<Item = (&CompanyId, Gather, &[Self])> {
        let mut rest = list;
        std::iter::from_fn(move || {
            let first = rest.first()?;
            let mut keys = HashSet::new();
            let same = |new: &&Self| (&new.company, new.gather) == (&first.company, first.gather);
            let run = rest.iter().take_while(same).take_while(|new| keys.insert((&new.lane, &new.key))).count();
            let (run, after) = rest.split_at(run);
            rest = after;
            Some((&first.company, first.gather, run))
        })
    }
}

/// Due work.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// What has to be done.
    pub kind: String,
    /// What it is done to.
    pub key: String,
    /// The thing that owns it.
    pub owner: String,
    /// As given.
    pub payload: Value,
    /// How often it was tried in vain.
    pub failures: u32,
    /// Which request for it this is; see [`Outcome::Done`].
    pub generation: i64,
    /// Since when it waits.
    pub since: Timestamp,
    /// Whether a person waits.
    pub urgency: Urgency,
    /// What an earlier worker had on the wire when it was lost; its deadline has passed.
    pub open_attempt: Option<Value>,
}

/// A lane held by one worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Whose lane.
    pub company: CompanyId,
    /// The lane.
    pub lane: String,
    /// Grows with every lease, also where the lane was deleted and made anew: with an older one nothing can be recorded.
    pub epoch: i64,
}

/// The answer to a worker that looks for a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseAnswer {
    /// A lane.
    Granted(Lease),
    /// Nothing is due; the moment when something will be, if anything is known of.
    Idle(Option<Timestamp>),
}

/// Which due work a turn takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Only work that a person waits for, or only the other; both where it is `None`.
    pub urgency: Option<Urgency>,
    /// So many keys at the most.
    pub limit: u32,
    /// Keys that other turns of the same lease have in hand.
    pub skip: Vec<String>,
}

impl Claim {
    /// The urgencies that it takes.
    #[must_use]
    pub fn urgencies(&self) -> &[Urgency] {
        match self.urgency {
            Some(Urgency::Interactive) => &[Urgency::Interactive],
            Some(Urgency::Bulk) => &[Urgency::Bulk],
            None => &[Urgency::Interactive, Urgency::Bulk],
        }
    }
}

/// What is about to go on the wire.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAttempt {
    /// The work's key.
    pub key: String,
    /// Which request for the work it answers: [`Work::generation`].
    pub generation: i64,
    /// Exactly what is sent.
    pub payload: Value,
    /// Until when the vendor may still carry it out.
    pub deadline: Timestamp,
}

/// What became of one piece of work.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Finished, unless it was made due again meanwhile (its generation grew).
    Done,
    /// Certainly not done, for a reason that is not its own: due as it was, and so in its old place.
    StillDue,
    /// There is more to do at that moment, with this payload; no failure.
    Again {
        /// When.
        due: Timestamp,
        /// What the handler needs to know then.
        payload: Value,
    },
    /// Certainly not done; at that moment again.
    Retry {
        /// When.
        due: Timestamp,
        /// Why, for people.
        error: String,
    },
    /// Perhaps done: its attempt stays open and is resolved after that moment.
    Open {
        /// When the vendor has certainly ended it, or when to look again.
        until: Timestamp,
    },
    /// Given up until it is made due again or replayed.
    Parked {
        /// Why, for people.
        error: String,
    },
}

/// All that one turn of work changes: recorded together or not at all.
#[derive(Debug, Clone, Default)]
pub struct Settlement {
    /// Of the work that was tried: key, the generation that was claimed, outcome. The rest of the turn's
    /// work stays due.
    pub outcomes: Vec<(String, i64, Outcome)>,
    /// Work that follows, on this or other lanes.
    pub follow_ups: Vec<NewWork>,
    /// What it changes in the rows, by configuration.
    pub sync: Vec<SyncChanges>,
    /// What it changes in messages.
    pub messages: Vec<MessageChange>,
    /// Until when the account takes no work of the turn's urgency. For the worker that holds the lane: it is
    /// not stored.
    pub pause: Option<Timestamp>,
}

/// Stores lanes, work and attempts. Everything that takes a [`Lease`] gives
/// [`crate::StoreErrorKind::StaleLease`] and changes nothing once another worker holds the lane.
#[async_trait]
pub trait DeliveryStore: Send + Sync {
    /// Makes work due.
    async fn enqueue(&self, work: Vec<NewWork>) -> Result<(), StoreError>;

    /// Leases a lane with due work, until `until`: of the companies that hold the fewest lanes, the one
    /// whose work has waited longest. So a flood of one company's lanes delays nobody else's.
    async fn lease(&self, now: Timestamp, until: Timestamp) -> Result<LeaseAnswer, StoreError>;

    /// Keeps a lease until `until`.
    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<(), StoreError>;

    /// The lane's due work: all of one kind, oldest first, what a person waits for as if it were three
    /// seconds older. A key with an open attempt is given only after the attempt's deadline.
    async fn claim(&self, lease: &Lease, now: Timestamp, claim: Claim) -> Result<Vec<Work>, StoreError>;

    /// Stores attempts before they are sent, one for a key, replacing their keys' earlier ones. [`crate::StoreErrorKind::Conflict`],
    /// and nothing changes, where a key's attempt was opened again since it was claimed: claim it anew.
    async fn freeze(&self, lease: &Lease, attempts: Vec<NewAttempt>) -> Result<(), StoreError>;

    /// Opens an attempt again whose worker lost its lane while it was on the wire: it may take effect after what a
    /// successor wrote. The key is due with it, under a new generation, and is resolved like any other. Not fenced.
    /// False, and nothing changes, while the key has another open attempt: ask again once that is settled. True, and
    /// nothing changes, where the company is gone.
    async fn reopen(&self, work: NewWork, attempt: NewAttempt) -> Result<bool, StoreError>;

    /// Records a turn. Attempts of settled keys are closed, but for [`Outcome::Open`] and for what was opened again
    /// since the key was claimed.
    async fn settle(&self, lease: &Lease, now: Timestamp, settlement: Settlement) -> Result<(), StoreError>;

    /// Gives the lane back. With what is still to be done it stands in line as if it had come at `from`, and
    /// is not leased before: behind the lanes that wait already, or after a rest where its turn failed. New
    /// work may bring it forward. A lease that is stale already is no error.
    async fn release(&self, lease: &Lease, from: Timestamp) -> Result<(), StoreError>;
}
