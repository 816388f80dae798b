//! Against the simulated Google: from the consent to its end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kopru_adapters_google::{GoogleConfig, GoogleConsent, GoogleSheets};
use kopru_domain::{CellValue, Gid};
use kopru_http_client::{HttpClient, Method, Reply};
use kopru_oauth::TokenSessions;
use kopru_ports::Clock as _;
use kopru_ports::delivery::Urgency;
use kopru_ports::oauth::{AuthorizeRequest, OAuthErrorKind, OAuthProvider as _};
use kopru_ports::spreadsheets::{Area, CellWrite, NewColumn, SheetsErrorKind, Spreadsheets as _};
use kopru_ports::tokens::{AccessTokens as _, ConnectionStatus, StoredToken, TokenStore as _};
use kopru_ports_testkit::ManualClock;
use kopru_sandbox::{Sandbox, SandboxConfig};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::memory::{Memory, connected};
use kopru_ports_testkit::OpenGate;

use crate::world::{PATIENT, connection, http, tab};

pub const REDIRECT: &str = "http://127.0.0.1:9/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub struct Simulated {
    pub sandbox: Sandbox,
    pub http: HttpClient,
    pub clock: Arc<ManualClock>,
    pub consent: Arc<GoogleConsent>,
}

/// A person's connection.
pub struct Connected {
    sheets: GoogleSheets,
    sessions: Arc<TokenSessions>,
    pub store: Arc<Memory>,
}

impl Simulated {
    pub async fn start() -> Self {
        let (sandbox, http) = (Sandbox::start(SandboxConfig::default()).await.unwrap(), http(PATIENT));
        let clock = Arc::<ManualClock>::default();
        let consent = GoogleConsent::new(config(&sandbox), http.clone(), clock.clone()).unwrap();
        Self { sandbox, http, clock, consent: Arc::new(consent) }
    }

    pub async fn control(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}/_control/{path}", self.sandbox.base_url());
        let reply = self.http.send(self.http.request(method, &url).json(&body)).await.unwrap();
        assert_eq!(reply.status, 200, "{path}");
        reply.json().unwrap()
    }

    /// The code of a person who agrees.
    async fn agree(&self, consent: &GoogleConsent) -> SecretString {
        let request =
            AuthorizeRequest { state: "st4te".into(), verifier: VERIFIER.into(), redirect_uri: REDIRECT.to_owned() };
        let (code, state) = self.agree_at(&consent.authorize_url(&request)).await;
        assert_eq!(state, "st4te");
        code
    }

    /// What a person grants who agrees to everything.
    pub async fn grant(&self, consent: &GoogleConsent) -> StoredToken {
        let grant = consent.exchange(self.agree(consent).await, VERIFIER.into(), REDIRECT).await.unwrap();
        for needed in consent.needed_scopes() {
            assert!(grant.scopes.iter().any(|scope| scope == needed), "{:?}", grant.scopes);
        }
        let account = consent.account(grant.access.clone()).await.unwrap();
        assert_eq!(account.email, "demo@example.com");
        connected(grant, account)
    }

    /// Answers the consent page as a person does who agrees; the code and the state.
    pub async fn agree_at(&self, page: &str) -> (SecretString, String) {
        let mut form: Vec<(String, String)> = Url::parse(page).unwrap().query_pairs().into_owned().collect();
        let asked: HashMap<String, String> = form.iter().cloned().collect();
        assert_eq!((asked["access_type"].as_str(), asked["prompt"].as_str()), ("offline", "consent"));
        form.extend(asked["scope"].split(' ').map(|scope| ("grant".to_owned(), scope.to_owned())));
        form.push(("decision".to_owned(), "allow".to_owned()));
        let reply: Reply = self.http.send(self.http.request(Method::POST, page).form(&form)).await.unwrap();
        let back: HashMap<String, String> =
            Url::parse(reply.location().unwrap()).unwrap().query_pairs().into_owned().collect();
        (back["code"].as_str().into(), back["state"].clone())
    }

    pub async fn connect(&self) -> Connected {
        let store = Arc::new(Memory::of(self.grant(&self.consent).await));
        let sessions = Arc::new(TokenSessions::new(store.clone(), self.consent.clone(), self.clock.clone()));
        let gate = Arc::<OpenGate>::default();
        let sheets =
            GoogleSheets::new(config(&self.sandbox), self.http.clone(), sessions.clone(), gate, self.clock.clone());
        Connected { sheets, sessions, store }
    }

    async fn seed(&self) {
        let tabs = json!([{ "gid": 7, "title": "Tab adı", "values": [["Ad", "Tutar"], ["Ayşe", 12.5]] }]);
        let file =
            json!({ "id": "s1", "title": "Adaylar", "locale": "tr_TR", "time_zone": "Europe/Istanbul", "tabs": tabs });
        self.control(Method::POST, "google/spreadsheets", file).await;
    }

    async fn tab(&self) -> Value {
        self.control(Method::GET, "google/spreadsheets/s1", json!({})).await["tabs"][0].clone()
    }
}

