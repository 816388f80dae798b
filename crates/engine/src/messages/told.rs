//! What a vendor tells by itself: where messages stand, and what people answer.

use kopru_domain::CompanyId;
use kopru_domain::message::{Remedy, Trouble, opt_word};
use kopru_ports::inbound::{Inbound, InboundErrorKind, InboundRequest};
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::outbox::Told;
use kopru_ports::tokens::ConnectionStatus;
use url::Url;

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
            Inbound::Report { id, report } => Told::Report { id, report },
            Inbound::Message(message) => {
                let word = message.word.or_else(|| opt_word(&message.text));
                Told::Message(message, word)
            }
        };
        self.ports.outbox.told(company, told, self.ports.clock.now()).await?;
        Ok(())
    }

    /// Keeps the integration's status true to what the vendor said to the company's last message.
    pub(super) async fn told_by_messages(&self, company: &CompanyId, trouble: Option<Trouble>) {
        let status = match trouble.map(Trouble::remedy) {
            Some(Remedy::Reconnect) => ConnectionStatus::ReconnectRequired,
            Some(Remedy::SetUp | Remedy::TryLater) => ConnectionStatus::Error,
            // What is wrong with one message is not wrong with the account.
            _ => ConnectionStatus::Active,
        };
        let error = trouble.filter(|_| status != ConnectionStatus::Active).map(|trouble| trouble.code().to_owned());
        let kept = self.set_vendor(company, IntegrationKind::Twilio, status, error).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "the integration's status could not be recorded");
        }
    }
}
