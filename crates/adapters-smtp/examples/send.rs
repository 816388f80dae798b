//! Sends e-mails by a mail server, one outcome a line. By the environment: `SMTP_SETTINGS` is a file of JSON and `SMTP_TO` an
//! address; `SMTP_BCC`, another one, `SMTP_COUNT`, 1, `SMTP_PRIVATE=yes`, for a server in one's own network, and
//! `SMTP_KEEP`, a folder for what is sent, may be left out:
//! `SMTP_SETTINGS=smtp.json SMTP_TO=isil@example.com cargo run -p kopru-adapters-smtp --example send`.

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use kopru_adapters_smtp::{Smtp, SmtpOptions};
use kopru_domain::email::{DraftParts, Email, EmailDraft, Envelope, Mailbox};
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_ports::delivery::Urgency;
use kopru_ports::emails::{EmailRequest, EmailSender as _};
use kopru_ports::integrations::{IntegrationKind, IntegrationStore as _};
use kopru_ports::vendors::VendorSettings as _;
use kopru_ports_testkit::{ManualClock, MemoryIntegrations, OpenGate};
use secrecy::SecretString;
use uuid::Uuid;

type Failure = Box<dyn Error>;

#[expect(clippy::disallowed_methods, reason = "the example's only settings")]
fn given(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn smtp(integrations: Arc<MemoryIntegrations>) -> Result<Smtp, Failure> {
    let is_private = given("SMTP_PRIVATE").is_some_and(|word| word == "yes");
    let private_addresses = if is_private { PrivateAddresses::Allow } else { PrivateAddresses::Deny };
    let options = SmtpOptions { private_addresses, ..SmtpOptions::default() };
    let (timeout, connect_timeout) = (options.before, options.before);
    let http = HttpClient::new(&HttpOptions { timeout, connect_timeout, private_addresses })?;
    Ok(Smtp::new(integrations, http, Arc::<OpenGate>::default(), Arc::<ManualClock>::default(), options))
}

fn email(from: Mailbox, bcc: Vec<Mailbox>) -> Result<Email, Failure> {
    let html = Some("<p>Köprü: <b>deneme</b>, test.</p>\n<p>.</p>".to_owned());
    let parts = DraftParts { subject: "Köprü: deneme 🎉".to_owned(), html, bcc, ..DraftParts::default() };
    let draft = EmailDraft::parse(from, parts).map_err(|fault| format!("{fault:?}"))?;
    Ok(draft.fill(Some("Işıl"), &[].into()).map_err(|fault| format!("{fault:?}"))?)
}

/// Its bytes, and to whom it goes, under its id.
fn keep(folder: &Path, request: &EmailRequest) -> Result<(), Failure> {
    let EmailRequest { envelope, email, .. } = request;
    let mut to: Vec<_> =
        email.bcc.iter().map(|mailbox| mailbox.address.as_str()).chain([envelope.to.as_str()]).collect();
    to.sort_unstable();
    let seen = Email { bcc: Vec::new(), ..email.clone() };
    std::fs::write(folder.join(format!("{}.eml", envelope.id)), seen.mime(envelope))?;
    std::fs::write(folder.join(format!("{}.to", envelope.id)), to.join("\n") + "\n")?;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let needed = |name: &str| given(name).ok_or(format!("{name} is not set"));
    let integrations = Arc::<MemoryIntegrations>::default();
    let smtp = smtp(integrations.clone())?;
    let settings = smtp.read(&SecretString::from(std::fs::read_to_string(needed("SMTP_SETTINGS")?)?))?;
    let company = "smoke".parse()?;
    integrations.put(&company, IntegrationKind::Smtp, settings.clone()).await?;

    let mut out = std::io::stdout();
    match smtp.reach(&settings).await {
        Ok(name) => writeln!(out, "reached {name}")?,
        Err(error) => writeln!(out, "not reached: {error} {}", error.detail.as_deref().unwrap_or_default())?,
    }
    let from = smtp.account(&company).await?.from.ok_or("the settings say no `from`")?;
    let bcc = given("SMTP_BCC").iter().map(|text| text.parse()).collect::<Result<_, _>>().map_err(|_| "SMTP_BCC")?;
    let email = email(from, bcc)?;
    for _ in 0..given("SMTP_COUNT").map_or(Ok(1), |count| count.parse())? {
        let id = Uuid::now_v7();
        let seconds = id.get_timestamp().map_or(0, |time| time.to_unix().0);
        let date = Timestamp::from_second(seconds.try_into()?)?;
        let to = needed("SMTP_TO")?.parse().map_err(|_| "SMTP_TO")?;
        let (company, email, envelope) = (company.clone(), email.clone(), Envelope { id, to, date });
        let request = EmailRequest { company, envelope, email, urgency: Urgency::Interactive };
        if let Some(folder) = given("SMTP_KEEP") {
            keep(Path::new(&folder), &request)?;
        }
        match smtp.send(request).await {
            Ok(report) => writeln!(out, "{:?} {}", report.status, report.provider_id)?,
            Err(error) => writeln!(out, "{error} {}", error.detail.as_deref().unwrap_or_default())?,
        }
    }
    Ok(())
}
