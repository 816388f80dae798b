//! Times as CRMs write them.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

use super::when::Point;
use crate::convert::moment;
use crate::mapping::DateOrder;
use crate::zone::Zone;

/// Between an evening and the night after it; more between two times of day is a slip of somebody's.
const HALF_A_DAY: SignedDuration = SignedDuration::from_hours(12);

/// A time as it stands in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    at: DateTime,
    offset: Option<Offset>,
    /// Whether a time of day is said.
    timed: bool,
}

impl Written {
    /// A date, with or without its time, or the seconds or milliseconds since 1970.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(moment) = epoch(text) {
            return Some(Self { at: Offset::UTC.to_datetime(moment), offset: Some(Offset::UTC), timed: true });
        }
        let read = moment::read(text, DateOrder::DayFirst).ok()?;
        Some(Self { at: read.at, offset: read.offset, timed: read.timed })
    }

    /// The time of day of a field that says no day.
    pub fn time(text: &str) -> Option<Time> {
        if Self::read(text).is_some() { None } else { text.trim().parse().ok() }
    }

    /// The same day at a time that stands in a field of its own.
    pub fn at(self, time: Time, zone: &Zone) -> Self {
        Self { at: self.day(zone).to_datetime(time), offset: None, timed: true }
    }

    /// When clocks show `time` after this moment: on its own day in `zone`, or past midnight where that is within half
    /// a day. Any other time that lies before it is a mistake, and stays on the same day.
    pub fn until(self, time: Time, zone: &Zone) -> Option<Timestamp> {
        let (start, clocks) = (self.moment(zone)?, |day: Date| zone.moment(day.to_datetime(time)));
        let (today, tomorrow) = (clocks(zone.day(start))?, zone.day(start).tomorrow().ok().and_then(clocks));
        let is_night = |end: &Timestamp| today < start && end.duration_since(start) <= HALF_A_DAY;
        Some(tomorrow.filter(is_night).unwrap_or(today))
    }

    /// The day that is meant. CRMs write a day as a moment: Bitrix24 as its server's midnight beside the server's
    /// offset, others as midnight of UTC; both are to be taken as they stand. Any other moment of UTC is somebody's
    /// local time.
    pub fn day(self, zone: &Zone) -> Date {
        let is_moment = self.offset == Some(Offset::UTC) && self.at.time() != Time::midnight();
        let local = if is_moment { self.moment(zone).map(|moment| zone.day(moment)) } else { None };
        local.unwrap_or(self.at.date())
    }

    /// The moment; midnight where no time is said.
    pub fn moment(self, zone: &Zone) -> Option<Timestamp> {
        self.offset.map_or_else(|| zone.moment(self.at), |offset| offset.to_timestamp(self.at).ok())
    }

    /// The day where no time of day is said, or else the moment.
    pub fn point(self, zone: &Zone) -> Option<Point> {
        if self.timed { self.moment(zone).map(Point::At) } else { Some(Point::Day(self.at.date())) }
    }

    /// The same, where midnight says no time either.
    pub fn day_or_time(self, zone: &Zone) -> Option<Point> {
        let midnight = |at: DateTime| at.time() == Time::midnight();
        let local = self.moment(zone).is_some_and(|moment| midnight(zone.local(moment)));
        if midnight(self.at) || local { Some(Point::Day(self.day(zone))) } else { self.point(zone) }
    }

    /// Whether no time of day is said.
    pub fn is_day(self) -> bool {
        !self.timed
    }
}

