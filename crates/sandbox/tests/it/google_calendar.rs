//! Section 2 of the Google facts: events, their ids, versions, guests and conferences.

use kopru_sandbox::SandboxConfig;
use reqwest::{Method, RequestBuilder, header::ETAG};
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::{Fixture, SHEETS, json_of};

const EVENTS: &str = "https://www.googleapis.com/auth/calendar.events";
const ACCOUNT: &str = "demo@example.com";

struct Calendar {
    fixture: Fixture,
    token: String,
}

/// Ten to eleven in Istanbul.
fn hour(id: &str) -> Value {
    let time = |hour: u32| json!({"dateTime": format!("2026-12-01T{hour}:00:00+03:00"), "timeZone": "Europe/Istanbul"});
    json!({"id": id, "summary": "Toplantı", "start": time(10), "end": time(11)})
}

/// A whole day in the place of a time.
fn day(date: &str) -> Value {
    json!({"date": date, "dateTime": null, "timeZone": null})
}

fn with(mut body: Value, more: Value) -> Value {
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    body
}

impl Calendar {
    async fn start() -> Self {
        Self::of(Fixture::start().await).await
    }

    async fn of(fixture: Fixture) -> Self {
        let token = fixture.token(EVENTS).await;
        Self { fixture, token }
    }

    fn request(&self, method: Method, tail: &str) -> RequestBuilder {
        self.fixture.request(method, &format!("google/calendar/v3/{tail}")).bearer_auth(&self.token)
    }

    async fn call(&self, method: Method, tail: &str, body: Value) -> (u16, Value) {
        let request = self.request(method, &format!("calendars/primary/events{tail}"));
        let request = if body.is_null() { request } else { request.json(&body) };
        json_of(request.send().await.unwrap()).await
    }

    async fn insert(&self, body: Value) -> Value {
        let (status, answer) = self.call(Method::POST, "", body).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    /// Status and reason.
    async fn refusal(&self, method: Method, tail: &str, body: Value) -> (u16, String) {
        let (status, answer) = self.call(method, tail, body).await;
        (status, answer["error"]["errors"][0]["reason"].as_str().unwrap_or_default().to_owned())
    }

    async fn kept(&self) -> Value {
        self.fixture.inspect(&format!("google/calendars/{ACCOUNT}")).await
    }
}

#[tokio::test]
async fn an_event_has_what_google_adds_to_it() {
    let calendar = Calendar::start().await;
    let made = calendar.insert(hour("abc12")).await;
    let expected = json!({"dateTime": "2026-12-01T10:00:00+03:00", "timeZone": "Europe/Istanbul"});
    assert_eq!((&made["start"], &made["status"], &made["sequence"]), (&expected, &json!("confirmed"), &json!(0)));
    assert_eq!(made["organizer"], json!({"email": ACCOUNT, "self": true}));
    assert_eq!(made["reminders"], json!({"useDefault": true}));
    assert!(made.as_object().unwrap().values().all(|value| !value.is_null()), "what is absent is left out");
    assert!(made["htmlLink"].as_str().unwrap().starts_with(&calendar.fixture.base));
    let answer = calendar.request(Method::GET, "calendars/demo@example.com/events/abc12").send().await.unwrap();
    assert_eq!(answer.headers()[ETAG], made["etag"].as_str().unwrap());
    assert_eq!(json_of(answer).await, (200, made));
    let (_, there) = calendar.call(Method::GET, "/abc12?timeZone=Europe/Berlin&fields=start,id", Value::Null).await;
    let berlin = json!({"dateTime": "2026-12-01T08:00:00+01:00", "timeZone": "Europe/Istanbul"});
    assert_eq!(there, json!({"id": "abc12", "start": berlin}));
    let made = calendar.insert(json!({"start": {"date": "2026-12-31"}, "end": {"date": "2027-01-01"}})).await;
    assert_eq!((&made["start"], &made["end"]), (&json!({"date": "2026-12-31"}), &json!({"date": "2027-01-01"})));
    assert_eq!(made["id"].as_str().unwrap().len(), 26);
}

#[tokio::test]
async fn an_id_is_taken_for_ever() {
    let calendar = Calendar::start().await;
    for id in ["abc1", "ABC12", "abc-12", "wxyz12"] {
        assert_eq!(calendar.refusal(Method::POST, "", hour(id)).await, (400, "invalid".into()), "{id}");
    }
    calendar.insert(hour("abc12")).await;
    assert_eq!(calendar.refusal(Method::POST, "", hour("abc12")).await, (409, "duplicate".into()));
    assert_eq!(calendar.call(Method::DELETE, "/abc12", Value::Null).await, (204, json!("")));
    assert_eq!(calendar.refusal(Method::DELETE, "/abc12", Value::Null).await, (410, "deleted".into()));
    assert_eq!(calendar.refusal(Method::POST, "", hour("abc12")).await, (409, "duplicate".into()));
    let (status, gone) = calendar.call(Method::GET, "/abc12", Value::Null).await;
    assert_eq!((status, &gone["status"]), (200, &json!("cancelled")));
    let (_, list) = calendar.call(Method::GET, "", Value::Null).await;
    assert_eq!(list["items"], json!([]));
    let (_, all) = calendar.call(Method::GET, "?showDeleted=true", Value::Null).await;
    assert_eq!(all["items"][0]["id"], "abc12");
    let (_, back) = calendar.call(Method::PATCH, "/abc12", json!({"status": "confirmed"})).await;
    assert_eq!((&back["status"], &back["summary"]), (&json!("confirmed"), &json!("Toplantı")));
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(calendar.refusal(method, "/nobody", Value::Null).await, (404, "notFound".into()));
    }
}

