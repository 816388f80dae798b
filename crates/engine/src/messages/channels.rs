//! What differs by channel once messages are on their way.

use kopru_domain::CompanyId;
use kopru_domain::email::{Email, Envelope};
use kopru_domain::message::{Address, Channel, Trouble};
use kopru_ports::emails::EmailRequest;
use kopru_ports::messages::{Report, SendError, SendRequest, Sender};
use kopru_ports::outbox::{Body, Message, Outgoing};
use kopru_ports::{PortError, Retry};

use super::outgoing::Task;
use super::way::Way;
use crate::{Engine, work};

impl Engine {
    /// On which lane the company's messages wait: of a sender of SMS and WhatsApp, of the company for all its e-mails.
    pub(super) async fn lane_of(&self, company: &CompanyId, channel: Channel) -> Result<String, SendError> {
        match channel {
            Channel::Sms | Channel::WhatsApp => {
                Ok(work::messages_lane(channel, &self.ports.messages.sender(company, channel).await?))
            }
            Channel::Email => Ok(work::EMAILS.to_owned()),
        }
    }

    /// The account that a turn's messages go by.
    pub(super) async fn sender_of(&self, company: &CompanyId, way: &Way) -> Result<Sender, SendError> {
        match way {
            Way::Phone(channel) => self.ports.messages.sender(company, *channel).await,
            Way::Email { road, .. } => Ok(self.road(*road)?.account(company).await?.sender),
        }
    }

    /// Gives a message to its vendor.
    pub(super) async fn hand_over(&self, company: &CompanyId, task: &Task, way: &Way) -> Result<Report, SendError> {
        let Outgoing { message, to, .. } = &task.outgoing;
        match (&message.content, to, way) {
            (Body::Phone(content), Address::Phone(to), Way::Phone(channel)) => {
                let request = SendRequest {
                    company: company.clone(),
                    channel: *channel,
                    to: to.clone(),
                    content: content.clone(),
                    media: message.media.clone(),
                    id: message.id,
                    callback: self.callback(company),
                    send_at: None,
                    urgency: task.work.urgency,
                };
                self.ports.messages.send(request).await
            }
            (Body::Email(email), Address::Email(_), Way::Email { road, .. }) => {
                self.road(*road)?.send(email_request(company, task, email)?).await
            }
            _ => Err(misplaced()),
        }
    }

    /// Asks the vendor where a message stands.
    pub(super) async fn ask(
        &self,
        company: &CompanyId,
        message: &Message,
        provider_id: &str,
    ) -> Result<Option<Report>, SendError> {
        match (message.channel, message.tries.last()) {
            (Channel::Sms | Channel::WhatsApp, _) => self.ports.messages.report(company, provider_id).await,
            (Channel::Email, Some(taken)) => self.road(taken.road)?.report(company, provider_id).await,
            (Channel::Email, None) => Ok(None),
        }
    }
}

/// An e-mail for its road, the same each time.
pub(super) fn email_request(company: &CompanyId, task: &Task, email: &Email) -> Result<EmailRequest, SendError> {
    let Outgoing { message, to, .. } = &task.outgoing;
    let Address::Email(to) = to else { return Err(misplaced()) };
    let envelope = Envelope { id: message.id, to: to.clone(), date: message.created };
    Ok(EmailRequest { company: company.clone(), envelope, email: email.clone(), urgency: task.work.urgency })
}

/// Another channel's address was stored with it: nothing of ours does so.
fn misplaced() -> SendError {
    PortError::new("engine", Trouble::RecipientInvalid, Retry::Never)
}
