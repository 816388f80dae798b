//! How a message's record changes, and what a day's caps allow: the same in every store.

use std::collections::HashMap;

use jiff::Timestamp;
use kopru_domain::message::{MessageStatus, OptOutCause};
use uuid::Uuid;

use crate::messages::Report;
use crate::outbox::{Caps, Message, MessageChange, Tally};

impl Message {
    /// Takes a step; whether it changed anything. While nobody but us has the message, any step is our own and counts.
    /// From then on steps come late, twice and in any order, and one that says less than what is known is dropped.
    pub fn step(&mut self, change: &MessageChange, now: Timestamp) -> bool {
        let before = self.clone();
        if self.waits_here() || self.status.advance(change.status) == change.status {
            self.take(change);
        }
        if self.provider_id.is_none() {
            self.provider_id.clone_from(&change.provider_id);
        }
        if let Some(tried) = &change.tried {
            self.tries.retain(|known| (known.road, known.trouble) != (tried.road, tried.trouble));
            self.tries.push(tried.clone());
        }
        if *self == before {
            return false;
        }
        self.updated = now;
        true
    }

    /// Whether it is neither settled nor at the vendor, nor may be there.
    #[must_use]
    pub fn waits_here(&self) -> bool {
        self.status.is_waiting() && self.provider_id.is_none()
    }

    /// A repetition that says less of the reason takes none away.
    fn take(&mut self, change: &MessageChange) {
        if change.trouble.is_some() || self.status != change.status {
            self.trouble = change.trouble;
            self.code.clone_from(&change.code);
        }
        self.status = change.status;
        self.hold = change.hold;
    }
}

impl MessageChange {
    /// What the vendor says of a message.
    #[must_use]
    pub fn reported(id: Uuid, report: Report) -> Self {
        Self {
            trouble: report.trouble,
            code: report.code,
            provider_id: Some(report.provider_id),
            ..Self::to(id, report.status)
        }
    }

    /// Why the message's recipient gets no more, where the vendor says so. That we refused it ourselves is no news.
    #[must_use]
    pub fn opt_out(&self) -> Option<OptOutCause> {
        self.trouble.filter(|_| self.status != MessageStatus::Skipped).and_then(OptOutCause::of)
    }
}

impl Tally {
    /// Counts messages in the given order where there is room for them. `parts` are those of the messages that are
    /// there, and `None` of what was counted before. Which may go, and which of them are counted now.
    pub fn grant(&mut self, caps: Caps, ids: &[Uuid], mut parts: HashMap<Uuid, Option<u32>>) -> (Vec<Uuid>, Vec<Uuid>) {
        let (mut may_go, mut counted) = (Vec::new(), Vec::new());
        for id in ids {
            let Some(parts) = parts.get_mut(id) else { continue };
            if parts.is_some_and(|parts| !self.add(caps, parts)) {
                continue;
            }
            may_go.push(*id);
            counted.extend(parts.take().map(|_| *id));
        }
        (may_go, counted)
    }