#[rstest]
#[case::no_end(json!({"end": null}), "required")]
#[case::backwards(json!({"end": {"dateTime": "2026-12-01T09:59:59+03:00"}}), "timeRangeEmpty")]
#[case::a_day_of_no_length(json!({"start": day("2026-12-01"), "end": day("2026-12-01")}), "timeRangeEmpty")]
#[case::mixed(json!({"end": {"date": "2026-12-02"}}), "invalid")]
#[case::both(json!({"start": {"date": "2026-12-01", "dateTime": "2026-12-01T10:00:00Z"}}), "invalid")]
#[case::no_zone(json!({"start": {"dateTime": "2026-12-01T10:00:00", "timeZone": null}}), "required")]
#[case::a_bad_zone(json!({"start": {"dateTime": "2026-12-01T10:00:00", "timeZone": "GMT+3"}}), "invalid")]
#[case::a_bad_guest(json!({"attendees": [{"email": "ayse"}]}), "invalid")]
#[case::six_reminders(json!({"reminders": {"useDefault": false, "overrides": vec![json!({"method": "popup", "minutes": 1}); 6]}}), "invalid")]
#[case::by_text(json!({"reminders": {"useDefault": false, "overrides": [{"method": "sms", "minutes": 1}]}}), "invalid")]
#[case::too_early(json!({"reminders": {"useDefault": false, "overrides": [{"method": "popup", "minutes": 40_321}]}}), "invalid")]
#[case::two_minds(json!({"reminders": {"useDefault": true, "overrides": [{"method": "popup", "minutes": 1}]}}), "cannotUseDefaultRemindersAndSpecifyOverride")]
#[case::a_script(json!({"source": {"title": "x", "url": "javascript:alert(1)"}}), "invalid")]
#[case::a_long_property(json!({"extendedProperties": {"private": {"k": "x".repeat(1025)}}}), "invalid")]
#[case::an_unknown_key(json!({"sumary": "x"}), "badRequest")]
#[tokio::test]
async fn what_google_refuses_changes_nothing(#[case] more: Value, #[case] reason: &str) {
    let calendar = Calendar::start().await;
    let expected = (400, reason.to_owned());
    assert_eq!(calendar.refusal(Method::POST, "", with(hour("abc12"), more.clone())).await, expected);
    let made = calendar.insert(hour("abc13")).await;
    assert_eq!(calendar.refusal(Method::PATCH, "/abc13", more).await, expected);
    assert_eq!(calendar.call(Method::GET, "/abc13", Value::Null).await.1, made);
}

