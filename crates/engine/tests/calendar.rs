//! A record's event that is there already, or was, over a calendar in memory that refuses and is overtaken.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kopru_delivery::Waker;
use kopru_domain::calendar::{EventId, Given, RecordType};
use kopru_domain::{Language, Zone};
use kopru_engine::{AddEvent, Added, Engine, EngineError, EventSource, Ports, Settings, personal};
use kopru_ports::calendar::{
    CalendarError, CalendarErrorKind, CalendarEvent, CalendarProvider, DeleteEvent, EventPage, EventRef, InsertEvent,
    ListEvents, PatchEvent,
};
use kopru_ports::tokens::{ConnectionStatus, Service, StoredToken, TokenKey};
use kopru_ports::{PortError, Retry};
use kopru_ports_testkit::calendar::MemoryCalendar;
use kopru_ports_testkit::suites::calendar::{CalendarWorld as _, Trouble};
use kopru_ports_testkit::{CountedIds, ManualClock, MemoryCrm, MemoryIntegrations, MemoryStore, MemoryTokens, Nothing};
use serde_json::{Value, json};

/// A calendar whose next patches are refused so.
struct Fussy {
    memory: MemoryCalendar,
    refusals: Mutex<VecDeque<CalendarErrorKind>>,
}

#[async_trait]
impl CalendarProvider for Fussy {
    async fn insert(&self, request: &InsertEvent) -> Result<CalendarEvent, CalendarError> {
        self.memory.insert(request).await
    }
    async fn get(&self, at: &EventRef) -> Result<CalendarEvent, CalendarError> {
        self.memory.get(at).await
    }
    async fn list(&self, request: &ListEvents) -> Result<EventPage, CalendarError> {
        self.memory.list(request).await
    }
    async fn patch(&self, request: &PatchEvent) -> Result<CalendarEvent, CalendarError> {
        let refusal = self.refusals.lock().expect("a lock").pop_front();
        match refusal {
            Some(kind) => Err(PortError::new("fussy", kind, Retry::Never)),
            None => self.memory.patch(request).await,
        }
    }
    async fn delete(&self, request: &DeleteEvent) -> Result<(), CalendarError> {
        self.memory.delete(request).await
    }
}

struct Stage {
    calendar: Arc<Fussy>,
    engine: Arc<Engine>,
}

fn key() -> TokenKey {
    personal(&"acme".parse().expect("an id"), &"ayse".parse().expect("an id"), Service::GoogleCalendar)
}

fn connected() -> MemoryTokens {
    let tokens = MemoryTokens::default();
    tokens.replace(StoredToken {
        version: 0,
        access: "access".into(),
        refresh: None,
        expires_at: jiff::Timestamp::MAX,
        scopes: Vec::new(),
        account_id: "1".into(),
        account_email: "ayse@example.com".into(),
        status: ConnectionStatus::Active,
        last_error: None,
    });
    tokens
}

fn ports(calendar: Arc<Fussy>) -> Ports {
    let (memory, clock) = (Arc::<MemoryStore>::default(), Arc::<ManualClock>::default());
    let crm = Arc::new(MemoryCrm::new("acme".parse().expect("an id"), clock.clone()));
    Ports {
        identity: memory.clone(),
        integrations: Arc::new(MemoryIntegrations::default()),
        tokens: Arc::new(connected()),
        consents: Arc::new(Nothing),
        configs: memory.clone(),
        delivery: memory.clone(),
        sync: memory.clone(),
        sealer: Arc::new(Nothing),
        sessions: memory.clone(),
        hosts: None,
        audit: memory.clone(),
        data: memory.clone(),
        origins: memory.clone(),
        restores: memory.clone(),
        sealed: memory.clone(),
        google: Arc::new(Nothing),
        calendar_consent: Arc::new(Nothing),
        calendar,
        sheets: Arc::new(Nothing),
        connections: Arc::new(Nothing),
        catalog: crm.clone(),
        crm,
        clock,
        outbox: memory.clone(),
        contacts: memory.clone(),
        texts: memory,
        messages: Arc::new(Nothing),
        emails: Vec::new(),
        mailboxes: Vec::new(),
        vendors: Vec::new(),
        webhooks: Vec::new(),
        ids: Arc::new(CountedIds::default()),
    }
}

impl Stage {
    fn new() -> Self {
        let calendar = Arc::new(Fussy { memory: MemoryCalendar::new(key()), refusals: Mutex::default() });
        let settings = Settings {
            public_url: "http://localhost".into(),
            google_redirect_uri: String::new(),
            calendar_redirect_uri: String::new(),
            google_is_set: true,
            host_scopes: Vec::new(),
            crm_patience: std::time::Duration::ZERO,
            message_patience: std::time::Duration::ZERO,
        };
        Self { engine: Engine::new(ports(calendar.clone()), settings, Waker::default()), calendar }
    }

