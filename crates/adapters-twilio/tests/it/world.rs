//! The adapter with all its surroundings.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use kopru_adapters_twilio::{Twilio, TwilioAddresses};
use kopru_domain::CompanyId;
use kopru_domain::message::{Channel, PhoneNumber};
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_ports::delivery::Urgency;
use kopru_ports::messages::{Content, SendRequest};
use kopru_ports_testkit::{ManualClock, MemoryIntegrations, OpenGate};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::scripted::Vendor;

pub const PATIENT: Duration = Duration::from_secs(10);
/// As the sandbox has them.
pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const SERVICE: &str = "MG00000000000000000000000000000001";
pub const TOKEN: &str = "sandbox-token";
pub const FROM: &str = "+15005550006";
pub const PERSON: &str = "+905551234567";

pub fn company() -> CompanyId {
    "acme".parse().unwrap()
}

pub fn number(text: &str) -> PhoneNumber {
    text.to_owned().try_into().unwrap()
}

/// An account with a sender for each channel, and `more`.
pub fn settings(more: &Value) -> Value {
    let mut settings = json!({ "account_sid": ACCOUNT, "auth_token": TOKEN, "from_sms": FROM, "from_whatsapp": FROM });
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    settings
}

pub fn http(timeout: Duration) -> HttpClient {
    let private_addresses = PrivateAddresses::Allow;
    HttpClient::new(&HttpOptions { timeout, connect_timeout: timeout, private_addresses }).unwrap()
}

/// Where nobody listens.
pub fn nobody() -> String {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("http://127.0.0.1:{port}")
}

pub struct Surroundings {
    pub integrations: Arc<MemoryIntegrations>,
    pub gate: Arc<OpenGate>,
    pub clock: Arc<ManualClock>,
    timeout: Duration,
}

impl Surroundings {
    pub fn new(timeout: Duration, settings: &Value) -> Self {
        let integrations = Arc::<MemoryIntegrations>::default();
        integrations.settings.lock().unwrap().insert(company(), settings.to_string().into());
        Self { integrations, gate: Arc::default(), clock: Arc::default(), timeout }
    }

    pub fn twilio(&self, base: &str) -> Twilio {
        let (integrations, gate, clock) = (self.integrations.clone(), self.gate.clone(), self.clock.clone());
        Twilio::new(integrations, http(self.timeout), gate, clock, TwilioAddresses::at(base))
    }
}

pub struct World {
    pub vendor: Vendor,
    pub twilio: Twilio,
    pub around: Surroundings,
}

impl World {
    pub async fn start(timeout: Duration) -> Self {
        Self::with(timeout, &settings(&json!({}))).await
    }

    pub async fn with(timeout: Duration, settings: &Value) -> Self {
        let (vendor, around) = (Vendor::start().await, Surroundings::new(timeout, settings));
        let twilio = around.twilio(&vendor.server.uri());
        Self { vendor, twilio, around }
    }
}

pub fn text(text: &str) -> Content {
    Content::Text(text.to_owned())
}

/// A text to somebody.
pub fn request(channel: Channel) -> SendRequest {
    SendRequest {
        company: company(),
        channel,
        to: number(PERSON),
        content: text("Merhaba Işıl"),
        media: Vec::new(),
        id: Uuid::from_u128(7),
        callback: None,
        send_at: None,
        urgency: Urgency::Interactive,
    }
}
