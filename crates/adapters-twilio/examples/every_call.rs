//! Makes every call of the adapter once, at an address that something stands behind that judges them:
//! `cargo run -p kopru-adapters-twilio --example every_call -- BASE_URL CONTENT_SID`, with the sandbox's account.

use std::error::Error;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kopru_adapters_twilio::{CALL_TIME, Twilio, TwilioAddresses};
use kopru_domain::CompanyId;
use kopru_domain::message::{Channel, MessageStatus};
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_ports::delivery::Urgency;
use kopru_ports::integrations::{IntegrationKind, IntegrationStore as _};
use kopru_ports::messages::{Content, MessageSender as _, Search, SendRequest};
use kopru_ports::vendors::VendorSettings as _;
use kopru_ports_testkit::{ManualClock, MemoryIntegrations, OpenGate};
use uuid::Uuid;

const SETTINGS: &str = r#"{
    "account_sid": "AC00000000000000000000000000000001", "auth_token": "sandbox-token",
    "from_sms": "+15005550006", "from_whatsapp": "+15005550006",
    "messaging_service_sid": "MG00000000000000000000000000000001"
}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut given = std::env::args().skip(1);
    let usage = "usage: every_call BASE_URL CONTENT_SID";
    let (base, template) = (given.next().ok_or(usage)?, given.next().ok_or(usage)?);
    let (company, integrations): (CompanyId, _) = ("acme".parse()?, Arc::<MemoryIntegrations>::default());
    let private_addresses = PrivateAddresses::Allow;
    let http = HttpClient::new(&HttpOptions { timeout: CALL_TIME, connect_timeout: CALL_TIME, private_addresses })?;
    let (gate, clock) = (Arc::<OpenGate>::default(), Arc::<ManualClock>::default());
    let twilio = Twilio::new(integrations.clone(), http, gate, clock, TwilioAddresses::at(&base));
    let settings = twilio.read(&SETTINGS.into())?;
    twilio.reach(&settings).await?;
    integrations.put(&company, IntegrationKind::Twilio, settings).await?;

    #[expect(clippy::disallowed_methods, reason = "the sandbox's clock shows the real time")]
    let now = Timestamp::now();
    let text = SendRequest {
        company: company.clone(),
        channel: Channel::Sms,
        to: "+905551234567".to_owned().try_into()?,
        content: Content::Text("Merhaba Işıl, %20 & +1".to_owned()),
        media: Vec::new(),
        id: Uuid::now_v7(),
        callback: Some("https://hub.example/hooks/twilio/acme?a=b".parse()?),
        send_at: None,
        urgency: Urgency::Interactive,
    };
    let sent = twilio.send(text.clone()).await?;
    let pictures = ["https://a.example/1.png", "https://a.example/2.png"].map(str::parse);
    twilio.send(SendRequest { media: pictures.into_iter().collect::<Result<_, _>>()?, ..text.clone() }).await?;
    let content = Content::Template { id: template, variables: [("1".to_owned(), "Ayşe".to_owned())].into() };
    twilio.send(SendRequest { channel: Channel::WhatsApp, content, ..text.clone() }).await?;
    let at = Some(now + SignedDuration::from_hours(1));
    let later = twilio.send(SendRequest { send_at: at, ..text.clone() }).await?;

    let since = now - SignedDuration::from_mins(1);
    let search = Search { company: company.clone(), channel: text.channel, to: text.to, content: text.content, since };
    let found = twilio.search(&search).await?;
    let is_found = found.iter().any(|report| report.provider_id == sent.provider_id);
    let is_canceled = twilio.cancel(&company, &later.provider_id).await?;
    let status = twilio.report(&company, &later.provider_id).await?.map(|report| report.status);
    if !is_found || !is_canceled || status != Some(MessageStatus::Canceled) {
        return Err("the answers do not fit together".into());
    }
    Ok(())
}
