//! The adapter with all its surroundings.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use kopru_adapters_microsoft::{MicrosoftConfig, Outlook};
use kopru_domain::CompanyId;
use kopru_domain::email::Email;
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_ports::emails::EmailRequest;
use kopru_ports::tokens::{AccessToken, AccessTokens, Service, TokenErrorKind, TokenKey};
use kopru_ports::{PortError, Retry};
use kopru_ports_testkit::suites::email_sender::to_isil;
use kopru_ports_testkit::{ManualClock, MemoryIntegrations, OpenGate};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

pub const PATIENT: Duration = Duration::from_secs(10);
pub const FROM: &str = "Köprü <satis@acme.example.com>";

pub fn company() -> CompanyId {
    "acme".parse().unwrap()
}

pub fn connection() -> TokenKey {
    TokenKey::of_company(&company(), Service::Outlook)
}

/// Gives `s3cret-1`, and the next number after each refusal, to the one company.
#[derive(Default)]
pub struct Tokens {
    pub refused: Mutex<Vec<String>>,
    pub refused_again: Mutex<Vec<String>>,
    pub failing: Mutex<Option<(TokenErrorKind, Retry)>>,
}

#[async_trait]
impl AccessTokens for Tokens {
    async fn access_token(&self, key: &TokenKey) -> Result<AccessToken, PortError<TokenErrorKind>> {
        if *key != connection() {
            return Err(PortError::new("tokens", TokenErrorKind::NotConnected, Retry::Never));
        }
        if let Some((kind, retry)) = *self.failing.lock().unwrap() {
            return Err(PortError::new("tokens", kind, retry));
        }
        let secret = format!("s3cret-{}", self.refused.lock().unwrap().len() + 1).into();
        Ok(AccessToken { secret, account: "48d31887".to_owned() })
    }
    async fn refused(&self, _: &TokenKey, token: &SecretString) -> Result<(), PortError<TokenErrorKind>> {
        self.refused.lock().unwrap().push(token.expose_secret().to_owned());
        Ok(())
    }
    async fn refused_again(&self, _: &TokenKey, token: &SecretString) -> Result<(), PortError<TokenErrorKind>> {
        self.refused_again.lock().unwrap().push(token.expose_secret().to_owned());
        Ok(())
    }
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

#[derive(Default)]
pub struct Surroundings {
    pub gate: Arc<OpenGate>,
    pub clock: Arc<ManualClock>,
    pub tokens: Arc<Tokens>,
    pub integrations: Arc<MemoryIntegrations>,
}

impl Surroundings {
    pub fn new() -> Self {
        let around = Self::default();
        around.set(&json!({ "from": FROM }));
        around
    }

    pub fn set(&self, settings: &Value) {
        self.integrations.settings.lock().unwrap().insert(company(), settings.to_string().into());
    }

    pub fn outlook(&self, base: &str, timeout: Duration) -> Outlook {
        self.outlook_by(base, timeout, self.tokens.clone())
    }

    pub fn outlook_by(&self, base: &str, timeout: Duration, tokens: Arc<dyn AccessTokens>) -> Outlook {
        let config = MicrosoftConfig::at("client".into(), "s3cret".into(), base);
        let (gate, clock) = (self.gate.clone(), self.clock.clone());
        Outlook::new(config, self.integrations.clone(), http(timeout), tokens, gate, clock)
    }
}

/// An e-mail to somebody.
pub fn request(id: u128) -> EmailRequest {
    to_isil(company(), id, Email::plain(FROM.parse().unwrap(), "Teklif", "Merhaba Işıl"))
}