pub fn config(sandbox: &Sandbox) -> GoogleConfig {
    GoogleConfig::at("sandbox-client".into(), "sandbox-secret".into(), &format!("{}/google", sandbox.base_url()))
}

impl Connected {
    async fn token(&self) -> String {
        self.sessions.access_token(&connection()).await.unwrap().secret.expose_secret().to_owned()
    }

    async fn first_row(&self) -> Result<Vec<CellValue>, SheetsErrorKind> {
        let areas = [Area { rows: 0..1, columns: 0..u32::MAX }];
        let tables = self.sheets.read(&tab(), &areas).await.map_err(|error| error.kind)?;
        Ok(tables[0][0].clone())
    }
}

#[tokio::test]
async fn a_sheet_is_listed_described_widened_written_and_read() {
    let simulated = Simulated::start().await;
    simulated.seed().await;
    let Connected { sheets, .. } = simulated.connect().await;
    let files = sheets.list(&connection(), Some("aday"), None).await.unwrap().files;
    assert_eq!(files.iter().map(|file| (file.id.as_str(), file.editable)).collect::<Vec<_>>(), [("s1", true)]);
    let info = sheets.describe(&connection(), &files[0].id, Urgency::Bulk).await.unwrap();
    let width = info.tabs[0].columns;
    assert_eq!((info.locale.as_str(), info.tabs[0].gid), ("tr_TR", Gid(7)));

    let column = |column: u32, header: &str, hidden: bool| NewColumn { column, header: header.into(), hidden };
    let columns = [column(width, "Durum", false), column(width + 1, "Köprü ID", true)];
    for _ in 0..2 {
        sheets.add_columns(&tab(), &columns).await.unwrap();
    }
    let after = simulated.tab().await;
    assert_eq!(after["column_count"], json!(width + 2), "the second time nothing is widened");
    assert_eq!(after["hidden_columns"], json!([width + 1]));

    let cell =
        |column: u32, text: &str, note: &str| CellWrite { row: 1, column, value: text.into(), note: note.into() };
    sheets.write(&tab(), &[cell(width, "=1+1", "neden"), cell(width + 1, "r1", "")]).await.unwrap();
    let areas = [
        Area { rows: 1..2, columns: 0..2 },
        Area { rows: 0..2, columns: width..u32::MAX },
        Area { rows: 5..9, columns: 0..2 },
    ];
    let tables = sheets.read(&tab(), &areas).await.unwrap();
    assert_eq!(tables[0], [["Ayşe".into(), CellValue::Number(12.5)]]);
    assert_eq!(tables[1], [["Durum", "Köprü ID"].map(CellValue::from), ["=1+1", "r1"].map(CellValue::from)]);
    assert!(tables[2].is_empty());
    assert_eq!(simulated.tab().await["notes"], json!([{ "row": 2, "column": width, "note": "neden" }]));
    simulated.sandbox.stop().await;
}

#[tokio::test]
async fn tokens_are_renewed_before_they_end_and_when_google_ends_them() {
    let simulated = Simulated::start().await;
    simulated.seed().await;
    let connected = simulated.connect().await;
    let first = connected.token().await;
    assert_eq!(connected.token().await, first);
    simulated.clock.advance_to(simulated.clock.now() + Duration::from_mins(56));
    let second = connected.token().await;
    assert_ne!(second, first);

    simulated.control(Method::POST, "google/expire", json!({})).await;
    assert_eq!(connected.first_row().await.unwrap()[0], "Ad".into());
    assert_ne!(connected.token().await, second);
    simulated.sandbox.stop().await;
}

#[tokio::test]
async fn a_connection_ends_with_its_revocation() {
    let simulated = Simulated::start().await;
    simulated.seed().await;
    let connected = simulated.connect().await;
    connected.first_row().await.unwrap();
    let refresh = connected.store.load(&connection()).await.unwrap().unwrap().refresh.unwrap();
    for _ in 0..2 {
        simulated.consent.revoke(refresh.clone()).await.unwrap();
    }
    for _ in 0..2 {
        assert_eq!(connected.first_row().await.unwrap_err(), SheetsErrorKind::ReconnectRequired);
    }
    let stored = connected.store.load(&connection()).await.unwrap().unwrap();
    assert_eq!(stored.status, ConnectionStatus::ReconnectRequired);
    simulated.sandbox.stop().await;
}

#[tokio::test]
async fn a_code_serves_once_and_only_with_its_verifier() {
    let simulated = Simulated::start().await;
    let exchange = async |code: &SecretString, verifier: &str| {
        simulated.consent.exchange(code.clone(), verifier.into(), REDIRECT).await.map_err(|error| error.kind)
    };
    let code = simulated.agree(&simulated.consent).await;
    assert_eq!(exchange(&code, "another").await.unwrap_err(), OAuthErrorKind::InvalidGrant);
    let code = simulated.agree(&simulated.consent).await;
    exchange(&code, VERIFIER).await.unwrap();
    assert_eq!(exchange(&code, VERIFIER).await.unwrap_err(), OAuthErrorKind::InvalidGrant);
    simulated.sandbox.stop().await;
}
