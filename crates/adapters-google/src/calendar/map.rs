//! Between Google's events and ours.

use kopru_domain::Zone;
use kopru_domain::calendar::{Event, EventId, EventPatch, Guest, Link, Origin, Reminder, ReminderBy, Reminders, When};
use kopru_ports::calendar::CalendarEvent;
use serde_json::{Map, Value, json};

use super::wire;

/// What is read of an event.
pub(crate) const FIELDS: &str = "id,etag,status,htmlLink,summary,description,location,start,end,\
    attendees(email,displayName,self,resource),reminders,transparency,source,extendedProperties(private),hangoutLink,\
    conferenceData(createRequest(status),entryPoints(entryPointType,uri))";

/// Our own notes, which no guest sees.
const KIND: &str = "kopruRecordType";
const RECORD: &str = "kopruRecordId";
const DRAFTED: &str = "kopruDraft";

/// The body of a new event. What is empty is left out.
pub(crate) fn insertion(id: &EventId, event: &Event) -> Value {
    let mut body = patch(id, &event.clone().into());
    body.insert("id".to_owned(), json!(id.as_str()));
    for time in body.values_mut().filter_map(Value::as_object_mut) {
        time.retain(|_, part| !part.is_null());
    }
    body.retain(|_, value| value != "" && value != &json!([]));
    Value::Object(body)
}

/// The body of a change. Guests are merged by the caller, who knows what they answered.
pub(crate) fn patch(id: &EventId, patch: &EventPatch) -> Map<String, Value> {
    let mut body = Map::new();
    let mut set = |key: &str, value: Option<Value>| {
        body.extend(value.map(|value| (key.to_owned(), value)));
    };
    set("summary", patch.title.as_ref().map(|title| json!(title)));
    set("description", patch.description.as_ref().map(|text| json!(text)));
    set("location", patch.location.as_ref().map(|text| json!(text)));
    let times = patch.when.as_ref().map(times);
    set("start", times.as_ref().map(|(start, _)| start.clone()));
    set("end", times.map(|(_, end)| end));
    set("attendees", patch.guests.as_ref().map(|guests| guests.iter().map(attendee).collect()));
    set("reminders", patch.reminders.as_ref().map(reminders));
    set("transparency", patch.busy.map(|busy| json!(if busy { "opaque" } else { "transparent" })));
    set("source", patch.link.as_ref().map(|link| json!({ "title": link.title, "url": link.url })));
    set("conferenceData", patch.adds_meeting.then(|| conference(id)));
    set("extendedProperties", patch.origin.as_ref().map(properties));
    body
}

/// Of a day and a time the one that is not meant is removed.
fn times(when: &When) -> (Value, Value) {
    match when {
        When::Timed { start, end, zone } => {
            let time =
                |at: &jiff::Timestamp| json!({ "dateTime": at.to_string(), "timeZone": zone.name(), "date": null });
            (time(start), time(end))
        }
        When::AllDay { from, to } => {
            let day = |day: &jiff::civil::Date| json!({ "date": day.to_string(), "dateTime": null, "timeZone": null });
            (day(from), day(to))
        }
    }
}

pub(crate) fn attendee(guest: &Guest) -> Value {
    let mut attendee = json!({ "email": guest.email(), "responseStatus": "needsAction" });
    if !guest.name.is_empty() {
        attendee["displayName"] = json!(guest.name);
    }
    attendee
}

fn reminders(reminders: &Reminders) -> Value {
    let reminder = |reminder: &Reminder| {
        let method = match reminder.by {
            ReminderBy::Popup => "popup",
            ReminderBy::Email => "email",
        };
        json!({ "method": method, "minutes": reminder.minutes })
    };
    match reminders {
        Reminders::Usual => json!({ "useDefault": true, "overrides": [] }),
        Reminders::Own(list) => {
            json!({ "useDefault": false, "overrides": list.iter().map(reminder).collect::<Vec<_>>() })
        }
    }
}

/// The same event's request is the same one, however often it is made.
fn conference(id: &EventId) -> Value {
    json!({ "createRequest": {
        "requestId": id.as_str(),
        "conferenceSolutionKey": { "type": "hangoutsMeet" },
    }})
}

fn properties(origin: &Origin) -> Value {
    json!({ "private": { KIND: origin.kind.name(), RECORD: origin.record_id, DRAFTED: origin.drafted.as_str() } })
}

/// An event as Google tells of it; `None` where it has no time that we know.
pub(crate) fn event(item: wire::Item) -> Option<CalendarEvent> {
    let meeting = meeting(&item);
    let asked = item.conference_data.as_ref().and_then(|conference| conference.create_request.as_ref());
    let pending = asked.is_some_and(|request| request.status.status_code == "pending");
    let guests = item.attendees.iter().filter(|attendee| !attendee.is_owner && !attendee.resource);
    let event = Event {
        title: item.summary,
        description: item.description,
        location: item.location,
        when: when(&item.start, &item.end)?,
        guests: guests.filter_map(|guest| Guest::new(&guest.email, &guest.display_name).ok()).collect(),
        reminders: read_reminders(&item.reminders),
        busy: item.transparency != "transparent",
        link: item.source.map(|source| Link { title: source.title, url: source.url }),
        has_meeting: meeting.is_some() || pending,
        origin: origin(&item.extended_properties),
    };
    Some(CalendarEvent { id: item.id.parse().ok()?, event, version: item.etag, link: item.html_link, meeting })
}

fn when(start: &wire::When, end: &wire::When) -> Option<When> {
    if let (Some(from), Some(to)) = (start.date, end.date) {
        return Some(When::AllDay { from, to });
    }
    let zone = start.time_zone.as_deref().unwrap_or("UTC").parse().unwrap_or_else(|_| Zone::utc());
    Some(When::Timed { start: start.date_time?, end: end.date_time?, zone })
}

fn read_reminders(found: &wire::Reminders) -> Reminders {
    if found.use_default {
        return Reminders::Usual;
    }
    let reminder = |found: &wire::Override| {
        let by = match found.method.as_str() {
            "email" => ReminderBy::Email,
            "popup" => ReminderBy::Popup,
            _ => return None,
        };
        Some(Reminder { by, minutes: found.minutes })
    };
    Reminders::Own(found.overrides.iter().filter_map(reminder).collect())
}

fn meeting(item: &wire::Item) -> Option<String> {
    let points = item.conference_data.as_ref().map(|conference| conference.entry_points.as_slice()).unwrap_or_default();
    let video = points.iter().find(|point| point.entry_point_type == "video").map(|point| point.uri.clone());
    video.or_else(|| item.hangout_link.clone())
}

fn origin(properties: &wire::Properties) -> Option<Origin> {
    let own = |key: &str| properties.private.get(key);
    Some(Origin {
        kind: own(KIND)?.parse().ok()?,
        record_id: own(RECORD)?.clone(),
        drafted: own(DRAFTED)?.parse().ok()?,
    })
}
