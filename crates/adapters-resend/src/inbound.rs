use kopru_domain::email::Mailbox;
use kopru_ports::inbound::{Inbound, InboundErrorKind, InboundRequest, InboundWebhook};
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::{PortError, Retry};
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::ResendConfig;
use crate::error::ADAPTER;
use crate::map::{OUR_ID, report};
use crate::sender::Resend;
use crate::signature::Signed;
use crate::wire::{EmailEvent, Event};

type Told = Result<Inbound, PortError<InboundErrorKind>>;

impl InboundWebhook for Resend {
    fn vendor(&self) -> IntegrationKind {
        IntegrationKind::Resend
    }

    fn read(&self, settings: &SecretString, request: &InboundRequest) -> Told {
        let untrue = || PortError::new(ADAPTER, InboundErrorKind::NotAuthentic, Retry::Never);
        let config = ResendConfig::read(settings).map_err(|cause| untrue().caused_by(cause))?;
        let secret = config.webhook_secret.ok_or_else(untrue)?;
        let header = |name: &str| {
            let found = request.headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str()).ok_or_else(untrue)
        };
        let signed = Signed {
            id: header("svix-id")?,
            timestamp: header("svix-timestamp")?,
            body: &request.body,
            signatures: header("svix-signature")?,
        };
        if !signed.is_by(secret.expose_secret(), request.received) {
            return Err(untrue());
        }
        told(&request.body).ok_or_else(|| PortError::new(ADAPTER, InboundErrorKind::Unreadable, Retry::Never))
    }
}

/// Events of domains and contacts are none of ours, and of an e-mail that is received there is nothing to tell.
fn told(body: &[u8]) -> Option<Inbound> {
    let event: Event = serde_json::from_slice(body).ok()?;
    let Some(kind) = event.kind.strip_prefix("email.").filter(|kind| *kind != "received") else {
        return Some(Inbound::Nothing);
    };
    let email: EmailEvent = serde_json::from_value(event.data).ok()?;
    let id = email.tags.as_ref().and_then(|tags| tags.get(OUR_ID)).and_then(|id| id.parse().ok());
    let recipients = email.to.iter().filter_map(|to| to.parse::<Mailbox>().ok());
    Some(Inbound::Report {
        id,
        recipients: recipients.map(|mailbox| mailbox.address.into()).collect(),
        report: report(email.email_id, kind, email.bounce.as_ref()),
    })
}