#[tokio::test]
async fn a_patch_merges_and_an_update_replaces() {
    let calendar = Calendar::start().await;
    let more = json!({"location": "Levent", "extendedProperties": {"private": {"a": "1"}}});
    calendar.insert(with(hour("abc12"), more)).await;
    let private = json!({"private": {"b": "2"}});
    let patch = json!({"start": day("2026-12-05"), "end": day("2026-12-06"), "extendedProperties": private});
    let (_, patched) = calendar.call(Method::PATCH, "/abc12", patch).await;
    assert_eq!((&patched["start"], &patched["location"]), (&json!({"date": "2026-12-05"}), &json!("Levent")));
    assert_eq!(patched["extendedProperties"]["private"], json!({"a": "1", "b": "2"}));
    assert_eq!(patched["sequence"], 1);
    let (_, updated) = calendar.call(Method::PUT, "/abc12", hour("abc12")).await;
    assert_eq!((updated.get("location"), updated.get("extendedProperties")), (None, None));
    let (_, same) = calendar.call(Method::PUT, "/abc12", updated.clone()).await;
    assert_eq!(same["start"], updated["start"], "an event that was read can be written back");
}

#[tokio::test]
async fn a_version_that_is_not_the_last_one_loses() {
    let calendar = Calendar::start().await;
    let first = calendar.insert(hour("abc12")).await["etag"].as_str().unwrap().to_owned();
    let conditional = async |method: Method, etag: &str| {
        let request = calendar.request(method.clone(), "calendars/primary/events/abc12").header("if-match", etag);
        let request = if method == Method::PATCH { request.json(&json!({"summary": "x"})) } else { request };
        json_of(request.send().await.unwrap()).await
    };
    assert_eq!(conditional(Method::PATCH, &first).await.0, 200);
    for method in [Method::PATCH, Method::DELETE] {
        let (status, answer) = conditional(method, &first).await;
        assert_eq!((status, &answer["error"]["errors"][0]["reason"]), (412, &json!("conditionNotMet")));
    }
    let now = calendar.call(Method::GET, "/abc12", Value::Null).await.1["etag"].as_str().unwrap().to_owned();
    let request = calendar.request(Method::GET, "calendars/primary/events/abc12").header("if-none-match", &now);
    assert_eq!(request.send().await.unwrap().status(), 304);
    assert_eq!(conditional(Method::DELETE, &now).await.0, 204);
}

#[rstest]
#[case::at_once(false, "success")]
#[case::later(true, "pending")]
#[tokio::test]
async fn a_conference_comes_at_once_or_a_little_later(#[case] slow: bool, #[case] status: &str) {
    let calendar = Calendar::start().await;
    calendar.fixture.control("google/settings", json!({"slow_meet": slow})).await;
    let request = |id: &str| json!({"conferenceData": {"createRequest": {"requestId": id, "conferenceSolutionKey": {"type": "hangoutsMeet"}}}});
    let without = calendar.insert(with(hour("abc11"), request("r1"))).await;
    assert_eq!(without.get("conferenceData"), None, "without conferenceDataVersion nothing is made");
    let tail = "?conferenceDataVersion=1";
    let (_, made) = calendar.call(Method::POST, tail, with(hour("abc12"), request("r1"))).await;
    assert_eq!(made["conferenceData"]["createRequest"]["status"]["statusCode"], status);
    assert_eq!(made.get("hangoutLink").is_none(), slow);
    let (_, read) = calendar.call(Method::GET, "/abc12", Value::Null).await;
    let link = read["hangoutLink"].as_str().unwrap();
    assert_eq!(read["conferenceData"]["entryPoints"][0]["uri"], link);
    let (_, again) = calendar.call(Method::PATCH, &format!("/abc12{tail}"), request("r2")).await;
    assert_eq!(again["hangoutLink"], link, "one event has one conference");
    let (_, patched) = calendar.call(Method::PATCH, "/abc12", json!({"conferenceData": null})).await;
    assert_eq!(patched["hangoutLink"], link, "without conferenceDataVersion nothing is taken away");
    let (_, gone) = calendar.call(Method::PATCH, &format!("/abc12{tail}"), json!({"conferenceData": null})).await;
    assert_eq!(gone.get("hangoutLink"), None);
}

