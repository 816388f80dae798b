//! Sends a text by Twilio itself, and looks it up; the settings are a file of JSON:
//! `cargo run -p kopru-adapters-twilio --example live_smoke -- SETTINGS_FILE +905…`.

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;

use kopru_adapters_twilio::{CALL_TIME, Twilio, TwilioAddresses};
use kopru_domain::message::Channel;
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_ports::delivery::Urgency;
use kopru_ports::integrations::{IntegrationKind, IntegrationStore as _};
use kopru_ports::messages::{Content, MessageSender as _, SendRequest};
use kopru_ports::vendors::VendorSettings as _;
use kopru_ports_testkit::{ManualClock, MemoryIntegrations, OpenGate};
use secrecy::SecretString;
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut given = std::env::args().skip(1);
    let usage = "usage: live_smoke SETTINGS_FILE NUMBER";
    let settings = SecretString::from(std::fs::read_to_string(given.next().ok_or(usage)?)?);
    let to = given.next().ok_or(usage)?.try_into()?;

    let integrations = Arc::<MemoryIntegrations>::default();
    let private_addresses = PrivateAddresses::Deny;
    let http = HttpClient::new(&HttpOptions { timeout: CALL_TIME, connect_timeout: CALL_TIME, private_addresses })?;
    let (gate, clock) = (Arc::<OpenGate>::default(), Arc::<ManualClock>::default());
    let twilio = Twilio::new(integrations.clone(), http, gate, clock, TwilioAddresses::default());

    let mut out = std::io::stdout();
    let company = "smoke".parse()?;
    let settings = twilio.read(&settings)?;
    writeln!(out, "account {}", twilio.reach(&settings).await?)?;
    integrations.put(&company, IntegrationKind::Twilio, settings).await?;
    let request = SendRequest {
        company: company.clone(),
        channel: Channel::Sms,
        to,
        content: Content::Text("Köprü: deneme, test".to_owned()),
        media: Vec::new(),
        id: Uuid::now_v7(),
        callback: None,
        send_at: None,
        urgency: Urgency::Interactive,
    };
    let sent = twilio.send(request).await?;
    writeln!(out, "sent {sent:?}")?;
    writeln!(out, "now {:?}", twilio.report(&company, &sent.provider_id).await?)?;
    Ok(())
}
