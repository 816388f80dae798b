//! When an event is, as callers write it.

use jiff::{Timestamp, civil::Date, civil::DateTime, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    super::errors::ApiError,
    refusals::{invalid, refused, required},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Span {
    Days(Date, Date),
    Times(Timestamp, Timestamp),
}

impl Span {
    /// Checks `start` and `end` as Google does.
    pub fn read(start: &Value, end: &Value) -> Result<Self, ApiError> {
        match (point(start, "start")?, point(end, "end")?) {
            (Point::Day(from), Point::Day(to)) if from < to => Ok(Self::Days(from, to)),
            (Point::At(start), Point::At(end)) if start <= end => Ok(Self::Times(start, end)),
            (Point::Day(_), Point::Day(_)) | (Point::At(_), Point::At(_)) => {
                Err(refused(400, "timeRangeEmpty", "The specified time range is empty."))
            }
            _ => Err(invalid("Start and end times must either both be date or both be dateTime.")),
        }
    }

    /// Beginning and end where whole days are those of `zone`.
    pub fn moments(&self, zone: &TimeZone) -> (Timestamp, Timestamp) {
        let midnight =
            |day: &Date| zone.to_timestamp(day.to_datetime(jiff::civil::Time::midnight())).unwrap_or_default();
        match self {
            Self::Days(from, to) => (midnight(from), midnight(to)),
            Self::Times(start, end) => (*start, *end),
        }
    }
}

enum Point {
    Day(Date),
    At(Timestamp),
}

fn point(value: &Value, which: &str) -> Result<Point, ApiError> {
    let text = |key: &str| value[key].as_str();
    let zone = match text("timeZone") {
        Some(name) => {
            Some(TimeZone::get(name).map_err(|_| invalid(&format!("Invalid time zone definition for {which} time.")))?)
        }
        None => None,
    };
    match (text("date"), text("dateTime")) {
        (Some(day), None) => day.parse().map(Point::Day).map_err(|_| invalid("Bad Request")),
        (None, Some(time)) => at(time, zone.as_ref(), which).map(Point::At),
        (None, None) => Err(required(&format!("Missing {which} time."))),
        (Some(_), Some(_)) => Err(invalid(&format!("The {which} time has both a date and a dateTime."))),
    }
}

/// A time with an offset, or one of the time zone beside it.
fn at(time: &str, zone: Option<&TimeZone>, which: &str) -> Result<Timestamp, ApiError> {
    if let Ok(exact) = time.parse::<Timestamp>() {
        return Ok(exact);
    }
    let local: DateTime = time.parse().map_err(|_| invalid("Bad Request"))?;
    let zone = zone.ok_or_else(|| required(&format!("Missing time zone definition for {which} time.")))?;
    zone.to_timestamp(local).map_err(|_| invalid("Bad Request"))
}

/// Times come back in the asked zone's offset, with the name of their own zone.
pub(super) fn shown(own: &Value, moment: Option<Timestamp>, zone: &TimeZone, otherwise: &str) -> Value {
    let Some(moment) = moment else { return json!({"date": own["date"]}) };
    let own_zone = own["timeZone"].as_str().unwrap_or(otherwise);
    let local = moment.to_zoned(zone.clone());
    json!({"dateTime": local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(), "timeZone": own_zone})
}

/// The zone of the query, where there is one.
pub(super) fn asked_zone(name: Option<&str>) -> Result<Option<TimeZone>, ApiError> {
    name.map(|name| TimeZone::get(name).map_err(|_| invalid("Invalid time zone definition."))).transpose()
}
