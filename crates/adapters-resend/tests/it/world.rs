//! The adapter with all its surroundings.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use kopru_adapters_resend::{Resend, ResendAddresses};
use kopru_domain::CompanyId;
use kopru_domain::email::Email;
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_ports::emails::EmailRequest;
use kopru_ports_testkit::suites::email_sender::to_isil;
use kopru_ports_testkit::{ManualClock, MemoryIntegrations, OpenGate};
use serde_json::{Value, json};

pub const PATIENT: Duration = Duration::from_secs(10);
pub const KEY: &str = "re_test_0123456789";
pub const FROM: &str = "Köprü <satis@acme.example.com>";

pub fn company() -> CompanyId {
    "acme".parse().unwrap()
}

/// An account, and `more`.
pub fn settings(more: &Value) -> Value {
    let mut settings = json!({ "api_key": KEY, "from": FROM });
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    settings
}

fn http(timeout: Duration) -> HttpClient {
    let private_addresses = PrivateAddresses::Allow;
    HttpClient::new(&HttpOptions { timeout, connect_timeout: timeout, private_addresses }).unwrap()
}

/// Where nobody listens.
pub fn nobody() -> String {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("http://127.0.0.1:{port}")
}

pub struct Surroundings {
    pub gate: Arc<OpenGate>,
    integrations: Arc<MemoryIntegrations>,
    timeout: Duration,
}

impl Surroundings {
    pub fn new(timeout: Duration, settings: &Value) -> Self {
        let integrations = Arc::<MemoryIntegrations>::default();
        integrations.settings.lock().unwrap().insert(company(), settings.to_string().into());
        Self { integrations, gate: Arc::default(), timeout }
    }

    pub fn resend(&self, base: &str) -> Resend {
        let (integrations, gate, clock) = (self.integrations.clone(), self.gate.clone(), Arc::<ManualClock>::default());
        Resend::new(integrations, http(self.timeout), gate, clock, ResendAddresses::at(base))
    }
}

/// An e-mail to somebody.
pub fn request(html: Option<&str>) -> EmailRequest {
    let email = Email::plain(FROM.parse().unwrap(), "Teklif", "Merhaba Işıl");
    to_isil(company(), 7, Email { html: html.map(str::to_owned), ..email })
}
