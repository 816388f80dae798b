//! What callers may write of an event, and what of it is refused.

use serde_json::{Map, Value, json};

use super::{
    super::errors::ApiError,
    refusals::{invalid, refused, required},
};

/// Kept as they were written.
const WRITABLE: [&str; 19] = [
    "anyoneCanAddSelf",
    "attachments",
    "attendees",
    "colorId",
    "description",
    "end",
    "eventLabelId",
    "eventType",
    "extendedProperties",
    "guestsCanInviteOthers",
    "guestsCanModify",
    "guestsCanSeeOtherGuests",
    "location",
    "reminders",
    "source",
    "start",
    "status",
    "summary",
    "transparency",
];
/// What clients send back with an event that they have read; it says nothing.
const READ_ONLY: [&str; 15] = [
    "attendeesOmitted",
    "created",
    "creator",
    "endTimeUnspecified",
    "etag",
    "hangoutLink",
    "htmlLink",
    "iCalUID",
    "id",
    "kind",
    "locked",
    "organizer",
    "privateCopy",
    "sequence",
    "updated",
];
const OTHER: [&str; 2] = ["conferenceData", "visibility"];

const TEXTS: [&str; 7] = ["summary", "description", "location", "status", "transparency", "visibility", "eventType"];
const TIME: &[&str] = &["date", "dateTime", "timeZone"];
const ATTENDEE: &[&str] = &[
    "additionalGuests",
    "asyncOperation",
    "comment",
    "displayName",
    "email",
    "id",
    "optional",
    "organizer",
    "resource",
    "responseStatus",
    "self",
];

/// The body as an object whose keys the interface description has.
pub(super) fn parse(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let parsed: Value = serde_json::from_slice(body).map_err(|_| refused(400, "parseError", "Parse Error"))?;
    let Value::Object(body) = parsed else { return Err(refused(400, "parseError", "Parse Error")) };
    if body.contains_key("recurrence") {
        return Err(invalid("Recurring events are not simulated."));
    }
    let known = [&WRITABLE[..], &READ_ONLY, &OTHER].concat();
    known_keys(&body, &known)?;
    for part in ["start", "end"] {
        if let Some(time) = body.get(part).and_then(Value::as_object) {
            known_keys(time, TIME)?;
        }
    }
    for attendee in body.get("attendees").and_then(Value::as_array).into_iter().flatten() {
        known_keys(attendee.as_object().ok_or_else(|| invalid("Bad Request"))?, ATTENDEE)?;
    }
    Ok(body)
}

fn known_keys(object: &Map<String, Value>, known: &[&str]) -> Result<(), ApiError> {
    match object.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(refused(400, "badRequest", &format!("Invalid JSON payload received. Unknown name \"{key}\""))),
        None => Ok(()),
    }
}

/// The parts of a body that are kept.
pub(super) fn writable(mut body: Map<String, Value>) -> Map<String, Value> {
    body.retain(|key, value| (WRITABLE.contains(&key.as_str()) || key == "visibility") && !value.is_null());
    body
}

/// Writes a patch into an event: objects are merged, `null` removes, lists are replaced as a whole.
pub(super) fn merge(into: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (key, value) in patch {
        match (into.get_mut(&key), value) {
            (_, Value::Null) => drop(into.shift_remove(&key)),
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, value) => drop(into.insert(key, value)),
        }
    }
}

/// Checks what was written, apart from its times, and completes it.
pub(super) fn check(body: &mut Map<String, Value>) -> Result<(), ApiError> {
    if TEXTS.iter().any(|key| body.get(*key).is_some_and(|value| !value.is_string())) {
        return Err(invalid("Bad Request"));
    }
    one_of(body, "status", &["confirmed", "tentative", "cancelled"])?;
    one_of(body, "transparency", &["opaque", "transparent"])?;
    one_of(body, "visibility", &["default", "public", "private", "confidential"])?;
    body.entry("status").or_insert_with(|| json!("confirmed"));
    reminders(body.get("reminders").unwrap_or(&Value::Null))?;
    properties(body.get("extendedProperties").unwrap_or(&Value::Null))?;
    if let Some(url) = body.get("source").map(|source| source["url"].as_str().unwrap_or_default())
        && !url.starts_with("https://")
        && !url.starts_with("http://")
    {
        return Err(invalid("Invalid value for: source.url"));
    }
    attendees(body)
}

fn one_of(body: &Map<String, Value>, key: &str, allowed: &[&str]) -> Result<(), ApiError> {
    let value = body.get(key).and_then(Value::as_str);
    if value.is_none_or(|value| allowed.contains(&value)) {
        return Ok(());
    }
    Err(invalid(&format!("Invalid value for: {key}")))
}

fn attendees(body: &mut Map<String, Value>) -> Result<(), ApiError> {
    let Some(list) = body.get_mut("attendees") else { return Ok(()) };
    let list = list.as_array_mut().ok_or_else(|| invalid("Bad Request"))?;
    for attendee in list.iter_mut() {
        let email = attendee["email"].as_str().ok_or_else(|| required("Missing attendee email."))?;
        if !email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')) {
            return Err(invalid("Invalid attendee email."));
        }
        if attendee.get("responseStatus").is_none() {
            attendee["responseStatus"] = json!("needsAction");
        }
    }
    Ok(())
}

fn reminders(reminders: &Value) -> Result<(), ApiError> {
    let none = Vec::new();
    let overrides = reminders["overrides"].as_array().unwrap_or(&none);
    if reminders["useDefault"] == true && !overrides.is_empty() {
        let text = "Cannot specify both default reminders and overrides at the same time.";
        return Err(refused(400, "cannotUseDefaultRemindersAndSpecifyOverride", text));
    }
    let fits = |reminder: &Value| {
        matches!(reminder["method"].as_str(), Some("email" | "popup"))
            && reminder["minutes"].as_u64().is_some_and(|minutes| minutes <= 40_320)
    };
    if overrides.len() > 5 || !overrides.iter().all(fits) {
        return Err(invalid("Invalid value for: reminders.overrides"));
    }
    Ok(())
}

fn properties(properties: &Value) -> Result<(), ApiError> {
    for (kind, pairs) in properties.as_object().into_iter().flatten() {
        let pairs = pairs.as_object().filter(|_| matches!(kind.as_str(), "private" | "shared"));
        let pairs = pairs.ok_or_else(|| invalid("Bad Request"))?;
        let fits = |(key, value): (&String, &Value)| {
            key.len() <= 44 && value.as_str().is_some_and(|value| value.chars().count() <= 1024)
        };
        if pairs.len() > 300 || !pairs.iter().all(fits) {
            return Err(invalid("Invalid value for: extendedProperties"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_merges_objects_and_replaces_lists() {
        let object = |value: Value| value.as_object().unwrap().clone();
        let mut event =
            object(json!({"start": {"dateTime": "t", "timeZone": "z"}, "attendees": [1, 2], "summary": "s"}));
        let patch = json!({"start": {"date": "d", "dateTime": null}, "attendees": [3], "summary": null});
        merge(&mut event, object(patch));
        assert_eq!(event, object(json!({"start": {"timeZone": "z", "date": "d"}, "attendees": [3]})));
    }
}
