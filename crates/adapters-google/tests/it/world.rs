//! The adapter with all its surroundings.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use kopru_adapters_google::{Gmail, GoogleCalendar, GoogleConfig, GoogleSheets};
use kopru_domain::Gid;
use kopru_domain::email::Email;
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_ports::PortError;
use kopru_ports::delivery::Urgency;
use kopru_ports::emails::EmailRequest;
use kopru_ports::spreadsheets::TabRef;
use kopru_ports::tokens::{AccessToken, AccessTokens, Service, TokenErrorKind, TokenKey};
use kopru_ports_testkit::suites::email_sender::to_isil;
use kopru_ports_testkit::{ManualClock, MemoryIntegrations, OpenGate};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use crate::scripted::Google;

pub const PATIENT: Duration = Duration::from_secs(10);
pub const FROM: &str = "Köprü <satis@acme.example.com>";

pub fn connection() -> TokenKey {
    TokenKey { company: "acme".parse().unwrap(), user: "ayse".parse().unwrap(), service: Service::GoogleSheets }
}

pub fn tab() -> TabRef {
    TabRef { connection: connection(), spreadsheet: "s1".parse().unwrap(), gid: Gid(7), urgency: Urgency::Bulk }
}

/// Settings of the company, as its administrator gave them.
pub fn integrations(settings: &Value) -> Arc<MemoryIntegrations> {
    let integrations = Arc::<MemoryIntegrations>::default();
    integrations.settings.lock().unwrap().insert(connection().company, settings.to_string().into());
    integrations
}

/// An e-mail to somebody, with a copy to somebody who is not seen.
pub fn email() -> EmailRequest {
    let bcc = vec!["arsiv@example.com".parse().unwrap()];
    let email = Email::plain(FROM.parse().unwrap(), "Teklif", "Merhaba Işıl");
    to_isil(connection().company, 7, Email { to_name: Some("Işıl".to_owned()), bcc, ..email })
}

/// Gives `s3cret-1`, and the next number after each refusal.
#[derive(Default)]
pub struct Tokens {
    pub refused: Mutex<Vec<String>>,
    pub refused_again: Mutex<Vec<String>>,
    pub failing: Mutex<Option<(TokenErrorKind, kopru_ports::Retry)>>,
}

#[async_trait]
impl AccessTokens for Tokens {
    async fn access_token(&self, _: &TokenKey) -> Result<AccessToken, PortError<TokenErrorKind>> {
        if let Some((kind, retry)) = *self.failing.lock().unwrap() {
            return Err(PortError::new("tokens", kind, retry));
        }
        let secret = format!("s3cret-{}", self.refused.lock().unwrap().len() + 1).into();
        Ok(AccessToken { secret, account: "108".to_owned() })
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

pub struct World {
    pub google: Google,
    pub sheets: GoogleSheets,
    pub calendar: GoogleCalendar,
    pub gmail: Gmail,
    pub integrations: Arc<MemoryIntegrations>,
    pub tokens: Arc<Tokens>,
    pub gate: Arc<OpenGate>,
    pub clock: Arc<ManualClock>,
}

impl World {
    pub async fn start(timeout: Duration) -> Self {
        let google = Google::start().await;
        let (tokens, gate, clock) =
            (Arc::<Tokens>::default(), Arc::<OpenGate>::default(), Arc::<ManualClock>::default());
        let config = GoogleConfig::at("client".into(), "s3cret".into(), &google.server.uri());
        let sheets = GoogleSheets::new(config.clone(), http(timeout), tokens.clone(), gate.clone(), clock.clone());
        let calendar = GoogleCalendar::new(config.clone(), http(timeout), tokens.clone(), gate.clone(), clock.clone());
        let integrations = integrations(&json!({ "from": FROM }));
        let kept = integrations.clone();
        let gmail = Gmail::new(config, kept, http(timeout), tokens.clone(), gate.clone(), clock.clone());
        Self { google, sheets, calendar, gmail, integrations, tokens, gate, clock }
    }
}
