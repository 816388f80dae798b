//! When an event is: from one moment to another, or on whole days.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::fault::DraftFault;
use super::written::Written;
use crate::zone::Zone;

/// When an event is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// From one moment to another.
    Timed {
        /// When it begins.
        start: Timestamp,
        /// When it ends; not before it begins.
        end: Timestamp,
        /// Whose clock it goes by.
        zone: Zone,
    },
    /// On whole days, wherever one is.
    AllDay {
        /// The first day.
        from: Date,
        /// The day after the last one.
        to: Date,
    },
}

/// What people and CRMs name as a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// A day.
    Day(Date),
    /// A moment.
    At(Timestamp),
}

impl Point {
    /// The day or the moment that a text names: `2026-12-31`, `31.12.2026 14:00`, RFC 3339. A time without an
    /// offset is of `zone`; one that its clocks leave out in spring is an hour later.
    #[must_use]
    pub fn read(text: &str, zone: &Zone) -> Option<Self> {
        Written::read(text)?.point(zone)
    }
}

impl When {
    /// From `start` to `end`, or for `length` where that says nothing. A day as the end is the last one.
    ///
    /// # Errors
    /// [`DraftFault::EndsBeforeStart`], or [`DraftFault::DayAndTime`] where only one of them is a day.
    pub fn between(start: Point, end: Option<Point>, length: SignedDuration, zone: &Zone) -> Result<Self, DraftFault> {
        let (start, end) = match (start, end) {
            (Point::Day(from), None) => return all_day(from, from),
            (Point::Day(from), Some(Point::Day(last))) => return all_day(from, last),
            (Point::At(start), None) => (start, start),
            (Point::At(start), Some(Point::At(end))) => (start, end),
            (Point::Day(_), Some(Point::At(_))) | (Point::At(_), Some(Point::Day(_))) => {
                return Err(DraftFault::DayAndTime);
            }
        };
        if end < start {
            return Err(DraftFault::EndsBeforeStart);
        }
        let end = if end == start { start.saturating_add(length).unwrap_or(Timestamp::MAX) } else { end };
        Ok(Self::Timed { start, end, zone: zone.clone() })
    }

    /// Whether both are the same time, whatever clock they go by.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Timed { start, end, .. }, Self::Timed { start: other_start, end: other_end, .. }) => {
                (start, end) == (other_start, other_end)
            }
            _ => self == other,
        }
    }
}

fn all_day(from: Date, last: Date) -> Result<When, DraftFault> {
    if last < from {
        return Err(DraftFault::EndsBeforeStart);
    }
    Ok(When::AllDay { from, to: last.tomorrow().unwrap_or(last) })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn between(start: &str, end: Option<&str>, zone: &str) -> Result<String, &'static str> {
        let zone: Zone = zone.parse().unwrap();
        let point = |text: &str| Point::read(text, &zone).unwrap();
        let when = When::between(point(start), end.map(point), SignedDuration::from_mins(30), &zone);
        when.map_err(|fault| fault.code()).map(|when| match when {
            When::Timed { start, end, .. } => format!("{start} {end}"),
            When::AllDay { from, to } => format!("{from} {to}"),
        })
    }

    #[rstest]
    #[case("2026-12-01T10:00", None, "Europe/Istanbul", "2026-12-01T07:00:00Z 2026-12-01T07:30:00Z")]
    #[case(
        "01.12.2026 10:00",
        Some("01.12.2026 11:15"),
        "Europe/Istanbul",
        "2026-12-01T07:00:00Z 2026-12-01T08:15:00Z"
    )]
    #[case(
        "2026-12-01T10:00:00Z",
        Some("2026-12-01T13:30:00+03:00"),
        "Europe/Berlin",
        "2026-12-01T10:00:00Z 2026-12-01T10:30:00Z"
    )]
    #[case(
        "2026-12-01T10:00",
        Some("2026-12-01T10:00"),
        "Europe/Istanbul",
        "2026-12-01T07:00:00Z 2026-12-01T07:30:00Z"
    )]
    #[case("2026-12-01T23:45", None, "Europe/Istanbul", "2026-12-01T20:45:00Z 2026-12-01T21:15:00Z")]
    #[case("2026-12-01T00:00", None, "Europe/Istanbul", "2026-11-30T21:00:00Z 2026-11-30T21:30:00Z")]
    #[case("2026-12-01", None, "Europe/Istanbul", "2026-12-01 2026-12-02")]
    #[case("2026-12-31", Some("2027-01-02"), "Europe/Istanbul", "2026-12-31 2027-01-03")]
    #[case("2028-02-28", Some("2028-02-29"), "Europe/Istanbul", "2028-02-28 2028-03-01")]
    // On 29 March 2026 clocks went from 2 to 3: half past two is half past three.
    #[case("2026-03-29T02:30", None, "Europe/Berlin", "2026-03-29T01:30:00Z 2026-03-29T02:00:00Z")]
    #[case("2026-03-29T01:45", Some("2026-03-29T03:15"), "Europe/Berlin", "2026-03-29T00:45:00Z 2026-03-29T01:15:00Z")]
    // On 25 October 2026 they went from 3 to 2: the first half past two is meant.
    #[case("2026-10-25T02:30", None, "Europe/Berlin", "2026-10-25T00:30:00Z 2026-10-25T01:00:00Z")]
    #[case(
        "2026-11-01T01:30",
        Some("2026-11-01T02:30"),
        "America/New_York",
        "2026-11-01T05:30:00Z 2026-11-01T07:30:00Z"
    )]
    // Türkiye has not changed its clocks since 2016.
    #[case("2026-03-29T03:30", None, "Europe/Istanbul", "2026-03-29T00:30:00Z 2026-03-29T01:00:00Z")]
    fn times_and_days(#[case] start: &str, #[case] end: Option<&str>, #[case] zone: &str, #[case] expected: &str) {
        assert_eq!(between(start, end, zone).unwrap(), expected);
    }

    #[rstest]
    #[case("2026-12-01T10:00", "2026-12-01T09:59", "event_ends_before_start")]
    #[case("2026-12-02", "2026-12-01", "event_ends_before_start")]
    #[case("2026-12-01", "2026-12-01T10:00", "event_day_and_time")]
    #[case("2026-12-01T10:00", "2026-12-01", "event_day_and_time")]
    fn what_is_no_span_is_refused(#[case] start: &str, #[case] end: &str, #[case] fault: &str) {
        assert_eq!(between(start, Some(end), "Europe/Istanbul"), Err(fault));
    }

    #[test]
    fn at_the_end_of_the_calendar_nothing_overflows() {
        let zone = Zone::istanbul();
        let last = When::between(Point::Day(Date::MAX), None, SignedDuration::ZERO, &zone);
        assert_eq!(last, Ok(When::AllDay { from: Date::MAX, to: Date::MAX }));
        let late = When::between(Point::At(Timestamp::MAX), None, SignedDuration::from_mins(30), &zone);
        assert!(matches!(late, Ok(When::Timed { start, end, .. }) if start <= end));
    }
}
