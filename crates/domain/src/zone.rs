//! Time zones by name.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

/// A time zone of the IANA database, such as `Europe/Istanbul`; of the copy that is compiled in, so that
/// all instances agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

/// The text names no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time zone is a name such as Europe/Istanbul")]
pub struct UnknownZone;

impl Zone {
    /// Türkiye's time.
    #[must_use]
    pub fn istanbul() -> Self {
        Self(TimeZoneDatabase::bundled().get("Europe/Istanbul").unwrap_or(TimeZone::UTC))
    }

    /// Universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or_default()
    }

    /// The day that it is there: what a daily limit counts by.
    #[must_use]
    pub fn day(&self, now: Timestamp) -> Date {
        self.local(now).date()
    }

    /// When the next day begins there.
    #[must_use]
    pub fn next_day(&self, now: Timestamp) -> Timestamp {
        let midnight = self.day(now).tomorrow().and_then(|day| day.to_zoned(self.0.clone()));
        midnight.map_or(Timestamp::MAX, |midnight| midnight.timestamp())
    }

    /// When clocks there show `at`: the first time where they show it twice, and an hour later where they leave it
    /// out. `None` at the ends of the calendar.
    pub(crate) fn moment(&self, at: DateTime) -> Option<Timestamp> {
        self.0.to_timestamp(at).ok()
    }

    /// What clocks there show.
    pub(crate) fn local(&self, at: Timestamp) -> DateTime {
        self.0.to_datetime(at)
    }

    /// When clocks there are changed next.
    pub(crate) fn next_change(&self, after: Timestamp) -> Option<Timestamp> {
        self.0.following(after).next().map(|change| change.timestamp())
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;
    fn from_str(text: &str) -> Result<Self, UnknownZone> {
        let zone = TimeZoneDatabase::bundled().get(text).map_err(|_| UnknownZone)?;
        if zone.is_unknown() { Err(UnknownZone) } else { Ok(Self(zone)) }
    }
}

impl TryFrom<String> for Zone {
    type Error = UnknownZone;
    fn try_from(text: String) -> Result<Self, UnknownZone> {
        text.parse()
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.to_string()
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn zones_are_known_by_their_names() {
        for name in ["Europe/Istanbul", "America/New_York", "UTC"] {
            assert_eq!(serde_json::to_value(name.parse::<Zone>().unwrap()).unwrap(), name);
        }
        for other in ["", "Europe/Nowhere", "+03:00", "Etc/Unknown", "../etc/passwd"] {
            assert_eq!(other.parse::<Zone>(), Err(UnknownZone), "{other}");
        }
    }

    #[rstest]
    #[case("Europe/Istanbul", "2026-03-01T20:59:59Z", "2026-03-01", "2026-03-01T21:00:00Z")]
    #[case("Europe/Istanbul", "2026-03-01T21:00:00Z", "2026-03-02", "2026-03-02T21:00:00Z")]
    #[case("Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-29", "2026-03-29T22:00:00Z")]
    #[case("America/New_York", "2026-11-01T04:00:00Z", "2026-11-01", "2026-11-02T05:00:00Z")]
    // Clocks went from midnight to one, and a whole day was left out.
    #[case("Asia/Beirut", "2022-03-26T12:00:00Z", "2022-03-26", "2022-03-26T22:00:00Z")]
    #[case("Pacific/Apia", "2011-12-30T09:00:00Z", "2011-12-29", "2011-12-30T10:00:00Z")]
    fn days_begin_when_the_date_changes(
        #[case] zone: Zone,
        #[case] now: Timestamp,
        #[case] day: Date,
        #[case] next: Timestamp,
    ) {
        assert_eq!((zone.day(now), zone.next_day(now)), (day, next));
    }
}