/// Ten digits are seconds, thirteen milliseconds.
fn epoch(text: &str) -> Option<Timestamp> {
    let number: i64 = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
    match text.len() {
        10 => Timestamp::from_second(number).ok(),
        13 => Timestamp::from_millisecond(number).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::bitrix24("2026-12-31T03:00:00+03:00", "Europe/Istanbul", "2026-12-31")]
    #[case::bitrix24_in_berlin("2026-12-31T02:00:00+02:00", "America/New_York", "2026-12-31")]
    #[case::plain("2026-12-31", "America/New_York", "2026-12-31")]
    #[case::turkish("31.12.2026", "Europe/Istanbul", "2026-12-31")]
    #[case::midnight_of_utc("2026-12-31T00:00:00.000Z", "America/New_York", "2026-12-31")]
    #[case::local_midnight("2026-12-30T21:00:00.000Z", "Europe/Istanbul", "2026-12-31")]
    #[case::salesforce("2026-12-31T18:00:00.000+0000", "Europe/Istanbul", "2026-12-31")]
    #[case::milliseconds("1798675200000", "Europe/Istanbul", "2026-12-31")]
    #[case::seconds("1798664400", "Europe/Istanbul", "2026-12-31")]
    fn the_day_that_is_meant(#[case] text: &str, #[case] zone: &str, #[case] expected: Date) {
        assert_eq!(Written::read(text).unwrap().day(&zone.parse().unwrap()), expected);
    }

    #[rstest]
    #[case::same_day("2026-12-01T14:00", "16:00", "Europe/Istanbul", "2026-12-01T13:00:00Z")]
    #[case::local_day("2026-12-01T22:00:00Z", "02:00", "Europe/Istanbul", "2026-12-01T23:00:00Z")]
    #[case::past_midnight("2026-12-01T22:00", "02:00", "Europe/Istanbul", "2026-12-01T23:00:00Z")]
    #[case::midnight("2026-12-01T22:00", "00:00", "Europe/Istanbul", "2026-12-01T21:00:00Z")]
    #[case::half_a_day("2026-12-01T20:00", "08:00", "Europe/Istanbul", "2026-12-02T05:00:00Z")]
    #[case::a_slip("2026-12-01T10:00", "09:00", "Europe/Istanbul", "2026-12-01T06:00:00Z")]
    #[case::the_same("2026-12-01T10:00", "10:00", "Europe/Istanbul", "2026-12-01T07:00:00Z")]
    #[case::evening_of_the_day_before("2026-12-02T00:00:00Z", "20:00", "America/New_York", "2026-12-02T01:00:00Z")]
    #[case::another_offset("2026-12-01T23:30:00+02:00", "01:00", "Europe/Istanbul", "2026-12-01T22:00:00Z")]
    // On 29 March 2026 clocks went from 2 to 3.
    #[case::clocks_change("2026-03-28T23:30", "03:30", "Europe/Berlin", "2026-03-29T01:30:00Z")]
    fn a_time_of_day_ends_what_began(
        #[case] start: &str,
        #[case] time: &str,
        #[case] zone: &str,
        #[case] expected: &str,
    ) {
        let (zone, time) = (zone.parse().unwrap(), Written::time(time).unwrap());
        assert_eq!(Written::read(start).unwrap().until(time, &zone).unwrap().to_string(), expected);
    }

    #[rstest]
    #[case("14:00", Some("14:00:00"))]
    #[case(" 16:00:00 ", Some("16:00:00"))]
    #[case("1400", Some("14:00:00"))]
    #[case("2026-12-03T12:00", None)]
    #[case("2026-12-03T12:00:00+03:00", None)]
    #[case("03.12.2026 12:00", None)]
    #[case("20261203", None)]
    #[case("25:00", None)]
    fn a_time_of_day_has_no_day_beside_it(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(Written::time(text).map(|time| time.to_string()).as_deref(), expected);
    }

    #[rstest]
    #[case("2026-12-31T19:00:00+03:00", "Europe/Istanbul", Some("2026-12-31T16:00:00Z"))]
    #[case("2026-12-31 19:00", "Europe/Istanbul", Some("2026-12-31T16:00:00Z"))]
    #[case("2026-12-31T00:00:00+03:00", "Europe/Istanbul", None)]
    #[case("2026-12-30T21:00:00Z", "Europe/Istanbul", None)]
    #[case("2026-12-31T00:00:00Z", "Europe/Istanbul", None)]
    #[case("2026-12-31", "Europe/Istanbul", None)]
    fn midnight_says_no_time(#[case] text: &str, #[case] zone: &str, #[case] expected: Option<&str>) {
        let zone = zone.parse().unwrap();
        let day = Point::Day("2026-12-31".parse().unwrap());
        assert_eq!(
            Written::read(text).unwrap().day_or_time(&zone),
            Some(expected.map_or(day, |at| Point::At(at.parse().unwrap())))
        );
    }
}