    /// Counts a message of so many parts if the caps still have room for it; whether they had.
    fn add(&mut self, caps: Caps, segments: u32) -> bool {
        let more = Self { messages: self.messages.saturating_add(1), segments: self.segments.saturating_add(segments) };
        let fits = caps.messages.is_none_or(|most| more.messages <= most)
            && caps.segments.is_none_or(|most| more.segments <= most);
        if fits {
            *self = more;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use MessageStatus::{Canceled, Delivered, Failed, Queued, Scheduled, Sent, Skipped, Undelivered, Unknown};
    use kopru_domain::message::{Channel, Hold, Trouble};

    use super::*;
    use crate::messages::Content;
    use crate::outbox::Body;

    const NOW: Timestamp = Timestamp::constant(1_000, 0);

    fn message(status: MessageStatus) -> Message {
        Message {
            id: Uuid::nil(),
            batch: Uuid::nil(),
            lane: "message:sms".into(),
            channel: Channel::Sms,
            given: "1".into(),
            to: None,
            content: Body::Phone(Content::Text("x".into())),
            media: Vec::new(),
            segments: 1,
            urgent: false,
            send_at: None,
            user: None,
            status,
            hold: None,
            trouble: None,
            code: None,
            provider_id: None,
            tries: Vec::new(),
            created: Timestamp::UNIX_EPOCH,
            updated: Timestamp::UNIX_EPOCH,
        }
    }

    fn to(status: MessageStatus) -> MessageChange {
        MessageChange::to(Uuid::nil(), status)
    }

    fn reported(status: MessageStatus, trouble: Option<Trouble>) -> MessageChange {
        MessageChange { trouble, provider_id: Some("SM1".into()), ..to(status) }
    }

    #[test]
    fn what_waits_here_takes_every_step_of_ours() {
        for status in [Skipped, Unknown, Failed, Canceled, Scheduled, Sent] {
            let mut message = message(Queued);
            assert!(message.step(&to(status), NOW));
            assert_eq!((message.status, message.updated), (status, NOW));
        }
    }

    #[test]
    fn what_the_vendor_has_or_is_settled_moves_forward_only() {
        let mut at_vendor = message(Queued);
        at_vendor.step(&reported(Queued, None), NOW);
        let doubt = MessageChange { trouble: Some(Trouble::OutcomeUnknown), ..to(Unknown) };
        assert!(!at_vendor.step(&doubt, NOW), "a report came before the doubt");
        assert!(at_vendor.step(&to(Sent), NOW));
        let mut canceled = message(Canceled);
        assert!(!canceled.step(&MessageChange { hold: Some(Hold::QuietHours), ..to(Queued) }, NOW));
        assert!(!canceled.step(&to(Skipped), NOW));
    }

    #[test]
    fn a_hold_ends_with_the_next_step() {
        let mut message = message(Queued);
        let held = MessageChange { hold: Some(Hold::QuietHours), ..to(Queued) };
        assert!(message.step(&held, NOW));
        assert!(!message.step(&held, NOW), "repeated");
        assert!(message.step(&reported(Queued, None), NOW));
        assert_eq!(message.hold, None);
    }

    #[test]
    fn reasons_go_with_their_status() {
        let mut message = message(Unknown);
        for (change, trouble) in [
            (reported(Undelivered, Some(Trouble::Unreachable)), Some(Trouble::Unreachable)),
            (reported(Undelivered, None), Some(Trouble::Unreachable)),
            (reported(Sent, None), Some(Trouble::Unreachable)),
            (reported(Delivered, None), None),
            (reported(Failed, Some(Trouble::Expired)), None),
        ] {
            message.step(&change, NOW);
            assert_eq!(message.trouble, trouble, "after {change:?}");
        }
    }

    #[test]
    fn the_vendors_id_stays_and_is_taken_from_a_late_report_too() {
        let mut message = message(Delivered);
        assert!(message.step(&reported(Sent, None), NOW));
        message.step(&MessageChange { provider_id: Some("SM2".into()), ..to(Sent) }, NOW);
        assert_eq!((message.provider_id.as_deref(), message.status), (Some("SM1"), Delivered));
    }

    #[test]
    fn what_has_room_is_counted_once() {
        let (mut tally, caps) = (Tally::default(), Caps { messages: Some(2), segments: Some(4) });
        let [counted, long, longer, gone, short, empty] = [1, 2, 3, 4, 5, 6].map(Uuid::from_u128);
        let parts = [(counted, None), (long, Some(3)), (longer, Some(2)), (short, Some(1)), (empty, Some(0))].into();
        let granted = tally.grant(caps, &[long, longer, gone, short, empty, short, counted], parts);
        assert_eq!(granted, (vec![long, short, short, counted], vec![long, short]));
        assert_eq!(tally, Tally { messages: 2, segments: 4 });
        let granted = tally.grant(Caps::default(), &[longer], [(longer, Some(u32::MAX))].into());
        assert_eq!((granted, tally.segments), ((vec![longer], vec![longer]), u32::MAX));
    }
}
