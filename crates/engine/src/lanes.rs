//! How each sort of lane is served.

use kopru_delivery::{Lanes, Seats};
use kopru_ports::delivery::{Lease, Urgency};

use crate::{Engine, messages, work};

/// Batches that may be on the wire to one portal side by side: where its commands are fast, one batch
/// after another would not use its two requests a second; where they are slow, its operating time rations.
const BATCHES: usize = 8;
/// Until a portal has answered, it gets one batch, so small that it neither runs into the time-out nor uses
/// up the time that is kept for people.
const FIRST: (usize, usize) = (5, 1);
/// Calls for waiting people beside them.
const EDITS: usize = 2;
/// Turns of bulk messages: the next one is read while the vendor answers the first.
const MESSAGES: usize = 2;
/// Pieces of work that a turn on a sheet takes: an edit waits for no more than one tab's page.
const SHEET_WORK: u32 = 1;

impl Lanes for Engine {
    /// A sheet has one turn at a time, a portal and a sender of messages several.
    fn seats(&self, lease: &Lease) -> Vec<Seats> {
        if work::is_a_senders(&lease.lane) {
            return side_by_side(MESSAGES, messages::MOST);
        }
        let Some(portal) = work::portal_of(&lease.lane) else {
            return vec![Seats { urgency: None, turns: 1, keys: SHEET_WORK }];
        };
        let (keys, batches) = self.ports.crm.batch_size(portal).map_or(FIRST, |keys| (keys, BATCHES));
        side_by_side(batches, u32::try_from(keys).unwrap_or(u32::MAX))
    }
}

/// Turns for waiting people beside those of bulk work.
fn side_by_side(bulk: usize, keys: u32) -> Vec<Seats> {
    [(Urgency::Interactive, EDITS), (Urgency::Bulk, bulk)]
        .map(|(urgency, turns)| Seats { urgency: Some(urgency), turns, keys })
        .to_vec()
}
