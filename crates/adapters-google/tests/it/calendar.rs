//! What exactly is asked of Calendar, and what its answers mean.

use std::time::Duration;

use kopru_domain::calendar::{
    Event, EventPatch, Fingerprint, Guest, Link, Origin, RecordType, Reminder, ReminderBy, Reminders, When,
};
use kopru_ports::Retry;
use kopru_ports::calendar::{
    CalendarErrorKind, CalendarProvider as _, DeleteEvent, EventRef, InsertEvent, ListEvents, PatchEvent,
};
use kopru_ports::gate::Charge;
use kopru_ports::tokens::{Service, TokenKey};
use rstest::rstest;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::scripted::{Asked, html, legacy, ok, rpc};
use crate::world::{PATIENT, World, connection};

const EVENTS: &str = "/calendar/v3/calendars/primary/events";
const FIELDS: &str = "id,etag,status,htmlLink,summary,description,location,start,end,\
    attendees(email,displayName,self,resource),reminders,transparency,source,extendedProperties(private),hangoutLink,\
    conferenceData(createRequest(status),entryPoints(entryPointType,uri))";

fn at(id: &str) -> EventRef {
    let connection = TokenKey { service: Service::GoogleCalendar, ..connection() };
    EventRef { connection, event: id.parse().unwrap() }
}

fn timed(start: &str, end: &str) -> When {
    When::Timed { start: start.parse().unwrap(), end: end.parse().unwrap(), zone: "Europe/Istanbul".parse().unwrap() }
}

fn plain() -> Event {
    Event {
        title: "Toplantı".into(),
        description: String::new(),
        location: String::new(),
        when: timed("2026-12-01T07:00:00Z", "2026-12-01T08:00:00Z"),
        guests: Vec::new(),
        reminders: Reminders::Usual,
        busy: true,
        link: None,
        has_meeting: false,
        origin: None,
    }
}

/// As Google answers it, with what nobody asked for.
fn answered(id: &str) -> Value {
    json!({
        "kind": "calendar#event", "id": id, "etag": "\"7\"", "status": "confirmed", "summary": "Toplantı",
        "htmlLink": "https://www.google.com/calendar/event?eid=x", "iCalUID": "x@google.com",
        "start": { "dateTime": "2026-12-01T10:00:00+03:00", "timeZone": "Europe/Istanbul" },
        "end": { "dateTime": "2026-12-01T11:00:00+03:00", "timeZone": "Europe/Istanbul" },
        "reminders": { "useDefault": true },
    })
}

fn asked(method: &str, path: &str, query: &[(&str, &str)], body: Value) -> Asked {
    let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (method, path) = (method.to_owned(), path.to_owned());
    Asked { method, path, query, token: "s3cret-1".into(), if_match: None, body, upload: None }
}

const WRITING: [(&str, &str); 2] = [("conferenceDataVersion", "1"), ("fields", FIELDS)];

#[tokio::test]
async fn a_full_event_is_inserted_with_all_it_has() {
    let world = World::start(PATIENT).await;
    world.google.answer(ok(answered("abc12")));
    let reminder = |by, minutes| Reminder { by, minutes };
    let mut event = Event {
        description: "Tutar: 5 ₺".into(),
        location: "Levent".into(),
        guests: vec![Guest::new("ayse@example.com", "Ayşe").unwrap()],
        reminders: Reminders::own(vec![reminder(ReminderBy::Popup, 30), reminder(ReminderBy::Email, 60)]).unwrap(),
        busy: false,
        link: Some(Link { title: "Anlaşma #12".into(), url: "https://crm.example/12".into() }),
        has_meeting: true,
        ..plain()
    };
    let drafted = Fingerprint::of(&event);
    event.origin = Some(Origin { kind: RecordType::Deal, record_id: "12".into(), drafted: drafted.clone() });
    world.calendar.insert(&InsertEvent { at: at("abc12"), event, notify: true }).await.unwrap();
    let body = json!({
        "id": "abc12",
        "summary": "Toplantı",
        "description": "Tutar: 5 ₺",
        "location": "Levent",
        "start": { "dateTime": "2026-12-01T07:00:00Z", "timeZone": "Europe/Istanbul" },
        "end": { "dateTime": "2026-12-01T08:00:00Z", "timeZone": "Europe/Istanbul" },
        "attendees": [{ "email": "ayse@example.com", "displayName": "Ayşe", "responseStatus": "needsAction" }],
        "reminders": { "useDefault": false, "overrides": [
            { "method": "popup", "minutes": 30 },
            { "method": "email", "minutes": 60 },
        ] },
        "transparency": "transparent",
        "source": { "title": "Anlaşma #12", "url": "https://crm.example/12" },
        "conferenceData": { "createRequest": {
            "requestId": "abc12",
            "conferenceSolutionKey": { "type": "hangoutsMeet" },
        } },
        "extendedProperties": { "private": {
            "kopruRecordType": "deal", "kopruRecordId": "12", "kopruDraft": drafted.as_str(),
        } },
    });
    let query = [&WRITING[..], &[("sendUpdates", "all")]].concat();
    assert_eq!(world.google.asked(), [asked("POST", EVENTS, &query, body)]);
}

