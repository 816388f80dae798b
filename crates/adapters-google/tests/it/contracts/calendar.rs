//! Calendars, over the simulated Google.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use kopru_adapters_google::{GoogleCalendar, GoogleConsent};
use kopru_domain::calendar::EventId;
use kopru_http_client::Method;
use kopru_oauth::TokenSessions;
use kopru_ports::calendar::CalendarProvider;
use kopru_ports::oauth::OAuthProvider as _;
use kopru_ports::tokens::{Service, StoredToken, TokenKey, TokenStore as _};
use kopru_ports_testkit::suites::calendar::CalendarWorld;
use kopru_ports_testkit::suites::trouble::Trouble;
use kopru_ports_testkit::{MemoryStore, OpenGate};
use serde_json::{Value, json};

use super::{PATIENCE, fault, nobody};
use crate::sandbox::{Simulated, config};
use crate::world::{connection, http};

const CALENDAR: &str = "google/calendars/demo@example.com";

/// One person's calendar, reached with that person's tokens.
struct Own {
    simulated: Simulated,
    tokens: Arc<MemoryStore>,
    calendar: GoogleCalendar,
    /// The same adapter, where nobody listens.
    away: GoogleCalendar,
    is_away: AtomicBool,
}

fn own_connection() -> TokenKey {
    TokenKey { service: Service::GoogleCalendar, ..connection() }
}

async fn own() -> Own {
    let simulated = Simulated::start().await;
    let consent = GoogleConsent::for_calendar(config(&simulated.sandbox), http(PATIENCE), simulated.clock.clone());
    let consent = Arc::new(consent.unwrap());
    let granted = simulated.grant(&consent).await;
    let tokens = Arc::<MemoryStore>::default();
    tokens.save(&own_connection(), StoredToken { version: 0, ..granted }).await.unwrap();
    let sessions = Arc::new(TokenSessions::new(tokens.clone(), consent, simulated.clock.clone()));
    let calendar = |config| {
        let gate = Arc::<OpenGate>::default();
        GoogleCalendar::new(config, http(PATIENCE), sessions.clone(), gate, simulated.clock.clone())
    };
    let (calendar, away) = (calendar(config(&simulated.sandbox)), calendar(nobody()));
    // A meeting comes later here, as it may at Google.
    simulated.control(Method::POST, "google/settings", json!({ "slow_meet": true })).await;
    Own { simulated, tokens, calendar, away, is_away: AtomicBool::new(false) }
}

impl Own {
    async fn kept(&self) -> Value {
        let all = self.simulated.control(Method::GET, "google/calendars", json!({})).await;
        if all == json!([]) { json!({}) } else { self.simulated.control(Method::GET, CALENDAR, json!({})).await }
    }

    /// The event as Google keeps it.
    async fn event(&self, id: &EventId) -> Value {
        list(&self.kept().await["events"]).into_iter().find(|event| event["id"] == id.as_str()).unwrap()
    }

    async fn put(&self, id: &EventId, part: Value) {
        self.simulated.control(Method::PUT, &format!("{CALENDAR}/events/{id}"), part).await;
    }
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[async_trait]
impl CalendarWorld for Own {
    fn calendar(&self) -> &dyn CalendarProvider {
        if self.is_away.load(Ordering::Relaxed) { &self.away } else { &self.calendar }
    }

    fn connection(&self) -> TokenKey {
        own_connection()
    }

    async fn titles(&self) -> Vec<String> {
        let events = list(&self.kept().await["events"]);
        let live = events.iter().filter(|event| event["status"] != "cancelled");
        live.map(|event| text(&event["summary"])).collect()
    }

    async fn rename(&self, id: &EventId, title: &str) {
        self.put(id, json!({ "summary": title })).await;
    }

    async fn remove(&self, id: &EventId) {
        self.simulated.control(Method::DELETE, &format!("{CALENDAR}/events/{id}"), json!({})).await;
    }

    async fn accept(&self, id: &EventId, email: &str) {
        let mut attendees = list(&self.event(id).await["attendees"]);
        for attendee in attendees.iter_mut().filter(|attendee| attendee["email"] == email) {
            attendee["responseStatus"] = json!("accepted");
        }
        self.put(id, json!({ "attendees": attendees })).await;
    }

    async fn accepted(&self, id: &EventId) -> Vec<String> {
        let attendees = list(&self.event(id).await["attendees"]);
        let accepted = attendees.iter().filter(|attendee| attendee["responseStatus"] == "accepted");
        accepted.map(|attendee| text(&attendee["email"])).collect()
    }

    async fn notified(&self) -> Vec<String> {
        list(&self.kept().await["notices"]).iter().flat_map(|notice| list(&notice["to"])).map(|to| text(&to)).collect()
    }

    async fn untick(&self) {
        let given = self.simulated.control(Method::POST, "google/tokens", json!({ "scopes": ["openid"] })).await;
        let stored = self.tokens.load(&own_connection()).await.unwrap().unwrap();
        let access = text(&given["access_token"]).into();
        self.tokens.save(&own_connection(), StoredToken { access, ..stored }).await.unwrap();
    }

    async fn disconnect(&self) {
        self.simulated.control(Method::POST, "google/revoke_user", json!({})).await;
    }

    async fn next(&self, trouble: Trouble) {
        self.simulated.control(Method::POST, "faults", fault(trouble)).await;
    }

    async fn cut_off(&self) {
        self.is_away.store(true, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn the_consent_asks_for_events_only() {
    let simulated = Simulated::start().await;
    let consent = GoogleConsent::for_calendar(config(&simulated.sandbox), http(PATIENCE), simulated.clock.clone());
    let consent = consent.unwrap();
    assert_eq!(consent.needed_scopes(), ["https://www.googleapis.com/auth/calendar.events"]);
    let granted = simulated.grant(&consent).await;
    assert!(!granted.scopes.iter().any(|scope| scope.contains("spreadsheets")), "{:?}", granted.scopes);
    assert_eq!(granted.account_email, "demo@example.com");
    simulated.sandbox.stop().await;
}

kopru_ports_testkit::calendar_suite!(own());
