//! Calendars over a stand-in that answers as Google documents it
//! ([events](https://developers.google.com/workspace/calendar/api/v3/reference/events)), behind a gateway whose pages
//! are all that is heard of a call that is lost.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_adapters_google::{GoogleCalendar, GoogleConfig};
use kopru_domain::calendar::EventId;
use kopru_ports::calendar::CalendarProvider;
use kopru_ports::tokens::{AccessToken, AccessTokens, Service, TokenErrorKind, TokenKey};
use kopru_ports::{PortError, Retry};
use kopru_ports_testkit::suites::calendar::CalendarWorld;
use kopru_ports_testkit::suites::trouble::Trouble;
use kopru_ports_testkit::{ManualClock, OpenGate};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{PATIENCE, nobody};
use crate::scripted::{html, legacy, ok};
use crate::world::{connection, http};

const EVENTS: &str = "/calendar/v3/calendars/primary/events";

#[derive(Default)]
struct Calendar {
    events: BTreeMap<String, Value>,
    writes: u32,
    notified: Vec<String>,
    next: Option<Trouble>,
    refusal: Option<(u16, &'static str)>,
}

#[derive(Clone, Default)]
struct Vendor(Arc<Mutex<Calendar>>);

impl Respond for Vendor {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut calendar = self.0.lock().unwrap();
        match calendar.next.take() {
            Some(Trouble::Busy) => legacy(403, "usageLimits", "userRateLimitExceeded"),
            Some(Trouble::LostBefore) => html(502),
            Some(Trouble::LostAfter) => {
                calendar.answer(request);
                html(504)
            }
            Some(Trouble::Silence) => calendar.answer(request).set_delay(PATIENCE * 2),
            None => calendar.answer(request),
        }
    }
}

/// Objects are merged, `null` removes.
fn merge(into: &mut Value, patch: &Map<String, Value>) {
    for (key, value) in patch {
        match value {
            Value::Null => drop(into.as_object_mut().unwrap().remove(key)),
            Value::Object(inner) if into[key].is_object() => merge(&mut into[key], inner),
            value => into[key] = value.clone(),
        }
    }
}

/// Days are those of UTC here.
fn moment(time: &Value) -> Timestamp {
    let day = || format!("{}T00:00:00Z", time["date"].as_str().unwrap());
    time["dateTime"].as_str().map_or_else(day, str::to_owned).parse().unwrap()
}

impl Calendar {
    fn answer(&mut self, request: &Request) -> ResponseTemplate {
        if let Some((status, reason)) = self.refusal {
            return legacy(status, "global", reason);
        }
        let id = request.url.path().strip_prefix(EVENTS).unwrap().trim_start_matches('/').to_owned();
        let query: BTreeMap<String, String> = request.url.query_pairs().into_owned().collect();
        let notify = query.get("sendUpdates").is_some_and(|updates| updates == "all");
        let body: Map<String, Value> = if request.body.is_empty() { Map::new() } else { request.body_json().unwrap() };
        match (request.method.as_str(), self.events.get(&id).cloned()) {
            ("GET", _) if id.is_empty() => self.list(&query),
            ("POST", _) => self.insert(&body, notify),
            (_, None) => legacy(404, "global", "notFound"),
            ("GET", Some(event)) => ok(event),
            (_, Some(event))
                if request.headers.get("if-match").is_some_and(|etag| event["etag"] != *etag.to_str().unwrap()) =>
            {
                legacy(412, "global", "conditionNotMet")
            }
            ("PATCH", Some(event)) => ok(self.patch(event, &body, notify)),
            ("DELETE", Some(event)) if event["status"] == "cancelled" => legacy(410, "global", "deleted"),
            ("DELETE", Some(event)) => {
                self.patch(event, json!({ "status": "cancelled" }).as_object().unwrap(), notify);
                ResponseTemplate::new(204)
            }
            (method, _) => panic!("{method} {id}"),
        }
    }

    fn insert(&mut self, body: &Map<String, Value>, notify: bool) -> ResponseTemplate {
        let id = body["id"].as_str().unwrap();
        if self.events.contains_key(id) {
            return legacy(409, "global", "duplicate");
        }
        let link = format!("https://www.google.com/calendar/event?eid={id}");
        let made = json!({ "status": "confirmed", "htmlLink": link, "reminders": { "useDefault": true } });
        ok(self.patch(made, body, notify))
    }

    fn patch(&mut self, mut event: Value, body: &Map<String, Value>, notify: bool) -> Value {
        self.writes += 1;
        merge(&mut event, body);
        event["etag"] = json!(format!("\"{}\"", self.writes));
        let id = event["id"].as_str().unwrap().to_owned();
        if body.contains_key("conferenceData") {
            let uri = format!("https://meet.google.com/{id}");
            event["conferenceData"]["entryPoints"] = json!([{ "entryPointType": "video", "uri": uri }]);
        }
        let guests = event["attendees"].as_array().into_iter().flatten().filter(|_| notify);
        self.notified.extend(guests.map(|guest| guest["email"].as_str().unwrap().to_owned()));
        self.events.insert(id, event.clone());
        event
    }