#[tokio::test]
async fn a_plain_event_is_inserted_with_nothing_else() {
    let world = World::start(PATIENT).await;
    world.google.answer(ok(answered("abc12")));
    let when = When::AllDay { from: "2026-12-31".parse().unwrap(), to: "2027-01-01".parse().unwrap() };
    let event = Event { when, ..plain() };
    let made = world.calendar.insert(&InsertEvent { at: at("abc12"), event, notify: false }).await.unwrap();
    let body = json!({
        "id": "abc12",
        "summary": "Toplantı",
        "start": { "date": "2026-12-31" },
        "end": { "date": "2027-01-01" },
        "reminders": { "useDefault": true, "overrides": [] },
        "transparency": "opaque",
    });
    assert_eq!(world.google.asked(), [asked("POST", EVENTS, &WRITING, body)]);
    assert_eq!((made.event, made.version.as_str(), made.meeting), (plain(), "\"7\"", None));
}

/// Google names a time's zone only where it was given one, and writes other people's events in other ways.
#[tokio::test]
async fn events_of_any_origin_are_listed() {
    let world = World::start(PATIENT).await;
    let mut foreign = answered("_6gq3");
    foreign["start"] = json!({ "dateTime": "2026-12-01T07:00:00Z" });
    foreign["attendees"] = json!([
        { "email": "demo@example.com", "self": true, "responseStatus": "accepted" },
        { "email": "oda@resource.calendar.google.com", "resource": true },
        { "email": "ece@example.com", "displayName": "Ece" },
    ]);
    foreign["reminders"] = json!({ "useDefault": false });
    foreign["hangoutLink"] = json!("https://meet.google.com/abc-defg-hij");
    let mut pending = answered("abc12_20261201T100000Z");
    pending["conferenceData"] = json!({ "createRequest": { "requestId": "r", "status": { "statusCode": "pending" } } });
    let mut failed = answered("abc13");
    failed["conferenceData"] = json!({ "createRequest": { "requestId": "r", "status": { "statusCode": "failure" } } });
    let without_time = json!({ "id": "abc14", "status": "confirmed" });
    let items = json!([foreign, pending, failed, without_time]);
    world.google.answer(ok(json!({ "nextPageToken": "n/2", "items": items })));
    let range = "2026-12-01T00:00:00Z".parse().unwrap().."2026-12-02T00:00:00Z".parse().unwrap();
    let request = ListEvents { connection: at("x").connection, range, limit: 50, page: Some("n/1".into()) };
    let page = world.calendar.list(&request).await.unwrap();
    assert_eq!(page.next.as_deref(), Some("n/2"));
    let meetings: Vec<_> =
        page.events.iter().map(|event| (event.event.has_meeting, event.meeting.as_deref())).collect();
    assert_eq!(meetings, [(true, Some("https://meet.google.com/abc-defg-hij")), (true, None), (false, None)]);
    let first = &page.events[0];
    assert_eq!(first.event.guests, [Guest::new("ece@example.com", "Ece").unwrap()]);
    assert_eq!(first.event.reminders, Reminders::Own(Vec::new()));
    assert!(matches!(&first.event.when, When::Timed { zone, .. } if zone.name() == "UTC"));
    let fields = format!("nextPageToken,items({FIELDS})");
    let query = [
        ("timeMin", "2026-12-01T00:00:00Z"),
        ("timeMax", "2026-12-02T00:00:00Z"),
        ("singleEvents", "true"),
        ("orderBy", "startTime"),
        ("maxResults", "50"),
        ("fields", fields.as_str()),
        ("pageToken", "n/1"),
    ];
    assert_eq!(world.google.asked(), [asked("GET", EVENTS, &query, Value::Null)]);
}