    fn refuses(&self, kinds: &[CalendarErrorKind]) {
        self.calendar.refusals.lock().expect("a lock").extend(kinds);
    }

    async fn add(&self, title: &str, revive: bool) -> Result<(Added, EventId), CalendarErrorKind> {
        let record: Value = json!({ "id": 42, "title": title, "closedate": "2026-12-15" });
        let record = record.as_object().expect("an object").clone();
        let source = EventSource::Record(RecordType::Deal, record, Given::default());
        let (language, zone) = (Language::En, Zone::istanbul());
        let (key, reminders, meet, notify) = (None, None, false, false);
        let wish = AddEvent { source, language, zone, key, reminders, meet, notify, revive };
        let TokenKey { company, user, .. } = self::key();
        match self.engine.add_event(&company, &user, wish).await {
            Ok((added, event)) => Ok((added, event.id)),
            Err(EngineError::Calendar(error)) => Err(error.kind),
            Err(error) => panic!("{error}"),
        }
    }

    async fn titles(&self) -> Vec<String> {
        self.calendar.memory.titles().await
    }
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_written() {
    for trouble in [Trouble::LostBefore, Trouble::LostAfter] {
        let stage = Stage::new();
        let (_, id) = stage.add("old", false).await.unwrap();
        stage.calendar.memory.next(trouble).await;
        assert_eq!(stage.add("new", false).await, Ok((Added::Changed, id)));
        assert_eq!(stage.titles().await, ["Deal closing: new"]);
    }
}

#[tokio::test]
async fn what_was_deleted_comes_back_although_an_answer_was_lost() {
    let stage = Stage::new();
    let (_, id) = stage.add("old", false).await.unwrap();
    stage.calendar.memory.remove(&id).await;
    stage.calendar.memory.next(Trouble::LostBefore).await;
    assert_eq!(stage.add("new", false).await, Err(CalendarErrorKind::Deleted));
    stage.calendar.memory.next(Trouble::LostBefore).await;
    assert_eq!(stage.add("new", true).await, Ok((Added::Created, id)));
    assert_eq!(stage.titles().await, ["Deal closing: new"]);
}

#[tokio::test]
async fn a_new_event_is_made_once_whatever_became_of_the_answer() {
    let stage = Stage::new();
    stage.calendar.memory.next(Trouble::LostBefore).await;
    let (added, id) = stage.add("new", false).await.unwrap();
    assert_eq!(added, Added::Created);
    assert_eq!(stage.add("new", false).await, Ok((Added::Unchanged, id)));
    let stage = Stage::new();
    stage.calendar.memory.next(Trouble::LostAfter).await;
    stage.add("new", false).await.unwrap();
    assert_eq!(stage.titles().await.len(), 1);
}

#[tokio::test]
async fn an_event_that_may_not_come_back_has_successors_up_to_a_bound() {
    let stage = Stage::new();
    let (_, mut id) = stage.add("0", false).await.unwrap();
    for generation in 1..8 {
        stage.calendar.memory.remove(&id).await;
        assert_eq!(stage.add("x", false).await, Err(CalendarErrorKind::Deleted));
        stage.refuses(&[CalendarErrorKind::NotAllowed]);
        let successor = id.successor();
        assert_eq!(stage.add(&generation.to_string(), true).await, Ok((Added::Created, successor.clone())));
        assert_eq!(stage.add("changed", true).await, Ok((Added::Changed, successor.clone())));
        assert_eq!(stage.titles().await, ["Deal closing: changed"]);
        id = successor;
    }
    stage.calendar.memory.remove(&id).await;
    stage.refuses(&[CalendarErrorKind::NotAllowed]);
    assert_eq!(stage.add("x", true).await, Err(CalendarErrorKind::NotAllowed));
    assert_eq!(stage.add("x", true).await, Ok((Added::Created, id)), "the last one is asked for still");
}

#[tokio::test]
async fn what_is_overtaken_is_merged_twice_and_given_up_then() {
    let stage = Stage::new();
    let (_, id) = stage.add("old", false).await.unwrap();
    stage.refuses(&[CalendarErrorKind::Conflict; 2]);
    assert_eq!(stage.add("new", false).await, Ok((Added::Changed, id)));
    stage.refuses(&[CalendarErrorKind::Conflict; 3]);
    assert_eq!(stage.add("newer", false).await, Err(CalendarErrorKind::Conflict));
    assert_eq!(stage.titles().await, ["Deal closing: new"]);
}
