//! A company's CRM portal.

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::crm::{CrmError, CrmErrorKind};
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::tokens::ConnectionStatus;
use secrecy::{ExposeSecret, SecretString};

use crate::Engine;
use crate::error::{EngineError, Problem};

/// How a company's portal is connected.
#[derive(Debug, Clone)]
pub struct PortalStatus {
    /// How it is.
    pub status: ConnectionStatus,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// The last four characters of the webhook's secret.
    pub last_four: String,
}

impl Engine {
    /// Connects the company's Bitrix24 portal by an inbound webhook's address and reaches it; the portal's
    /// stable name.
    ///
    /// # Errors
    /// [`Problem::BadPortalAddress`], [`Problem::BadPortalSecret`], and what the portal says to the first call: nothing is kept then.
    pub async fn connect_portal(&self, company: &CompanyId, webhook: &SecretString) -> Result<String, EngineError> {
        let settings = serde_json::json!({ "webhook": webhook.expose_secret().trim() }).to_string();
        let settings = SecretString::from(settings);
        let name = self.ports.catalog.reach(company, &settings).await.map_err(unusable)?;
        self.ports.integrations.put(company, IntegrationKind::Bitrix24, settings).await?;
        self.ports.catalog.forget(company).await;
        self.portal_works(company).await?;
        Ok(name)
    }

    /// How the company's portal is connected; `None` when it is not.
    pub async fn portal_status(&self, company: &CompanyId) -> Result<Option<PortalStatus>, EngineError> {
        let Some(found) = self.ports.integrations.get(company, IntegrationKind::Bitrix24).await? else {
            return Ok(None);
        };
        let settings = found.settings.expose_secret();
        let secret: String = settings.chars().filter(char::is_ascii_alphanumeric).collect();
        Ok(Some(PortalStatus {
            status: found.status,
            last_error: found.last_error,
            last_used: found.last_used,
            last_four: secret[secret.len().saturating_sub(4)..].to_owned(),
        }))
    }

    /// Forgets the company's portal; what waits for it stays.
    pub async fn disconnect_portal(&self, company: &CompanyId) -> Result<(), EngineError> {
        self.ports.catalog.forget(company).await;
        Ok(self.ports.integrations.delete(company, IntegrationKind::Bitrix24).await?)
    }

    pub(crate) async fn portal_works(&self, company: &CompanyId) -> Result<(), EngineError> {
        self.set_portal(company, ConnectionStatus::Active, None).await
    }

    /// Keeps the integration's status true to what the portal said.
    pub(crate) async fn portal_failed(&self, company: &CompanyId, error: &CrmError) -> Result<(), EngineError> {
        let status = match error.kind {
            CrmErrorKind::Credentials => ConnectionStatus::ReconnectRequired,
            // Not connected: what is queued is for another portal than the company's present one.
            CrmErrorKind::RateLimited | CrmErrorKind::NotConnected => return Ok(()),
            _ => ConnectionStatus::Error,
        };
        self.set_portal(company, status, Some(error.to_string())).await
    }

    async fn set_portal(
        &self,
        company: &CompanyId,
        status: ConnectionStatus,
        error: Option<String>,
    ) -> Result<(), EngineError> {
        let now = self.ports.clock.now();
        Ok(self.ports.integrations.set_status(company, IntegrationKind::Bitrix24, status, error, now).await?)
    }
}

fn unusable(error: CrmError) -> EngineError {
    match error.kind {
        CrmErrorKind::InvalidValue | CrmErrorKind::NotConnected => EngineError::Invalid(Problem::BadPortalAddress),
        CrmErrorKind::Credentials => EngineError::Invalid(Problem::BadPortalSecret),
        _ => EngineError::Crm(error),
    }
}
