//! Rows that differ from their records, an engine, and a portal with limits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_adapters_bitrix::Bitrix24;
use kopru_delivery::{Delivery, DeliveryOptions, Limiters, Waker};
use kopru_domain::{
    ColumnMapping, ColumnStyle, CompanyId, ConfigId, EntityKind, FieldValue, Fields, Gid, Language, Mapping, RowId,
    RowState, RowTag, Target,
};
use kopru_engine::{Engine, Ports, Settings};
use kopru_http_client::Method;
use kopru_ports::Clock as _;
use kopru_ports::configs::{ConfigStore as _, SyncConfig};
use kopru_ports::delivery::{DeliveryStore as _, Gather, Lease, LeaseAnswer, NewWork, Settlement, Urgency};
use kopru_ports::identity::IdentityStore as _;
use kopru_ports::integrations::{IntegrationKind, IntegrationStore as _};
use kopru_ports::sync::{RowSeen, RowWritten, SyncChanges, SyncStore as _};
use kopru_ports_testkit::{CountedIds, FastClock, MemoryIntegrations, MemoryStore, Nothing};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use crate::vendors::{CALL, Vendors};

const ROWS: &str = "rows";

pub struct World {
    vendors: Vendors,
    store: Arc<MemoryStore>,
    clock: Arc<FastClock>,
    waker: Waker,
    rows: u32,
    portal: String,
    _stop: watch::Sender<bool>,
}

fn company() -> CompanyId {
    "acme".parse().expect("an id")
}

fn config_id() -> ConfigId {
    ConfigId(Uuid::from_u128(7))
}

fn row_id(portal: &str, number: u32) -> RowId {
    RowId::new(&RowTag::of(&"sheet".parse().expect("an id"), Gid(0), portal), Uuid::from_u128(number.into()))
}

fn title(text: String) -> Fields {
    BTreeMap::from([("TITLE".into(), FieldValue::Text(text))])
}

/// What the engine is told of its surroundings, where a call may take so long.
pub fn engine_settings(call: Duration) -> Settings {
    Settings {
        public_url: String::new(),
        google_redirect_uri: String::new(),
        calendar_redirect_uri: String::new(),
        google_is_set: false,
        host_scopes: Vec::new(),
        crm_patience: call + Duration::from_secs(12),
        message_patience: Duration::from_secs(40),
    }
}

impl World {
    /// A portal of `settings` with as many leads as there are rows.
    pub async fn start(rows: u32, scale: u32, settings: Value) -> Self {
        let vendors = Vendors::start();
        let (store, clock) = (Arc::new(MemoryStore::default()), Arc::new(FastClock::new(scale)));
        let integrations = Arc::new(MemoryIntegrations::default());
        let address = format!("{}/bitrix24/rest/1/abcdef/", vendors.base);
        let connected = SecretString::from(json!({ "webhook": address }).to_string());
        integrations.put(&company(), IntegrationKind::Bitrix24, connected).await.expect("stored");
        let gate = Arc::new(Limiters::new(store.clone(), clock.clone()));
        let call = CALL * scale;
        let bitrix = Arc::new(Bitrix24::new(
            integrations.clone(),
            Arc::new(Nothing),
            (vendors.http.clone(), call),
            gate,
            clock.clone(),
        ));
        let nothing = Arc::new(Nothing);
        let ports = Ports {
            identity: store.clone(),
            integrations,
            tokens: nothing.clone(),
            consents: nothing.clone(),
            configs: store.clone(),
            delivery: store.clone(),
            sync: store.clone(),
            sealer: nothing.clone(),
            sessions: store.clone(),
            hosts: None,
            audit: store.clone(),
            data: store.clone(),
            restores: store.clone(),
            origins: store.clone(),
            sealed: store.clone(),
            google: nothing.clone(),
            calendar_consent: Arc::new(Nothing),
            calendar: Arc::new(Nothing),
            sheets: nothing,
            connections: bitrix.clone(),
            catalog: bitrix.clone(),
            crm: bitrix,
            clock: clock.clone(),
            outbox: store.clone(),
            contacts: store.clone(),
            texts: store.clone(),
            messages: Arc::new(Nothing),
            emails: Vec::new(),
            mailboxes: Vec::new(),
            vendors: Vec::new(),
            webhooks: Vec::new(),
            ids: Arc::new(CountedIds::default()),
        };
        let waker = Waker::default();
        let engine = Engine::new(ports, engine_settings(call), waker.clone());
        let handlers = engine.handlers();
        let delivery =
            Delivery::new(store.clone(), clock.clone(), handlers, engine, DeliveryOptions::default(), waker.clone());
        let (stop, stopped) = watch::channel(false);
        let portal = vendors.base.trim_start_matches("http://").to_owned();
        let world = Self { vendors, store, clock, waker, rows, portal, _stop: stop };
        world.fill().await;
        world.vendors.control(Method::POST, "bitrix24/settings", settings).await;
        world.vendors.control(Method::POST, "clock", json!({ "scale": scale })).await;
        tokio::spawn(delivery.run(stopped));
        world
    }

