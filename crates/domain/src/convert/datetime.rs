//! Moments. A day without a time is its midnight in the spreadsheet's zone.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::moment;
use crate::mapping::ColumnStyle;
use crate::reason::Reason;
use crate::value::FieldValue;

/// The moment that a text names, in its own offset or else in the spreadsheet's zone.
pub(super) fn read(text: &str, style: &ColumnStyle) -> Result<FieldValue, Reason> {
    let moment = moment::read(text, style.dates)?;
    match moment.offset {
        Some(offset) => offset.to_timestamp(moment.at).map_err(|_| Reason::NotADate).map(FieldValue::DateTime),
        None => in_zone(moment.at, style),
    }
}

/// The moment of a date cell, whose fraction is the time of day in the spreadsheet's zone.
pub(super) fn from_serial(serial: f64, style: &ColumnStyle) -> Result<FieldValue, Reason> {
    in_zone(moment::from_serial(serial)?, style)
}

fn in_zone(at: DateTime, style: &ColumnStyle) -> Result<FieldValue, Reason> {
    let zone = TimeZone::get(&style.time_zone).map_err(|_| Reason::NotADate)?;
    let moment: Timestamp = zone.to_timestamp(at).map_err(|_| Reason::NotADate)?;
    Ok(FieldValue::DateTime(moment))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("31.12.2026 14:30", "2026-12-31T11:30:00Z")]
    #[case("31.12.2026", "2026-12-30T21:00:00Z")]
    #[case("2026-03-05T10:00:00Z", "2026-03-05T10:00:00Z")]
    #[case("2026-03-05T10:00:00+02:00", "2026-03-05T08:00:00Z")]
    #[case("2026-03-05 10:00:00 +0300", "2026-03-05T07:00:00Z")]
    #[case("05.03.2026 10:00 UTC", "2026-03-05T10:00:00Z")]
    #[case("05.03.2026 10:00 GMT+3", "2026-03-05T07:00:00Z")]
    #[case("03/05/2026 2:30 PM", "2026-05-03T11:30:00Z")]
    fn times_are_in_the_sheets_zone(#[case] text: &str, #[case] expected: &str) {
        let expected = FieldValue::DateTime(expected.parse().unwrap());
        assert_eq!(read(text, &ColumnStyle::turkish()), Ok(expected));
    }

    #[test]
    fn a_serials_fraction_is_the_time_of_day() {
        let expected = FieldValue::DateTime("2026-12-31T11:30:00Z".parse().unwrap());
        assert_eq!(from_serial(46_387.0 + 14.5 / 24.0, &ColumnStyle::turkish()), Ok(expected));
    }
}
