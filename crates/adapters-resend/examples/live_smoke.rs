//! Sends an e-mail by Resend itself, twice with one key, and looks it up; the settings are a file of JSON:
//! `cargo run -p kopru-adapters-resend --example live_smoke -- SETTINGS_FILE delivered@resend.dev`.

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use kopru_adapters_resend::{CALL_TIME, Resend, ResendAddresses};
use kopru_domain::email::{DraftParts, EmailDraft, Envelope};
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_ports::delivery::Urgency;
use kopru_ports::emails::{EmailRequest, EmailSender as _};
use kopru_ports::integrations::{IntegrationKind, IntegrationStore as _};
use kopru_ports::vendors::VendorSettings as _;
use kopru_ports_testkit::{ManualClock, MemoryIntegrations, OpenGate};
use secrecy::SecretString;
use uuid::Uuid;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut given = std::env::args().skip(1);
    let usage = "usage: live_smoke SETTINGS_FILE ADDRESS";
    let settings = SecretString::from(std::fs::read_to_string(given.next().ok_or(usage)?)?);
    let to = given.next().ok_or(usage)?.parse()?;

    let integrations = Arc::<MemoryIntegrations>::default();
    let private_addresses = PrivateAddresses::Deny;
    let http = HttpClient::new(&HttpOptions { timeout: CALL_TIME, connect_timeout: CALL_TIME, private_addresses })?;
    let (gate, clock) = (Arc::<OpenGate>::default(), Arc::<ManualClock>::default());
    let resend = Resend::new(integrations.clone(), http, gate, clock, ResendAddresses::default());

    let mut out = std::io::stdout();
    let company = "smoke".parse()?;
    let settings = resend.read(&settings)?;
    writeln!(out, "account {}", resend.reach(&settings).await?)?;
    integrations.put(&company, IntegrationKind::Resend, settings).await?;
    let from = resend.account(&company).await?.from.ok_or("the settings say no `from`")?;
    let html = Some("<p>Köprü: <b>deneme</b>, test</p>".to_owned());
    let parts = DraftParts { subject: "Köprü: deneme".to_owned(), html, ..DraftParts::default() };
    let draft = EmailDraft::parse(from, parts).map_err(|fault| format!("{fault:?}"))?;
    let email = draft.fill(None, &[].into()).map_err(|fault| format!("{fault:?}"))?;
    let envelope = Envelope { id: Uuid::now_v7(), to, date: Timestamp::UNIX_EPOCH };
    let request = EmailRequest { company: company.clone(), envelope, email, urgency: Urgency::Interactive };
    let sent = resend.send(request.clone()).await?;
    writeln!(out, "sent {sent:?}\nagain {:?}", resend.send(request).await?)?;
    writeln!(out, "now {:?}", resend.report(&company, &sent.provider_id).await?)?;
    Ok(())
}
