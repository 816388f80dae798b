//! A whole import with real parts: the sheet is read, its rows get their ids, the records are made, the
//! status cells are written.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_adapters_bitrix::Bitrix24;
use kopru_adapters_google::{GoogleConfig, GoogleConsent, GoogleSheets};
use kopru_delivery::{Delivery, DeliveryOptions, Limiters, TimeOrderedIds, Waker};
use kopru_domain::{CompanyId, ConfigId, EntityKind, Gid, Language, UserId};
use kopru_engine::{Caller, Engine, NewConfig, Ports};
use kopru_http_client::Method;
use kopru_oauth::TokenSessions;
use kopru_ports::Clock as _;
use kopru_ports::tokens::{ConnectionStatus, Service, StoredToken, TokenKey, TokenStore as _};
use kopru_ports_testkit::{FastClock, Nothing};
use kopru_store_sqlite::SqliteStore;
use kopru_vault::Vault;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::vendors::{CALL, Vendors};

const SPREADSHEET: &str = "big";
const SCOPES: [&str; 2] =
    ["https://www.googleapis.com/auth/spreadsheets", "https://www.googleapis.com/auth/drive.metadata.readonly"];

pub struct Import {
    vendors: Vendors,
    engine: Arc<Engine>,
    store: Arc<SqliteStore>,
    clock: Arc<FastClock>,
    rows: u32,
    _folder: tempfile::TempDir,
    _stop: watch::Sender<bool>,
}

fn company() -> CompanyId {
    "acme".parse().expect("an id")
}

fn user() -> UserId {
    "person".parse().expect("an id")
}

fn row(number: u32) -> Value {
    json!([
        format!("Kişi {number}"),
        format!("0532 {:03} {:02} {:02}", number / 10_000, number / 100 % 100, number % 100),
        format!("k{number}@example.com")
    ])
}

fn caller() -> Caller {
    Caller { user: Some(user()), ..Caller::operator(company()) }
}

impl Import {
    /// A sheet of so many rows, an empty portal, and the engine between them.
    pub async fn start(rows: u32, scale: u32) -> Self {
        let vendors = Vendors::start();
        let folder = tempfile::tempdir().expect("a folder");
        let store = Arc::new(SqliteStore::open(&folder.path().join("pace.db")).await.expect("a database"));
        let clock = Arc::new(FastClock::new(scale));
        let (engine, stop) = assemble(&vendors, &store, &clock, scale);
        let world = Self { vendors, engine, store, clock, rows, _folder: folder, _stop: stop };
        world.vendors.control(Method::POST, "clock", json!({ "scale": scale })).await;
        world.vendors.control(Method::POST, "bitrix24/settings", json!({ "costs": { "*": 0.02 } })).await;
        world.connect().await;
        world.fill().await;
        world
    }

    async fn connect(&self) {
        self.engine.add_company(&company(), "Acme").await.expect("a company");
        let webhook = format!("{}/bitrix24/rest/1/abcdef/", self.vendors.base);
        self.engine.connect_portal(&caller(), &webhook.into()).await.expect("a portal");
        let access = self.token().await;
        let token = StoredToken {
            version: 0,
            access: access.into(),
            refresh: None,
            expires_at: self.clock.now() + Duration::from_secs(1_000_000),
            scopes: SCOPES.map(str::to_owned).to_vec(),
            account_id: "1".to_owned(),
            account_email: "a@example.com".to_owned(),
            status: ConnectionStatus::Active,
            last_error: None,
        };
        let key = TokenKey { company: company(), user: user(), service: Service::GoogleSheets };
        self.store.save(&key, token).await.expect("stored");
    }

    async fn token(&self) -> String {
        let wish = json!({ "scopes": SCOPES, "expires_in": 1_000_000 });
        let issued = self.vendors.control(Method::POST, "google/tokens", wish).await;
        issued["access_token"].as_str().expect("a token").to_owned()
    }

