//! What differs by channel once messages are on their way.

use kopru_domain::CompanyId;
use kopru_domain::email::Envelope;
use kopru_domain::message::{Address, Channel, Trouble};
use kopru_ports::emails::EmailRequest;
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::messages::{Report, SendError, SendRequest, Sender};
use kopru_ports::outbox::{Body, Outgoing};
use kopru_ports::{PortError, Retry};

use super::outgoing::Task;
use crate::Engine;

/// Whose settings a channel's messages go by.
pub(super) fn vendor_of(channel: Channel) -> IntegrationKind {
    match channel {
        Channel::Sms | Channel::WhatsApp => IntegrationKind::Twilio,
        Channel::Email => IntegrationKind::Resend,
    }
}

impl Engine {
    /// By what account and sender the company's messages go.
    pub(super) async fn sender_of(&self, company: &CompanyId, channel: Channel) -> Result<Sender, SendError> {
        match channel {
            Channel::Sms | Channel::WhatsApp => self.ports.messages.sender(company, channel).await,
            Channel::Email => Ok(self.ports.emails.account(company).await?.sender),
        }
    }

    /// Gives a message to its vendor.
    pub(super) async fn hand_over(&self, company: &CompanyId, task: &Task) -> Result<Report, SendError> {
        let (Outgoing { message, to, .. }, urgency) = (&task.outgoing, task.work.urgency);
        match (&message.content, to) {
            (Body::Phone(content), Address::Phone(to)) => {
                let request = SendRequest {
                    company: company.clone(),
                    channel: message.channel,
                    to: to.clone(),
                    content: content.clone(),
                    media: message.media.clone(),
                    id: message.id,
                    callback: self.callback(company),
                    send_at: None,
                    urgency,
                };
                self.ports.messages.send(request).await
            }
            (Body::Email(email), Address::Email(to)) => {
                let envelope = Envelope { id: message.id, to: to.clone(), date: message.created };
                let request = EmailRequest { company: company.clone(), envelope, email: *email.clone(), urgency };
                self.ports.emails.send(request).await
            }
            // Another channel's address was stored with it: nothing of ours does so.
            _ => Err(PortError::new("engine", Trouble::RecipientInvalid, Retry::Never)),
        }
    }

    /// Asks the vendor where a message stands.
    pub(super) async fn ask(
        &self,
        company: &CompanyId,
        channel: Channel,
        provider_id: &str,
    ) -> Result<Option<Report>, SendError> {
        match channel {
            Channel::Sms | Channel::WhatsApp => self.ports.messages.report(company, provider_id).await,
            Channel::Email => self.ports.emails.report(company, provider_id).await,
        }
    }
}
