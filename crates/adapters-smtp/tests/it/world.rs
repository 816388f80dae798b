//! The adapter with all its surroundings, and the server that it calls.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use kopru_adapters_smtp::{Smtp, SmtpOptions};
use kopru_domain::CompanyId;
use kopru_domain::email::Email;
use kopru_http_client::{HttpClient, HttpOptions, Method, PrivateAddresses};
use kopru_ports::emails::{EmailRequest, EmailSender as _};
use kopru_ports::messages::{Report, SendError};
use kopru_ports_testkit::suites::email_sender::to_isil;
use kopru_ports_testkit::{ManualClock, MemoryIntegrations, OpenGate};
use kopru_sandbox::{Sandbox, SandboxConfig, Tls};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const PATIENT: Duration = Duration::from_secs(10);
pub const USER: &str = "satis@example.com";
pub const PASSWORD: &str = "sandbox-password";
pub const FROM: &str = "Köprü <satis@example.com>";

pub fn company() -> CompanyId {
    "acme".parse().unwrap()
}

pub fn http() -> HttpClient {
    let private_addresses = PrivateAddresses::Allow;
    HttpClient::new(&HttpOptions { timeout: PATIENT, connect_timeout: PATIENT, private_addresses }).unwrap()
}

/// Where nobody listens.
pub fn nobody() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Patient, and trusting nobody in particular.
pub fn options() -> SmtpOptions {
    let private_addresses = PrivateAddresses::Allow;
    SmtpOptions { before: PATIENT, message: PATIENT, private_addresses, trusted: Vec::new() }
}

/// By whom a server is called: company settings, and what stands around the adapter.
#[derive(Default)]
pub struct Surroundings {
    pub integrations: Arc<MemoryIntegrations>,
    pub gate: Arc<OpenGate>,
}

impl Surroundings {
    pub fn new(settings: &Value) -> Self {
        let around = Self::default();
        around.change(settings);
        around
    }

    pub fn change(&self, settings: &Value) {
        self.integrations.settings.lock().unwrap().insert(company(), settings.to_string().into());
    }

    pub fn smtp(&self, options: SmtpOptions) -> Smtp {
        let clock = Arc::<ManualClock>::default();
        Smtp::new(self.integrations.clone(), http(), self.gate.clone(), clock, options)
    }
}

/// The simulated server, in the open or with a certificate.
pub struct Server {
    pub sandbox: Sandbox,
    folder: Option<TempDir>,
}

impl Server {
    pub async fn open() -> Self {
        Self::with(None).await
    }

    pub async fn private() -> Self {
        Self::with(Some(tempfile::tempdir().unwrap())).await
    }

    async fn with(folder: Option<TempDir>) -> Self {
        let tls = folder.as_ref().map(|folder| Tls { port: 0, certificate: folder.path().join("sandbox.pem") });
        let smtp = Some(kopru_sandbox::Smtp { port: 0, tls_port: 0 });
        let sandbox = Sandbox::start(SandboxConfig { tls, smtp, ..SandboxConfig::default() }).await.unwrap();
        Self { sandbox, folder }
    }

    pub fn certificate(&self) -> Vec<u8> {
        std::fs::read(self.folder.as_ref().unwrap().path().join("sandbox.pem")).unwrap()
    }

    /// An account here, and `more`.
    pub fn settings(&self, more: &Value) -> Value {
        let port = self.sandbox.smtp_address().unwrap().port();
        let mut settings = json!({ "host": "localhost", "port": port, "security": "none", "username": USER,
            "password": PASSWORD, "from": FROM });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        settings
    }

    /// A company with an account here.
    pub fn smtp(&self, options: SmtpOptions) -> Smtp {
        Surroundings::new(&self.settings(&json!({}))).smtp(options)
    }

    pub async fn control(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}/_control/{path}", self.sandbox.base_url());
        let http = http();
        let reply = http.send(http.request(method, &url).json(&body)).await.unwrap();
        assert_eq!(reply.status, 200, "{path}");
        reply.json().unwrap()
    }

    pub async fn inspect(&self, path: &str) -> Value {
        self.control(Method::GET, path, json!({})).await
    }

    /// The next call that matches meets a fault.
    pub async fn fault(&self, matching: &str, kind: &str, more: &Value) {
        let mut fault = json!({ "vendor": "smtp", "matching": matching, "kind": kind });
        fault.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.control(Method::POST, "faults", fault).await;
    }

    pub async fn bytes(&self, path: &str) -> Vec<u8> {
        let http = http();
        let url = format!("{}{path}", self.sandbox.base_url());
        http.send(http.request(Method::GET, &url)).await.unwrap().body
    }

    /// So many e-mails were taken, over so many connections.
    pub async fn stats(&self) -> (u64, u64) {
        let stats = self.inspect("smtp/stats").await;
        (stats["messages"].as_u64().unwrap(), stats["connections"].as_u64().unwrap())
    }
}

/// An e-mail to somebody.
pub fn request(id: u128) -> EmailRequest {
    to_isil(company(), id, Email::plain(FROM.parse().unwrap(), "Teklif", "Merhaba Işıl"))
}

pub async fn send(smtp: &Smtp) -> Result<Report, SendError> {
    smtp.send(request(7)).await
}