fn patch(patch: EventPatch) -> PatchEvent {
    PatchEvent { at: at("abc12"), patch, version: None, revive: false, notify: false }
}

#[tokio::test]
async fn a_patch_says_what_changes_and_under_which_version() {
    let world = World::start(PATIENT).await;
    world.google.answer(ok(answered("abc12"))).answer(ok(answered("abc12")));
    let when = When::AllDay { from: "2026-12-31".parse().unwrap(), to: "2027-01-01".parse().unwrap() };
    let days = EventPatch { when: Some(when), ..EventPatch::default() };
    world.calendar.patch(&PatchEvent { version: Some("\"7\"".into()), ..patch(days) }).await.unwrap();
    let hours = EventPatch {
        when: Some(timed("2026-12-01T07:00:00Z", "2026-12-01T08:00:00Z")),
        location: Some(String::new()),
        ..EventPatch::default()
    };
    world.calendar.patch(&PatchEvent { revive: true, notify: true, ..patch(hours) }).await.unwrap();
    let day = |day: &str| json!({ "date": day, "dateTime": null, "timeZone": null });
    let path = format!("{EVENTS}/abc12");
    let first = json!({ "start": day("2026-12-31"), "end": day("2027-01-01") });
    let first = Asked { if_match: Some("\"7\"".into()), ..asked("PATCH", &path, &WRITING, first) };
    let time = |time: &str| json!({ "date": null, "dateTime": time, "timeZone": "Europe/Istanbul" });
    let (start, end) = (time("2026-12-01T07:00:00Z"), time("2026-12-01T08:00:00Z"));
    let second = json!({ "start": start, "end": end, "location": "", "status": "confirmed" });
    let query = [&WRITING[..], &[("sendUpdates", "all")]].concat();
    assert_eq!(world.google.asked(), [first, asked("PATCH", &path, &query, second)]);
}

#[tokio::test]
async fn guests_are_written_back_as_google_knows_them() {
    let world = World::start(PATIENT).await;
    let owner = json!({ "email": "demo@example.com", "self": true, "responseStatus": "accepted" });
    let ayse = json!({ "email": "Ayse@example.com", "responseStatus": "accepted", "comment": "geliyorum" });
    let ece = json!({ "email": "ece@example.com", "responseStatus": "declined" });
    let attendees = json!([owner, ayse, ece]);
    world.google.answer(ok(json!({ "etag": "\"9\"", "attendees": attendees }))).answer(ok(answered("abc12")));
    let guest = |email: &str| Guest::new(email, "").unwrap();
    let guests = Some(vec![guest("ayse@example.com"), guest("can@example.com")]);
    world.calendar.patch(&patch(EventPatch { guests, ..EventPatch::default() })).await.unwrap();
    let path = format!("{EVENTS}/abc12");
    let read = asked("GET", &path, &[("fields", "etag,attendees")], Value::Null);
    let can = json!({ "email": "can@example.com", "responseStatus": "needsAction" });
    let written = asked("PATCH", &path, &WRITING, json!({ "attendees": [ayse, can, owner] }));
    assert_eq!(world.google.asked(), [read, Asked { if_match: Some("\"9\"".into()), ..written }]);
}