    fn live(&self) -> Vec<Value> {
        let mut live: Vec<Value> =
            self.events.values().filter(|event| event["status"] != "cancelled").cloned().collect();
        live.sort_by_key(|event| moment(&event["start"]));
        live
    }

    fn list(&self, query: &BTreeMap<String, String>) -> ResponseTemplate {
        let bound = |key: &str| query[key].parse::<Timestamp>().unwrap();
        let (after, before) = (bound("timeMin"), bound("timeMax"));
        let within = |event: &Value| moment(&event["end"]) > after && moment(&event["start"]) < before;
        let found: Vec<Value> = self.live().into_iter().filter(within).collect();
        let from: usize = query.get("pageToken").map_or(0, |token| token.parse().unwrap());
        let size: usize = query["maxResults"].parse().unwrap();
        let items: Vec<&Value> = found.iter().skip(from).take(size).collect();
        let mut page = json!({ "items": items });
        if from + size < found.len() {
            page["nextPageToken"] = json!((from + size).to_string());
        }
        ok(page)
    }
}

/// Of one person alone.
struct Tokens;

#[async_trait]
impl AccessTokens for Tokens {
    async fn access_token(&self, key: &TokenKey) -> Result<AccessToken, PortError<TokenErrorKind>> {
        if *key != own_connection() {
            return Err(PortError::new("tokens", TokenErrorKind::NotConnected, Retry::Never));
        }
        Ok(AccessToken { secret: "ya29".into(), account: "108".to_owned() })
    }
    async fn refused(&self, _: &TokenKey, _: &SecretString) -> Result<(), PortError<TokenErrorKind>> {
        Ok(())
    }
    async fn refused_again(&self, _: &TokenKey, _: &SecretString) -> Result<(), PortError<TokenErrorKind>> {
        Ok(())
    }
}

fn own_connection() -> TokenKey {
    TokenKey { service: Service::GoogleCalendar, ..connection() }
}

struct Gateway {
    vendor: Vendor,
    calendar: GoogleCalendar,
    away: GoogleCalendar,
    is_away: AtomicBool,
    _server: MockServer,
}

async fn gateway() -> Gateway {
    let (server, vendor) = (MockServer::start().await, Vendor::default());
    Mock::given(any()).respond_with(vendor.clone()).mount(&server).await;
    let calendar = |config| {
        let (gate, clock) = (Arc::<OpenGate>::default(), Arc::<ManualClock>::default());
        GoogleCalendar::new(config, http(PATIENCE), Arc::new(Tokens), gate, clock)
    };
    let at_vendor = GoogleConfig::at("client".into(), "s3cret".into(), &server.uri());
    let (calendar, away) = (calendar(at_vendor), calendar(nobody()));
    Gateway { vendor, calendar, away, is_away: AtomicBool::new(false), _server: server }
}

impl Gateway {
    fn change(&self, id: &EventId, change: impl FnOnce(&mut Value)) {
        let mut calendar = self.vendor.0.lock().unwrap();
        let mut event = calendar.events[id.as_str()].clone();
        change(&mut event);
        calendar.patch(event, &Map::new(), false);
    }
}

#[async_trait]
impl CalendarWorld for Gateway {
    fn calendar(&self) -> &dyn CalendarProvider {
        if self.is_away.load(Ordering::Relaxed) { &self.away } else { &self.calendar }
    }

    fn connection(&self) -> TokenKey {
        own_connection()
    }

    async fn titles(&self) -> Vec<String> {
        let live = self.vendor.0.lock().unwrap().live();
        live.iter().map(|event| event["summary"].as_str().unwrap_or_default().to_owned()).collect()
    }

    async fn rename(&self, id: &EventId, title: &str) {
        self.change(id, |event| event["summary"] = json!(title));
    }

    async fn remove(&self, id: &EventId) {
        self.change(id, |event| event["status"] = json!("cancelled"));
    }

    async fn accept(&self, id: &EventId, email: &str) {
        self.change(id, |event| {
            let mut attendees = event["attendees"].as_array_mut().unwrap().iter_mut();
            attendees.find(|attendee| attendee["email"] == email).unwrap()["responseStatus"] = json!("accepted");
        });
    }

    async fn accepted(&self, id: &EventId) -> Vec<String> {
        let calendar = self.vendor.0.lock().unwrap();
        let attendees = calendar.events[id.as_str()]["attendees"].as_array().unwrap().clone();
        let accepted = attendees.iter().filter(|attendee| attendee["responseStatus"] == "accepted");
        accepted.map(|attendee| attendee["email"].as_str().unwrap().to_owned()).collect()
    }

    async fn notified(&self) -> Vec<String> {
        self.vendor.0.lock().unwrap().notified.clone()
    }

    async fn untick(&self) {
        self.vendor.0.lock().unwrap().refusal = Some((403, "insufficientPermissions"));
    }

    async fn disconnect(&self) {
        self.vendor.0.lock().unwrap().refusal = Some((401, "authError"));
    }

    async fn next(&self, trouble: Trouble) {
        self.vendor.0.lock().unwrap().next = Some(trouble);
    }

    async fn cut_off(&self) {
        self.is_away.store(true, Ordering::Relaxed);
    }
}

kopru_ports_testkit::calendar_suite!(gateway());
