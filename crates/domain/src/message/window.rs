//! WhatsApp's customer service window: free text may answer a person for a day, templates may go always.

use jiff::{SignedDuration, Timestamp};

const LENGTH: SignedDuration = SignedDuration::from_hours(24);

/// Whether free text may go to a person whose last message came at `last_inbound`.
#[must_use]
pub fn is_open(last_inbound: Option<Timestamp>, now: Timestamp) -> bool {
    last_inbound.is_some_and(|last| now.duration_since(last) < LENGTH)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(None, false)]
    #[case(Some("2026-03-01T12:00:00Z"), true)]
    #[case(Some("2026-02-28T12:00:00.001Z"), true)]
    #[case(Some("2026-02-28T12:00:00Z"), false)]
    // The other side's clock may be ahead of ours.
    #[case(Some("2026-03-01T12:00:05Z"), true)]
    fn it_is_open_for_a_day(#[case] last_inbound: Option<&str>, #[case] expected: bool) {
        let last_inbound = last_inbound.map(|at| at.parse().unwrap());
        assert_eq!(is_open(last_inbound, "2026-03-01T12:00:00Z".parse().unwrap()), expected);
    }
}
