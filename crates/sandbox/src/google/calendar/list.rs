//! `events.list`.

use axum::{
    Json,
    extract::{Path, RawQuery, State as Extracted},
    http::HeaderMap,
};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    super::{access::Query, errors::ApiError},
    READ, handlers, open,
    refusals::{invalid, refused},
    show,
    store::{Calendar, Stored},
    time,
};
use crate::server::Shared;

const KNOWN: &[&str] = &[
    "alwaysIncludeEmail",
    "eventTypes",
    "iCalUID",
    "maxAttendees",
    "maxResults",
    "orderBy",
    "pageToken",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "showDeleted",
    "showHiddenInvitations",
    "singleEvents",
    "syncToken",
    "timeMax",
    "timeMin",
    "timeZone",
    "updatedMin",
];

pub(super) async fn list(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path(calendar): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let mut state = app.google();
    let (account, calendar) = open(&mut state, &headers, READ, &calendar)?;
    let query = handlers::query(raw.as_deref(), KNOWN)?;
    let asked = Asked::read(&query)?;
    let own = calendar.zone();
    let mut found: Vec<&Stored> =
        calendar.events.values().filter(|event| asked.admits(event, calendar, &own)).collect();
    match asked.order {
        Order::Start => found.sort_by_key(|event| event.span.moments(&own).0),
        Order::Updated => found.sort_by_key(|event| event.updated_ms),
        Order::Any => {}
    }
    let zone = time::asked_zone(query.get("timeZone"))?;
    let page = found.iter().skip(asked.from).take(asked.size);
    let items: Vec<Value> = page.map(|event| show::event(calendar, event, zone.as_ref(), &app.base_url)).collect();
    let mut body = json!({
        "kind": "calendar#events",
        "summary": account,
        "timeZone": query.get("timeZone").unwrap_or(&calendar.time_zone),
        "accessRole": "owner",
        "defaultReminders": [{"method": "popup", "minutes": 30}],
        "items": items,
    });
    if asked.from + asked.size < found.len() {
        body["nextPageToken"] = json!(format!("page-{}", asked.from + asked.size));
    }
    Ok(Json(query.mask().map_err(ApiError::legacy)?.prune(body)))
}

#[derive(Debug, Clone, Copy)]
enum Order {
    Start,
    Updated,
    Any,
}

/// What is asked for.
#[derive(Debug)]
struct Asked<'a> {
    after: Option<Timestamp>,
    before: Option<Timestamp>,
    updated: Option<Timestamp>,
    words: Option<String>,
    ical: Option<&'a str>,
    private: Vec<(&'a str, &'a str)>,
    deleted: bool,
    order: Order,
    from: usize,
    size: usize,
}

impl<'a> Asked<'a> {
    fn read(query: &'a Query) -> Result<Self, ApiError> {
        if query.get("syncToken").is_some() {
            let text = "Sync token is no longer valid, a full sync is required.";
            return Err(refused(410, "fullSyncRequired", text));
        }
        let moment = |key: &str| {
            let text = query.get(key);
            text.map(|text| text.parse::<Timestamp>().map_err(|_| invalid("Bad Request"))).transpose()
        };
        let (after, before) = (moment("timeMin")?, moment("timeMax")?);
        if after.zip(before).is_some_and(|(after, before)| after >= before) {
            return Err(refused(400, "timeRangeEmpty", "The specified time range is empty."));
        }
        let private = query.all("privateExtendedProperty").map(|pair| pair.split_once('='));
        let page = query.get("pageToken").map_or(Some(0), |token| token.strip_prefix("page-")?.parse().ok());
        let size = query.get("maxResults").map_or(Ok(250), str::parse).ok().filter(|size| (1..=2500).contains(size));
        Ok(Self {
            after,
            before,
            updated: moment("updatedMin")?,
            words: query.get("q").map(str::to_lowercase),
            ical: query.get("iCalUID"),
            private: private.collect::<Option<_>>().ok_or_else(|| invalid("Invalid Value"))?,
            deleted: query.is_true("showDeleted"),
            order: order(query)?,
            from: page.ok_or_else(|| invalid("Invalid page token value."))?,
            size: size.ok_or_else(|| invalid("Invalid value for: maxResults"))?,
        })
    }

    /// The bounds themselves are outside: an event ends after the first and begins before the second.
    fn admits(&self, event: &Stored, calendar: &Calendar, zone: &TimeZone) -> bool {
        let (start, end) = event.span.moments(zone);
        let body = Value::Object(event.body.clone());
        let has = |(key, value): &(&str, &str)| body["extendedProperties"]["private"][*key] == *value;
        let texts = [&body["summary"], &body["description"], &body["location"]];
        let says = |words: &String| {
            let of_event =
                texts.iter().filter_map(|text| text.as_str()).any(|text| text.to_lowercase().contains(words));
            of_event || event.guests(&calendar.account).iter().any(|guest| guest.contains(words))
        };
        (self.deleted || !event.is_cancelled())
            && self.after.is_none_or(|after| end > after)
            && self.before.is_none_or(|before| start < before)
            && self.updated.is_none_or(|updated| event.updated_ms >= updated.as_millisecond())
            && self.ical.is_none_or(|ical| ical == format!("{}@google.com", event.id))
            && self.private.iter().all(has)
            && self.words.as_ref().is_none_or(says)
    }
}

fn order(query: &Query) -> Result<Order, ApiError> {
    match query.get("orderBy") {
        Some("startTime") if query.is_true("singleEvents") => Ok(Order::Start),
        Some("startTime") => Err(invalid("The requested ordering is not available for the particular query.")),
        Some("updated") => Ok(Order::Updated),
        Some(_) => Err(invalid("Invalid value for: orderBy")),
        None => Ok(Order::Any),
    }
}