/// A guest answers between the reading and the writing: the answer stays.
#[tokio::test]
async fn guests_that_somebody_changed_meanwhile_are_merged_again() {
    let world = World::start(PATIENT).await;
    let overtaken = || legacy(412, "global", "conditionNotMet");
    let read = |etag: &str, answer: &str| {
        ok(json!({ "etag": etag, "attendees": [{ "email": "ayse@example.com", "responseStatus": answer }] }))
    };
    let guests = Some(vec![Guest::new("ayse@example.com", "").unwrap()]);
    let guests = patch(EventPatch { guests, ..EventPatch::default() });
    world.google.answer(read("\"9\"", "needsAction")).answer(overtaken());
    world.google.answer(read("\"10\"", "accepted")).answer(ok(answered("abc12")));
    world.calendar.patch(&guests).await.unwrap();
    let written = world.google.asked().remove(3);
    assert_eq!(written.if_match.as_deref(), Some("\"10\""));
    assert_eq!(written.body["attendees"][0]["responseStatus"], "accepted");

    for (version, tries) in [(None, 3), (Some("\"9\"".to_owned()), 1)] {
        for _ in 0..tries {
            world.google.answer(read("\"9\"", "accepted")).answer(overtaken());
        }
        let before = world.google.asked().len();
        let error = world.calendar.patch(&PatchEvent { version, ..guests.clone() }).await.unwrap_err();
        assert_eq!((error.kind, error.retry), (CalendarErrorKind::Conflict, Retry::Never));
        assert_eq!(world.google.asked().len() - before, tries * 2, "a version of the caller's is the caller's to read");
    }
}

#[tokio::test]
async fn what_is_gone_is_deleted() {
    let world = World::start(PATIENT).await;
    let delete = DeleteEvent { at: at("abc12"), notify: false };
    let answers = [ResponseTemplate::new(204), legacy(410, "global", "deleted"), legacy(404, "global", "notFound")];
    for answer in answers {
        world.google.answer(answer);
        world.calendar.delete(&delete).await.unwrap();
    }
    let path = format!("{EVENTS}/abc12");
    assert_eq!(world.google.asked(), [(); 3].map(|()| asked("DELETE", &path, &[], Value::Null)));
}

fn cancelled() -> ResponseTemplate {
    ok(json!({ "id": "abc12", "status": "cancelled", "etag": "\"8\"" }))
}

const NEVER: Retry = Retry::Never;

#[rstest]
#[case::scope(legacy(403, "global", "insufficientPermissions"), CalendarErrorKind::ScopeMissing, NEVER)]
#[case::scope_too(
    rpc(403, "PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
    CalendarErrorKind::ScopeMissing,
    NEVER
)]
#[case::organizer(legacy(403, "calendar", "forbiddenForNonOrganizer"), CalendarErrorKind::NotAllowed, NEVER)]
#[case::rate(
    legacy(403, "usageLimits", "rateLimitExceeded"),
    CalendarErrorKind::RateLimited,
    Retry::After(Some(Duration::from_secs(30)))
)]
#[case::rate_too(
    legacy(429, "usageLimits", "rateLimitExceeded"),
    CalendarErrorKind::RateLimited,
    Retry::After(Some(Duration::from_secs(30)))
)]
#[case::cool_down(
    legacy(403, "usageLimits", "quotaExceeded"),
    CalendarErrorKind::RateLimited,
    Retry::After(Some(Duration::from_hours(1)))
)]
#[case::disabled(
    legacy(403, "usageLimits", "accessNotConfigured"),
    CalendarErrorKind::Unavailable,
    Retry::After(Some(Duration::from_mins(5)))
)]
#[case::absent(legacy(404, "global", "notFound"), CalendarErrorKind::NotFound, NEVER)]
#[case::taken(legacy(409, "global", "duplicate"), CalendarErrorKind::AlreadyExists, NEVER)]
#[case::gone(legacy(410, "global", "deleted"), CalendarErrorKind::Deleted, NEVER)]
#[case::version(legacy(412, "global", "conditionNotMet"), CalendarErrorKind::Conflict, NEVER)]
#[case::wrong(legacy(400, "global", "timeRangeEmpty"), CalendarErrorKind::Invalid, NEVER)]
#[tokio::test]
async fn an_error_is_read_by_its_meaning(
    #[case] answer: ResponseTemplate,
    #[case] kind: CalendarErrorKind,
    #[case] retry: Retry,
) {
    let world = World::start(PATIENT).await;
    world.google.answer(answer.clone()).answer(answer.clone()).answer(answer);
    let insert = InsertEvent { at: at("abc12"), event: plain(), notify: false };
    let errors = [
        world.calendar.insert(&insert).await.unwrap_err(),
        world.calendar.get(&at("abc12")).await.unwrap_err(),
        world.calendar.patch(&patch(EventPatch::default())).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!((error.kind, error.retry, error.detail.as_deref()), (kind, retry, Some("in words")));
    }
}

