//! What depends on the hour, through HTTP: the service as `kopru serve` has it, on a clock that is set on.

mod calendar;
mod messages;

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_engine::Caller;
use kopru_http_client::{HttpClient, HttpOptions, Method, PrivateAddresses};
use kopru_ports::identity::Scope;
use kopru_ports_testkit::SetClock;
use kopru_sandbox::{Sandbox, SandboxConfig};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::settings::{Database, DatabaseUrl, Settings};
use crate::stores;
use crate::wiring::Service;

/// The service of one company, its clock and its vendors.
struct Stage {
    clock: Arc<SetClock>,
    base: String,
    key: SecretString,
    sandbox: Sandbox,
    http: HttpClient,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn start(now: &str) -> Self {
        let sandbox = Sandbox::start(SandboxConfig::default()).await.unwrap();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock::at(now.parse().unwrap()));
        let settings = settings(&base, &sandbox.base_url(), folder.path());
        let location = settings.database.url.location().unwrap();
        let mut database = stores::Database::open(&location).await.unwrap();
        database.clock = clock.clone();
        let service = Service::on(database, location, &settings).await.unwrap();
        let acme = "acme".parse().unwrap();
        service.engine.add_company(&acme, "").await.unwrap();
        let key = service.engine.create_key(&Caller::operator(acme), "", vec![Scope::Admin]).await.unwrap().text;
        tokio::spawn(service.run(listener, || (), std::future::pending()));
        let patience = Duration::from_secs(30);
        let (timeout, connect_timeout) = (patience, patience);
        let options = HttpOptions { timeout, connect_timeout, private_addresses: PrivateAddresses::Allow };
        Self { clock, base, key, sandbox, http: HttpClient::new(&options).unwrap(), _folder: folder }
    }

    fn set_on(&self, moment: Timestamp) {
        self.clock.set_on(moment);
    }

    /// Status and answer.
    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = self.http.request(method, &format!("{}{path}", self.base)).header("Kopru-User", "ayse");
        let request = request.bearer_auth(self.key.expose_secret());
        let request = if let Some(body) = &body { request.json(body) } else { request };
        let reply = self.http.send(request).await.unwrap();
        (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
    }

    /// What the vendors' control answers.
    async fn control(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let request = self.http.request(method, &format!("{}/_control/{path}", self.sandbox.base_url()));
        let request = if let Some(body) = &body { request.json(body) } else { request };
        let reply = self.http.send(request).await.unwrap();
        assert!(reply.status < 300, "{path}: {}", String::from_utf8_lossy(&reply.body));
        serde_json::from_slice(&reply.body).unwrap_or_default()
    }

    /// Where a request leads on.
    async fn location(&self, request: kopru_http_client::RequestBuilder) -> String {
        self.http.send(request).await.unwrap().location().unwrap().to_owned()
    }

    /// Until it is worth looking again.
    async fn a_moment(&self) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn settings(own: &str, vendors: &str, folder: &Path) -> Settings {
    let database = Database {
        url: DatabaseUrl { database_url: format!("sqlite://{}", folder.join("kopru.db").display()).into() },
        vault_keys: Some(kopru_vault::Vault::generate_key("t").unwrap()),
    };
    Settings {
        public_url: Some(own.to_owned()),
        google_client_id: "sandbox-client".to_owned(),
        google_client_secret: Some("sandbox-secret".into()),
        google_url: Some(format!("{vendors}/google")),
        twilio_url: Some(format!("{vendors}/twilio")),
        requests_per_minute: NonZeroU32::MAX,
        ..Settings::of(database)
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