#[tokio::test]
async fn guests_are_written_to_as_asked() {
    let calendar = Calendar::start().await;
    let guests =
        json!({"attendees": [{"email": "ayse@example.com"}, {"email": "ece@other.example"}, {"email": ACCOUNT}]});
    let made = calendar.insert(with(hour("abc12"), guests.clone())).await;
    assert_eq!(made["attendees"][0], json!({"email": "ayse@example.com", "responseStatus": "needsAction"}));
    assert_eq!(made["attendees"][2]["self"], true);
    assert_eq!(calendar.kept().await["notices"], json!([]), "nobody, unless asked");
    calendar.call(Method::POST, "?sendUpdates=externalOnly", with(hour("abc13"), guests)).await;
    let one = json!({"attendees": [{"email": "ayse@example.com"}]});
    calendar.call(Method::PATCH, "/abc12?sendUpdates=all", one).await;
    calendar.call(Method::DELETE, "/abc12?sendUpdates=all", Value::Null).await;
    let notice = |event: &str, kind: &str, to: &str| json!({"event": event, "kind": kind, "to": [to]});
    let expected = [
        notice("abc13", "invitation", "ece@other.example"),
        notice("abc12", "cancellation", "ece@other.example"),
        notice("abc12", "update", "ayse@example.com"),
        notice("abc12", "cancellation", "ayse@example.com"),
    ];
    assert_eq!(calendar.kept().await["notices"], json!(expected));
    assert_eq!(calendar.refusal(Method::DELETE, "/abc13?sendUpdates=some", Value::Null).await.0, 400);
}

#[tokio::test]
async fn a_span_of_time_is_listed_in_pages() {
    let calendar = Calendar::start().await;
    for (id, from, to) in [("eeeee", "09", "10"), ("ddddd", "10", "11"), ("ccccc", "11", "12"), ("bbbbb", "12", "13")] {
        let time = |hour: &str| json!({"dateTime": format!("2026-12-01T{hour}:00:00Z")});
        calendar.insert(json!({"id": id, "summary": format!("İş {id}"), "start": time(from), "end": time(to)})).await;
    }
    // Midnight of the calendar's own zone is 21:00 of the day before.
    calendar.insert(json!({"id": "aaaaa", "start": {"date": "2026-12-02"}, "end": {"date": "2026-12-03"}})).await;
    let ids = async |query: &str| {
        let (status, answer) = calendar.call(Method::GET, query, Value::Null).await;
        assert_eq!(status, 200, "{answer}");
        let items = answer["items"].as_array().unwrap();
        let ids = items.iter().map(|item| item["id"].as_str().unwrap()[..1].to_owned()).collect::<String>();
        (ids, answer["nextPageToken"].as_str().map(str::to_owned))
    };
    let span = "?singleEvents=true&orderBy=startTime&timeMin=2026-12-01T10:00:00Z&timeMax=2026-12-01T21:00:01Z";
    assert_eq!(ids(span).await.0, "dcba");
    assert_eq!(ids(&span.replace("21:00:01", "21:00:00")).await.0, "dcb");
    let (first, next) = ids(&format!("{span}&maxResults=3")).await;
    assert_eq!((first.as_str(), next.as_deref()), ("dcb", Some("page-3")));
    assert_eq!(ids(&format!("{span}&maxResults=3&pageToken=page-3")).await, ("a".into(), None));
    assert_eq!(ids("?q=CCC").await.0, "c");
    for (query, status, reason) in [
        ("?orderBy=startTime", 400, "invalid"),
        ("?timeMin=2026-12-01T10:00:00", 400, "invalid"),
        ("?timeMin=2026-12-01T10:00:00Z&timeMax=2026-12-01T10:00:00Z", 400, "timeRangeEmpty"),
        ("?maxResults=2501", 400, "invalid"),
        ("?syncToken=x", 410, "fullSyncRequired"),
    ] {
        assert_eq!(calendar.refusal(Method::GET, query, Value::Null).await, (status, reason.into()), "{query}");
    }
}