#[tokio::test]
async fn a_deleted_event_is_answered_like_any_other_and_is_none() {
    let world = World::start(PATIENT).await;
    world.google.answer(cancelled()).answer(cancelled());
    assert_eq!(world.calendar.get(&at("abc12")).await.unwrap_err().kind, CalendarErrorKind::Deleted);
    let patched = world.calendar.patch(&patch(EventPatch::default())).await;
    assert_eq!(patched.unwrap_err().kind, CalendarErrorKind::Deleted);
}

/// An insert that was not answered may have been carried out; everything else may be repeated.
#[rstest]
#[case::gateway(html(502))]
#[case::unavailable(html(503))]
#[case::page_of_success(html(200))]
#[case::cut_off(ResponseTemplate::new(200).set_body_string("{\"id\": \"ab"))]
#[tokio::test]
async fn what_says_nothing_leaves_an_insert_open(#[case] answer: ResponseTemplate) {
    let world = World::start(PATIENT).await;
    world.google.answer(answer.clone()).answer(answer.clone()).answer(answer);
    let insert = InsertEvent { at: at("abc12"), event: plain(), notify: false };
    let error = world.calendar.insert(&insert).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (CalendarErrorKind::Unavailable, Retry::OutcomeUnknown));
    for answer in [world.calendar.get(&at("abc12")).await, world.calendar.patch(&patch(EventPatch::default())).await] {
        let error = answer.unwrap_err();
        assert_eq!((error.kind, error.retry), (CalendarErrorKind::Unavailable, Retry::After(None)));
    }
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let world = World::start(PATIENT).await;
    let refused = || legacy(401, "global", "authError");
    world.google.answer(refused()).answer(ok(answered("abc12"))).answer(refused()).answer(refused());
    assert_eq!(world.calendar.get(&at("abc12")).await.unwrap().event, plain());
    let error = world.calendar.get(&at("abc12")).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (CalendarErrorKind::ReconnectRequired, Retry::Never));
    assert_eq!(*world.tokens.refused.lock().unwrap(), ["s3cret-1", "s3cret-2"]);
    assert_eq!(*world.tokens.refused_again.lock().unwrap(), ["s3cret-3"]);
}

#[rstest]
#[case::project("rateLimitExceeded", &["google:client:calendar", "google:client:calendar:108"])]
#[case::person("userRateLimitExceeded", &["google:client:calendar:108"])]
#[case::used_up("quotaExceeded", &["google:client:calendar:108"])]
#[tokio::test]
async fn calls_spend_from_the_projects_and_the_persons_quota(#[case] reason: &str, #[case] closed: &[&str]) {
    let world = World::start(PATIENT).await;
    world.google.answer(legacy(403, "usageLimits", reason));
    world.calendar.get(&at("abc12")).await.unwrap_err();
    let pass = world.gate.passes.lock().unwrap().remove(0);
    let a_minute = |Charge { limit, .. }: &Charge| (limit.burst + limit.per_second * 60.0).round();
    assert_eq!(pass.charges.iter().map(a_minute).collect::<Vec<_>>(), [10_000.0, 600.0]);
    let refusals = world.gate.refusals.lock().unwrap();
    assert_eq!(refusals.iter().map(|(scope, _)| scope.as_str()).collect::<Vec<_>>(), closed);
}
