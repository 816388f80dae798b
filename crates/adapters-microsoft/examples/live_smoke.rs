//! Sends an e-mail by the mailbox that an access token opens, at Microsoft itself, and looks for it in Sent Items:
//! `cargo run -p kopru-adapters-microsoft --example live_smoke -- ACCESS_TOKEN FROM TO`.

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_adapters_microsoft::{CALL_TIME, MicrosoftConfig, Outlook};
use kopru_domain::email::{DraftParts, EmailDraft, Envelope};
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_ports::PortError;
use kopru_ports::delivery::Urgency;
use kopru_ports::emails::{EmailRequest, EmailSender as _};
use kopru_ports::integrations::{IntegrationKind, IntegrationStore as _};
use kopru_ports::tokens::{AccessToken, AccessTokens, TokenErrorKind, TokenKey};
use kopru_ports_testkit::{ManualClock, MemoryIntegrations, OpenGate};
use secrecy::SecretString;
use uuid::Uuid;

/// One token, whoever asks.
struct ByHand(SecretString);

#[async_trait]
impl AccessTokens for ByHand {
    async fn access_token(&self, _: &TokenKey) -> Result<AccessToken, PortError<TokenErrorKind>> {
        Ok(AccessToken { secret: self.0.clone(), account: "by-hand".to_owned() })
    }
    async fn refused(&self, _: &TokenKey, _: &SecretString) -> Result<(), PortError<TokenErrorKind>> {
        Ok(())
    }
    async fn refused_again(&self, _: &TokenKey, _: &SecretString) -> Result<(), PortError<TokenErrorKind>> {
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [token, from, to] = &given[..] else { return Err("usage: live_smoke ACCESS_TOKEN FROM TO".into()) };
    let integrations = Arc::<MemoryIntegrations>::default();
    let company = "smoke".parse()?;
    integrations.put(&company, IntegrationKind::Outlook, "{}".into()).await?;
    let private_addresses = PrivateAddresses::Deny;
    let http = HttpClient::new(&HttpOptions { timeout: CALL_TIME, connect_timeout: CALL_TIME, private_addresses })?;
    let tokens = Arc::new(ByHand(token.as_str().into()));
    let (gate, clock) = (Arc::<OpenGate>::default(), Arc::<ManualClock>::default());
    let config = MicrosoftConfig::new("live-smoke".to_owned(), SecretString::from(""));
    let outlook = Outlook::new(config, integrations, http, tokens, gate, clock);

    let html = Some("<p>Köprü: <b>deneme</b>, test</p>".to_owned());
    let parts = DraftParts { subject: "Köprü: deneme".to_owned(), html, ..DraftParts::default() };
    let draft = EmailDraft::parse(from.parse()?, parts).map_err(|fault| format!("{fault:?}"))?;
    let email = draft.fill(None, &[].into()).map_err(|fault| format!("{fault:?}"))?;
    let envelope = Envelope { id: Uuid::now_v7(), to: to.parse()?, date: Timestamp::UNIX_EPOCH };
    let request = EmailRequest { company, envelope, email, urgency: Urgency::Interactive };
    let mut out = std::io::stdout();
    writeln!(out, "sent {:?}", outlook.send(request.clone()).await?)?;
    writeln!(out, "found {:?}", outlook.search(&request).await?)?;
    Ok(())
}