#[tokio::test]
async fn what_people_do_by_hand_is_there_and_read_by_property() {
    let calendar = Calendar::start().await;
    let put = calendar.fixture.request(Method::PUT, &format!("_control/google/calendars/{ACCOUNT}/events/abc12"));
    let body = with(hour("abc12"), json!({"extendedProperties": {"private": {"record": "12"}}}));
    assert_eq!(put.try_clone().unwrap().json(&body).send().await.unwrap().status(), 200);
    let (_, found) = calendar.call(Method::GET, "?privateExtendedProperty=record%3D12", Value::Null).await;
    assert_eq!(found["items"][0]["summary"], "Toplantı");
    put.json(&json!({"summary": "Elle"})).send().await.unwrap();
    assert_eq!(calendar.kept().await["events"][0]["summary"], "Elle");
    let path = format!("_control/google/calendars/{ACCOUNT}/events/abc12");
    calendar.fixture.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(calendar.call(Method::GET, "/abc12", Value::Null).await.1["status"], "cancelled");
}

#[tokio::test]
async fn scopes_accounts_and_quotas_are_kept_apart() {
    let config = SandboxConfig { google_calendar_per_minute_per_user: 3, ..SandboxConfig::default() };
    let mut calendar = Calendar::of(Fixture::with(config).await).await;
    let all = calendar.fixture.control("google/token", json!({})).await;
    assert!(all["access_token"].is_string(), "any client gets a token");
    calendar.insert(hour("abc12")).await;
    let stranger = json!({"account": "ece@example.com", "scopes": [EVENTS]});
    let stranger =
        calendar.fixture.control("google/tokens", stranger).await["access_token"].as_str().unwrap().to_owned();
    let own = std::mem::replace(&mut calendar.token, stranger);
    assert_eq!(calendar.refusal(Method::GET, "/abc12", Value::Null).await, (404, "notFound".into()));
    let theirs = calendar.request(Method::GET, "calendars/demo@example.com/events").send().await.unwrap();
    assert_eq!(theirs.status(), 404, "another account's calendar");
    calendar.token = own;
    let list = calendar.request(Method::GET, "users/me/calendarList").send().await.unwrap();
    let (status, answer) = json_of(list).await;
    assert_eq!((status, &answer["error"]["errors"][0]["reason"]), (403, &json!("insufficientPermissions")));
    for expected in [(200, ""), (200, ""), (403, "userRateLimitExceeded")] {
        let (status, reason) = calendar.refusal(Method::GET, "/abc12", Value::Null).await;
        assert_eq!((status, reason.as_str()), expected);
    }
    let (_, answer) = calendar.call(Method::GET, "/abc12", Value::Null).await;
    assert_eq!(answer["error"]["errors"][0]["domain"], "usageLimits");
    calendar.token = calendar.fixture.token(SHEETS).await;
    let insufficient = (403, "insufficientPermissions".to_owned());
    assert_eq!(calendar.refusal(Method::POST, "", hour("abc13")).await, insufficient);
    calendar.token = "nobody".into();
    assert_eq!(calendar.refusal(Method::GET, "", Value::Null).await, (401, "authError".into()));
}

#[tokio::test]
async fn the_calendar_tells_of_itself() {
    let mut calendar = Calendar::start().await;
    let scopes = json!({"scopes": ["https://www.googleapis.com/auth/calendar"]});
    calendar.token =
        calendar.fixture.control("google/token", scopes).await["access_token"].as_str().unwrap().to_owned();
    calendar.fixture.control("google/calendars", json!({"time_zone": "Europe/Berlin"})).await;
    let about = async |path: &str| json_of(calendar.request(Method::GET, path).send().await.unwrap()).await.1;
    assert_eq!(about("calendars/primary").await["timeZone"], "Europe/Berlin");
    let listed = &about("users/me/calendarList").await["items"][0];
    assert_eq!((&listed["id"], &listed["primary"]), (&json!(ACCOUNT), &json!(true)));
    assert_eq!(about("users/me/calendarList/primary").await, *listed);
}

#[tokio::test]
async fn faults_have_the_older_shape() {
    let calendar = Calendar::start().await;
    let fault =
        json!({"vendor": "google", "kind": "error", "status": 403, "code": "quotaExceeded", "description": "m"});
    calendar.fixture.control("faults", fault).await;
    assert_eq!(calendar.refusal(Method::GET, "", Value::Null).await, (403, "quotaExceeded".into()));
    calendar.fixture.control("faults", json!({"vendor": "google", "kind": "expired_token"})).await;
    assert_eq!(calendar.refusal(Method::GET, "", Value::Null).await, (401, "authError".into()));
}