    async fn fill(&self) {
        let headers = json!([["Ad Soyad", "Telefon", "E-posta"]]);
        let values: Vec<Value> =
            headers.as_array().into_iter().flatten().cloned().chain((0..self.rows).map(row)).collect();
        let sheet =
            json!({ "id": SPREADSHEET, "title": "Big", "tabs": [{ "gid": 0, "title": "Sayfa1", "values": values }] });
        self.vendors.control(Method::POST, "google/spreadsheets", sheet).await;
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Imports; `watch` is told how many rows are done, now and then.
    pub async fn run(&self, mut watch: impl FnMut(u64)) {
        let wish = NewConfig {
            spreadsheet: SPREADSHEET.parse().expect("an id"),
            gid: Gid(0),
            entity: EntityKind::Lead,
            name: String::new(),
            mapping: None,
            language: Language::Tr,
            quiet_ms: 0,
        };
        let id = self.engine.create_config(&caller(), wish).await.expect("a configuration").config.id;
        self.engine.activate(&caller(), id).await.expect("an import");
        while !self.is_done(id, &mut watch).await {
            self.clock.sleep_until(self.now() + Duration::from_secs(5)).await;
        }
    }

    async fn is_done(&self, id: ConfigId, watch: &mut impl FnMut(u64)) -> bool {
        let summary = self.engine.summary(&caller(), id).await.expect("a summary");
        watch(u64::from(summary.completed));
        summary.events == 0 && summary.work == 0 && summary.scan.is_some_and(|scan| scan.finished)
    }

    /// Whether each row has one record, shown in its status cell; and the figures.
    pub async fn is_right(&self) -> (bool, String) {
        let stats = self.vendors.control(Method::GET, "bitrix24/stats", json!({})).await;
        let records = self.vendors.get("/bitrix24/rest/1/abcdef/crm.lead.list", "").await;
        // The first column behind the sheet's own three.
        let statuses = format!("/google/v4/spreadsheets/{SPREADSHEET}/values/D2:D{}", self.rows + 1);
        let cells = self.vendors.get(&statuses, &self.token().await).await;
        let shown =
            cells["values"].as_array().into_iter().flatten().filter(|cell| cell.to_string().contains('✅')).count();
        let (made, refused) = (records["total"].as_u64().unwrap_or_default(), &stats["limit_refusals"]);
        let figures =
            format!("{made} records, {shown} rows shown as synced, {} requests, {refused} refused", stats["requests"]);
        ((made, shown) == (self.rows.into(), self.rows as usize) && refused == 0, figures)
    }
}

fn assemble(
    vendors: &Vendors,
    store: &Arc<SqliteStore>,
    clock: &Arc<FastClock>,
    scale: u32,
) -> (Arc<Engine>, watch::Sender<bool>) {
    let (call, http) = (CALL * scale, vendors.http.clone());
    let vault = Vault::from_keys(&Vault::generate_key("pace").expect("a key")).expect("a vault");
    let gate = Arc::new(Limiters::new(store.clone(), clock.clone()));
    let google =
        GoogleConfig::at("sandbox-client".to_owned(), "sandbox-secret".into(), &format!("{}/google", vendors.base));
    let consent = Arc::new(GoogleConsent::new(google.clone(), http.clone(), clock.clone()).expect("a client"));
    let sessions = Arc::new(TokenSessions::new(store.clone(), consent.clone(), clock.clone()));
    let bitrix =
        Arc::new(Bitrix24::new(store.clone(), store.clone(), (http.clone(), call), gate.clone(), clock.clone()));
    let ports = Ports {
        identity: store.clone(),
        integrations: store.clone(),
        tokens: store.clone(),
        consents: store.clone(),
        configs: store.clone(),
        delivery: store.clone(),
        sync: store.clone(),
        sealer: Arc::new(vault),
        sessions: store.clone(),
        hosts: None,
        audit: store.clone(),
        data: store.clone(),
        restores: store.clone(),
        origins: store.clone(),
        sealed: store.clone(),
        google: consent,
        calendar_consent: Arc::new(Nothing),
        calendar: Arc::new(Nothing),
        sheets: Arc::new(GoogleSheets::new(google, http, sessions, gate, clock.clone())),
        catalog: bitrix.clone(),
        connections: bitrix.clone(),
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
        ids: Arc::new(TimeOrderedIds),
    };
    let waker = Waker::default();
    let settings = crate::world::engine_settings(call);
    let engine = Engine::new(ports, settings, waker.clone());
    let delivery = Delivery::new(
        store.clone(),
        clock.clone(),
        engine.handlers(),
        engine.clone(),
        DeliveryOptions::default(),
        waker,
    );
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(delivery.run(stopped));
    (engine, stop)
}
