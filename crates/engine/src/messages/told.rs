//! What a vendor tells by itself: where messages stand, and what people answer.

use kopru_domain::CompanyId;
use kopru_domain::email::ails;
use kopru_domain::message::{Address, Channel, OptOutCause, Remedy, Trouble, opt_word};
use kopru_ports::inbound::{Inbound, InboundErrorKind, InboundRequest};
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::outbox::{OptOut, Told};
use kopru_ports::tokens::ConnectionStatus;
use url::Url;
use uuid::Uuid;

use crate::Engine;
use crate::error::{EngineError, Problem};

impl Engine {
    /// The address to which the company's vendor reports: nowhere where the vendor cannot reach us.
    pub(super) fn callback(&self, company: &CompanyId) -> Option<Url> {
        let mut url = Url::parse(self.public_url()).ok()?;
        url.path_segments_mut().ok()?.pop_if_empty().extend([
            "hooks",
            IntegrationKind::Twilio.name(),
            company.as_str(),
        ]);
        Some(url)
    }

    /// Takes what a vendor tells of a company's messages.
    ///
    /// # Errors
    /// [`EngineError::NotAuthentic`] where it is not the vendor's own word, also of a company that does not exist.
    pub async fn vendor_told(
        &self,
        company: &CompanyId,
        vendor: IntegrationKind,
        request: &InboundRequest,
    ) -> Result<(), EngineError> {
        let webhook = self.ports.webhooks.iter().find(|webhook| webhook.vendor() == vendor);
        let webhook = webhook.ok_or(EngineError::NotFound("vendor"))?;
        let found = self.ports.integrations.get(company, vendor).await?.ok_or(EngineError::NotAuthentic)?;
        let told = webhook.read(&found.settings, request).map_err(|error| match error.kind {
            InboundErrorKind::Unreadable => Problem::BadEvent("body").refused(),
            _ => EngineError::NotAuthentic,
        })?;
        let told = match told {
            Inbound::Nothing => return Ok(()),
            Inbound::Report { id, recipients, report } => {
                if self.is_of_copies(company, id, &recipients).await? {
                    return self.learn_of(company, &recipients, report.trouble).await;
                }
                // An account that was stopped is told of here, when each message had been taken.
                if report.trouble.is_some_and(Trouble::is_the_accounts) {
                    self.told_by_messages(company, vendor, &[report.trouble]).await;
                }
                Told::Report { id, report }
            }
            Inbound::Message(message) => {
                let word = message.word.or_else(|| opt_word(&message.text));
                Told::Message(message, word)
            }
        };
        self.ports.outbox.told(company, told, self.ports.clock.now()).await?;
        Ok(())
    }

    /// Whether a report is about those alone who got a copy of an e-mail: it says nothing of the e-mail itself.
    async fn is_of_copies(
        &self,
        company: &CompanyId,
        id: Option<Uuid>,
        recipients: &[Address],
    ) -> Result<bool, EngineError> {
        let Some(id) = id.filter(|_| !recipients.is_empty()) else { return Ok(false) };
        let message = self.ports.outbox.message(company, id).await?;
        Ok(message.and_then(|message| message.to).is_some_and(|to| !recipients.contains(&to)))
    }

    /// Remembers what a report says of those who got a copy.
    async fn learn_of(
        &self,
        company: &CompanyId,
        recipients: &[Address],
        trouble: Option<Trouble>,
    ) -> Result<(), EngineError> {
        let Some(cause) = trouble.and_then(OptOutCause::of) else { return Ok(()) };
        for address in recipients {
            let since = self.ports.clock.now();
            let out = OptOut { channel: Channel::Email, address: address.clone(), since, cause };
            self.ports.contacts.set_opt_out(company, &out, true).await?;
        }
        Ok(())
    }

    /// Keeps the integration's status true to what the vendor said to the company's messages of one turn: an account
    /// that takes one of them takes messages.
    pub(super) async fn told_by_messages(
        &self,
        company: &CompanyId,
        vendor: IntegrationKind,
        answers: &[Option<Trouble>],
    ) {
        let accounts = answers.iter().filter_map(|answer| account_status(*answer));
        // Of several the worst counts: what comes after it may be an answer to an earlier question.
        let Some((status, error)) = accounts.max_by_key(|(status, _)| severity(*status)) else { return };
        if let Err(error) = self.set_vendor(company, vendor, status, error).await {
            tracing::warn!(%error, "the integration's status could not be recorded");
        }
    }
}

/// What an answer to one message says of the account; nothing where it is about that message alone, or about our own
/// pace.
fn account_status(answer: Option<Trouble>) -> Option<(ConnectionStatus, Option<String>)> {
    let Some(trouble) = answer else { return Some((ConnectionStatus::Active, None)) };
    let status = match trouble {
        _ if trouble.remedy() == Remedy::Reconnect => ConnectionStatus::ReconnectRequired,
        _ if ails(trouble) => ConnectionStatus::Error,
        _ => return None,
    };
    Some((status, Some(trouble.code().to_owned())))
}

fn severity(status: ConnectionStatus) -> u8 {
    match status {
        ConnectionStatus::ReconnectRequired => 2,
        ConnectionStatus::Error => 1,
        _ => 0,
    }
}