    async fn fill(&self) {
        self.store.add_company(&company(), "Acme", self.now()).await.expect("a company");
        self.store.add(&self.config()).await.expect("a configuration");
        for chunk in (0..self.rows).collect::<Vec<_>>().chunks(1_000) {
            let lead = |number: &u32| json!({ "entity": "lead", "fields": { "TITLE": format!("before {number}") } });
            let seed = json!({ "records": chunk.iter().map(lead).collect::<Vec<_>>() });
            let made = self.vendors.control(Method::POST, "bitrix24/seed", seed).await;
            let ids = made["ids"].as_array().expect("ids").iter();
            let changes = SyncChanges {
                seen: chunk.iter().map(|number| self.seen(*number, format!("after {number}"))).collect(),
                written: chunk.iter().zip(ids).map(|(number, id)| self.bound(*number, id)).collect(),
                ..SyncChanges::of(config_id())
            };
            self.apply(changes).await;
        }
    }

    fn config(&self) -> SyncConfig {
        let column = ColumnMapping {
            column: 0,
            header: "TITLE".into(),
            target: Target::Field("TITLE".into()),
            style: ColumnStyle::turkish(),
        };
        SyncConfig {
            id: config_id(),
            company: company(),
            user: "person".parse().expect("an id"),
            name: String::new(),
            spreadsheet: "sheet".parse().expect("an id"),
            gid: Gid(0),
            entity: EntityKind::Lead,
            portal: self.portal.clone(),
            mapping: Mapping { columns: vec![column], title_from: vec![] },
            language: Language::En,
            quiet_ms: 0,
            enabled: true,
            webhook_key_hash: "hash".into(),
            sealed_secret: String::new(),
            created: self.now(),
            scan: None,
            restored: None,
            held: false,
        }
    }

    fn seen(&self, number: u32, text: String) -> RowSeen {
        let id = row_id(&self.portal, number);
        RowSeen { id, place: number + 1, desired: title(text), refusals: vec![], scan: None }
    }

    fn bound(&self, number: u32, record: &Value) -> RowWritten {
        RowWritten {
            id: row_id(&self.portal, number),
            record: Some(record.to_string().trim_matches('"').to_owned()),
            revision: 1,
            acked: title(format!("before {number}")),
            rejected: BTreeMap::new(),
            state: RowState::Pending,
            error: None,
        }
    }

    /// Changes rows as a turn on a sheet does.
    async fn apply(&self, changes: SyncChanges) {
        let (lease, now) = self.lease_of_rows().await;
        let settlement = Settlement { sync: vec![changes], ..Settlement::default() };
        self.store.settle(&lease, now, settlement).await.expect("recorded");
    }

    /// A lane that is nobody's work, held for one settlement.
    async fn lease_of_rows(&self) -> (Lease, Timestamp) {
        loop {
            self.store.enqueue(vec![self.work(ROWS, ROWS, Urgency::Bulk, "nobody's")]).await.expect("enqueued");
            let now = self.now();
            match self.store.lease(now, now).await.expect("an answer") {
                LeaseAnswer::Granted(lease) if lease.lane == ROWS => return (lease, now),
                LeaseAnswer::Granted(other) => self.store.release(&other, now).await.expect("given back"),
                LeaseAnswer::Idle(_) => self.sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn work(&self, lane: &str, key: &str, urgency: Urgency, kind: &'static str) -> NewWork {
        NewWork {
            company: company(),
            lane: lane.to_owned(),
            kind,
            key: key.to_owned(),
            owner: config_id().to_string(),
            payload: json!({ "config": config_id(), "row": key }),
            due: self.now(),
            gather: Gather::Earliest,
            urgency,
        }
    }

    fn crm_row(&self, number: u32, urgency: Urgency) -> NewWork {
        self.work(&format!("crm:{}", self.portal), row_id(&self.portal, number).as_str(), urgency, "crm.row")
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn sleep(&self, time: Duration) {
        self.clock.sleep_until(self.now() + time).await;
    }

    /// Bulk work for the rows from `first` on.
    pub async fn make_due(&self, first: u32) {
        let all = (first..self.rows).map(|number| self.crm_row(number, Urgency::Bulk)).collect();
        self.store.enqueue(all).await.expect("enqueued");
        self.waker.wake();
    }

    /// Somebody edits a row; how many seconds later the record has it.
    pub async fn edit(&self, number: u32) -> f64 {
        let began = self.now();
        let text = format!("edited {number}");
        self.apply(SyncChanges { seen: vec![self.seen(number, text.clone())], ..SyncChanges::of(config_id()) }).await;
        self.store.enqueue(vec![self.crm_row(number, Urgency::Interactive)]).await.expect("enqueued");
        self.waker.wake();
        loop {
            let query = kopru_ports::sync::RowsQuery::Ids(vec![row_id(&self.portal, number)]);
            let rows = self.store.rows(&company(), config_id(), query).await.expect("a row");
            if rows[0].acked == title(text.clone()) {
                return self.now().duration_since(began).as_secs_f64();
            }
            self.sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn until_written(&self) {
        while self.store.summary(&company(), config_id()).await.expect("a summary").pending > 0 {
            self.sleep(Duration::from_millis(500)).await;
        }
    }

    /// Whether each record has what its row says, and the portal refused nothing; and the figures.
    pub async fn is_right(&self) -> (bool, String) {
        let stats = self.vendors.control(Method::GET, "bitrix24/stats", json!({})).await;
        let leads = self.vendors.control(Method::GET, "bitrix24/records/lead", json!({})).await;
        let title = |lead: &&Value| lead["fields"]["TITLE"].as_str().is_some_and(|text| !text.starts_with("before"));
        let right = leads.as_array().expect("leads").iter().filter(title).count();
        let refused = &stats["limit_refusals"];
        let figures =
            format!("{right} of {} records right, {} requests, {refused} refused", self.rows, stats["requests"]);
        (right == self.rows as usize && refused == 0, figures)
    }
}
