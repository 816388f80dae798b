//! The hours in which nobody is disturbed.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::zone::Zone;

/// A daily span of the company's local time; it may go over midnight, and is empty when both ends are the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The first quiet time of day.
    pub from: Time,
    /// The first one after it that is not.
    pub to: Time,
}

impl QuietHours {
    /// When sending is allowed again; `None` when it is allowed `now`. What counts is what the clock of `zone` shows,
    /// so an hour that is repeated in autumn can be quiet twice, and one that is left out in spring never.
    #[must_use]
    pub fn opens(&self, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
        let mut at = now;
        while self.is_quiet(zone, at) {
            at = self.next_chance(zone, at)?;
        }
        (at > now).then_some(at)
    }

    fn is_quiet(&self, zone: &Zone, at: Timestamp) -> bool {
        let time = zone.local(at).time();
        if self.from <= self.to { self.from <= time && time < self.to } else { self.from <= time || time < self.to }
    }

    /// When the clock reaches the end, or is changed before that. `None` at the end of the calendar.
    fn next_chance(&self, zone: &Zone, at: Timestamp) -> Option<Timestamp> {
        let wait = zone.local(at).time().duration_until(self.to);
        let wait = if wait.is_positive() { wait } else { wait + SignedDuration::from_hours(24) };
        let end = at.checked_add(wait).ok()?;
        Some(zone.next_change(at).map_or(end, |change| change.min(end)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;
    use rstest::rstest;

    use super::*;

    fn hours(from: &str, to: &str) -> QuietHours {
        QuietHours { from: from.parse().unwrap(), to: to.parse().unwrap() }
    }

    #[rstest]
    #[case("22:00", "08:00", "2026-07-01T21:30:00Z", Some("2026-07-02T06:00:00Z"))]
    #[case("22:00", "08:00", "2026-07-01T20:00:00Z", Some("2026-07-02T06:00:00Z"))]
    #[case("22:00", "08:00", "2026-07-01T19:59:59Z", None)]
    #[case("22:00", "08:00", "2026-07-02T06:00:00Z", None)]
    #[case("12:00", "13:30", "2026-01-05T11:15:00Z", Some("2026-01-05T12:30:00Z"))]
    #[case("00:00", "08:00", "2026-01-04T23:00:00Z", Some("2026-01-05T07:00:00Z"))]
    #[case("20:00", "00:00", "2026-01-05T20:00:00Z", Some("2026-01-05T23:00:00Z"))]
    #[case("09:00", "09:00", "2026-01-05T08:00:00Z", None)]
    // On 29 March 2026 clocks went from 2 to 3 o'clock at 01:00 UTC: there was no half past two.
    #[case("22:00", "02:30", "2026-03-29T00:30:00Z", Some("2026-03-29T01:00:00Z"))]
    #[case("02:00", "03:00", "2026-03-29T00:59:59Z", None)]
    #[case("02:00", "03:30", "2026-03-29T01:00:00Z", Some("2026-03-29T01:30:00Z"))]
    #[case("22:00", "08:00", "2026-03-28T22:00:00Z", Some("2026-03-29T06:00:00Z"))]
    // On 25 October 2026 they went from 3 to 2 at 01:00 UTC: there were two half past twos.
    #[case("22:00", "02:30", "2026-10-24T23:30:00Z", Some("2026-10-25T00:30:00Z"))]
    #[case("22:00", "02:30", "2026-10-25T00:45:00Z", None)]
    #[case("22:00", "02:30", "2026-10-25T01:10:00Z", Some("2026-10-25T01:30:00Z"))]
    #[case("02:30", "03:00", "2026-10-25T00:40:00Z", Some("2026-10-25T01:00:00Z"))]
    #[case("02:00", "03:00", "2026-10-25T00:10:00Z", Some("2026-10-25T02:00:00Z"))]
    fn in_berlin(#[case] from: &str, #[case] to: &str, #[case] now: Timestamp, #[case] expected: Option<&str>) {
        let expected = expected.map(|at| at.parse().unwrap());
        assert_eq!(hours(from, to).opens(&"Europe/Berlin".parse().unwrap(), now), expected);
    }

    #[rstest]
    #[case("America/New_York", "2026-03-08T05:00:00Z", "2026-03-08T12:00:00Z")]
    #[case("America/New_York", "2026-11-01T04:00:00Z", "2026-11-01T13:00:00Z")]
    #[case("America/New_York", "2026-11-02T03:00:00Z", "2026-11-02T13:00:00Z")]
    // Turkey put the change of 25 October 2015 off by two weeks, and has made none since 2016.
    #[case("Europe/Istanbul", "2015-10-24T22:00:00Z", "2015-10-25T05:00:00Z")]
    #[case("Europe/Istanbul", "2015-11-07T22:00:00Z", "2015-11-08T06:00:00Z")]
    #[case("Europe/Istanbul", "2016-03-26T22:00:00Z", "2016-03-27T05:00:00Z")]
    #[case("Europe/Istanbul", "2016-12-01T22:00:00Z", "2016-12-02T05:00:00Z")]
    #[case("Europe/Istanbul", "2026-10-24T22:00:00Z", "2026-10-25T05:00:00Z")]
    fn from_ten_to_eight_elsewhere(#[case] zone: &str, #[case] now: Timestamp, #[case] expected: Timestamp) {
        assert_eq!(hours("22:00", "08:00").opens(&zone.parse().unwrap(), now), Some(expected));
    }

    #[test]
    fn settings_are_read_strictly() {
        let read = |text: &str| serde_json::from_str::<QuietHours>(text);
        let text = r#"{"from":"22:00:00","to":"08:00"}"#;
        assert_eq!(read(text).unwrap(), hours("22:00", "08:00"));
        assert!(read(&text.replace("to", "until")).is_err());
        assert!(read(&text.replace("22:", "25:")).is_err());
    }

    fn time() -> impl Strategy<Value = Time> {
        (0i8..24, 0i8..60).prop_map(|(hour, minute)| Time::constant(hour, minute, 0, 0))
    }

    proptest! {
        #[test]
        fn it_opens_at_the_first_moment_that_is_not_quiet(
            from in time(),
            to in time(),
            zone in "Europe/Berlin|Europe/Istanbul|America/New_York|Australia/Lord_Howe|Pacific/Apia",
            // Around changes of these zones' clocks, where mistakes are.
            day in select(vec!["2026-03-28", "2026-10-24", "2026-11-01", "2015-11-07", "2011-12-30"]),
            minutes in 0i64..3000,
        ) {
            let (hours, zone) = (QuietHours { from, to }, zone.parse().unwrap());
            let start: Timestamp = format!("{day}T00:00:00Z").parse().unwrap();
            let minute = |count: i64| start + SignedDuration::from_mins(count);
            let now = minute(minutes);
            // All of it falls on whole minutes, so nothing is missed between two.
            let first = (minutes..minutes + 3000).map(minute).find(|at| !hours.is_quiet(&zone, *at)).unwrap();
            prop_assert_eq!(hours.opens(&zone, now).unwrap_or(now), first);
            prop_assert_eq!(hours.opens(&zone, first), None);
        }
    }
}
