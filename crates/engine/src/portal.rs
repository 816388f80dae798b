//! A company's CRM portal.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::audit::AuditAction;
use kopru_ports::crm::{CrmError, CrmErrorKind};
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::oauth::PendingConsent;
use kopru_ports::tokens::{ConnectionStatus, Service, TokenKey};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Value, json};

use crate::Engine;
use crate::callers::Caller;
use crate::error::{EngineError, Problem};

/// Where the portal sends people back to who gave their consent.
const RETURN: &str = "/api/integrations/oauth/bitrix24/callback";

/// A company's own app in its portal.
#[derive(Debug, Clone)]
pub struct PortalApp {
    /// The portal's address, such as `acme.bitrix24.com`.
    pub portal: String,
    /// The app's code.
    pub client_id: String,
    /// Its key.
    pub client_secret: SecretString,
    /// The authorization server, where it is none of the vendor's: `https://server`.
    pub server: Option<String>,
}

impl PortalApp {
    /// The addresses that will be called.
    pub fn addresses(&self) -> impl Iterator<Item = String> {
        std::iter::once(&self.portal).chain(&self.server).map(|address| endpoint(address))
    }
}

/// By what a portal is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PortalKind {
    /// An inbound webhook.
    Webhook,
    /// An app with tokens of its own.
    App,
}

/// How a company's portal is connected.
#[derive(Debug, Clone, Serialize)]
pub struct PortalStatus {
    /// By what.
    pub kind: PortalKind,
    /// How it is.
    pub status: ConnectionStatus,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// The last four characters of the webhook's or the app's secret.
    pub last_four: String,
}

impl Engine {
    /// Connects the company's Bitrix24 portal by an inbound webhook's address and reaches it; the portal's
    /// stable name.
    ///
    /// # Errors
    /// [`Problem::BadPortalAddress`], [`Problem::BadPortalSecret`], and what the portal says to the first call: nothing is kept then.
    pub async fn connect_portal(&self, caller: &Caller, webhook: &SecretString) -> Result<String, EngineError> {
        let company = &caller.company;
        let settings = json!({ "webhook": webhook.expose_secret().trim() });
        let settings = self.recognised(company, &settings).await.map_err(unusable)?;
        let name = self.ports.catalog.reach(company, &settings).await.map_err(unusable)?;
        self.record(caller, AuditAction::PortalConnected, &name).await?;
        self.replace_portal(company, settings).await?;
        self.portal_works(company).await?;
        Ok(name)
    }

    /// Keeps the company's own app, whose consent is to follow; the portal's stable name.
    ///
    /// # Errors
    /// [`Problem::BadPortalApp`]: nothing is kept then.
    pub async fn connect_portal_app(&self, caller: &Caller, app: &PortalApp) -> Result<String, EngineError> {
        let company = &caller.company;
        let settings = json!({
            "client_id": app.client_id,
            "client_secret": app.client_secret.expose_secret(),
            "client_endpoint": endpoint(&app.portal),
            "server_endpoint": app.server.as_deref().map(endpoint),
        });
        let unusable = |_| EngineError::Invalid(Problem::BadPortalApp);
        let settings = self.recognised(company, &settings).await.map_err(unusable)?;
        self.record(caller, AuditAction::PortalConnected, &app.portal).await?;
        self.replace_portal(company, settings).await?;
        Ok(self.ports.catalog.portal(company).await?)
    }

    /// The settings under the name by which the portal is known to the company.
    async fn recognised(&self, company: &CompanyId, settings: &Value) -> Result<SecretString, EngineError> {
        let settings = SecretString::from(settings.to_string());
        let in_use = self.all_configs(company).await?.into_iter().map(|config| config.portal);
        let names: Vec<_> = in_use.collect::<BTreeSet<_>>().into_iter().collect();
        Ok(self.ports.connections.recognised(company, &settings, &names).await?)
    }

    /// Whose tokens the former ones were, is not known to the new app.
    async fn replace_portal(&self, company: &CompanyId, settings: SecretString) -> Result<(), EngineError> {
        self.ports.tokens.delete(&TokenKey::of_company(company, Service::Bitrix24)).await?;
        self.ports.integrations.put(company, IntegrationKind::Bitrix24, settings).await?;
        self.ports.catalog.forget(company).await;
        Ok(())
    }

    /// The address that the app's card in the portal has to name.
    #[must_use]
    pub fn portal_redirect_uri(&self) -> String {
        format!("{}{RETURN}", self.settings.public_url)
    }

    /// Begins the consent to the company's app: the address to send a person of the portal to. `return_to` is a
    /// path of this service, or a page of one of the company's origins.
    ///
    /// # Errors
    /// [`EngineError::Crm`] where no app is connected.
    pub async fn begin_portal(&self, caller: &Caller, return_to: &str) -> Result<String, EngineError> {
        let app = self.ports.connections.consent(&caller.company).await?;
        let key = TokenKey::of_company(&caller.company, Service::Bitrix24);
        self.begin_consent(key, (&*app, self.portal_redirect_uri()), caller, return_to).await
    }

    pub(crate) async fn connect_by_app(&self, consent: &PendingConsent, code: SecretString) -> Result<(), EngineError> {
        let company = &consent.key.company;
        let app = self.ports.connections.consent(company).await?;
        self.complete_consent(consent, &*app, &self.portal_redirect_uri(), code).await?;
        self.ports.catalog.forget(company).await;
        self.portal_works(company).await
    }

    /// How the company's portal is connected; `None` when it is not.
    pub async fn portal_status(&self, company: &CompanyId) -> Result<Option<PortalStatus>, EngineError> {
        let Some(found) = self.ports.integrations.get(company, IntegrationKind::Bitrix24).await? else {
            return Ok(None);
        };
        let settings: Value = serde_json::from_str(found.settings.expose_secret()).unwrap_or_default();
        let (kind, secret) = match settings["client_secret"].as_str() {
            Some(secret) => (PortalKind::App, secret),
            None => (PortalKind::Webhook, settings["webhook"].as_str().unwrap_or_default().trim_end_matches('/')),
        };
        let hidden = secret.chars().count().saturating_sub(4);
        Ok(Some(PortalStatus {
            kind,
            status: found.status,
            last_error: found.last_error,
            last_used: found.last_used,
            last_four: secret.chars().skip(hidden).collect(),
        }))
    }

    /// Forgets the company's portal and its tokens; what waits for it stays.
    pub async fn disconnect_portal(&self, caller: &Caller) -> Result<(), EngineError> {
        let company = &caller.company;
        self.record(caller, AuditAction::PortalDisconnected, "").await?;
        self.ports.catalog.forget(company).await;
        self.ports.tokens.delete(&TokenKey::of_company(company, Service::Bitrix24)).await?;
        Ok(self.ports.integrations.delete(company, IntegrationKind::Bitrix24).await?)
    }

    pub(crate) async fn portal_works(&self, company: &CompanyId) -> Result<(), EngineError> {
        self.set_vendor(company, IntegrationKind::Bitrix24, ConnectionStatus::Active, None).await
    }

    /// Keeps the integration's status true to what the portal said.
    pub(crate) async fn portal_failed(&self, company: &CompanyId, error: &CrmError) -> Result<(), EngineError> {
        let status = match error.kind {
            CrmErrorKind::Credentials => ConnectionStatus::ReconnectRequired,
            // Not connected: what is queued is for another portal than the company's present one.
            CrmErrorKind::RateLimited | CrmErrorKind::NotConnected => return Ok(()),
            _ => ConnectionStatus::Error,
        };
        self.set_vendor(company, IntegrationKind::Bitrix24, status, Some(error.to_string())).await
    }
}

/// The REST address of a portal or server, as people type it.
fn endpoint(address: &str) -> String {
    let address = address.trim().trim_end_matches('/');
    if address.contains("://") { format!("{address}/rest/") } else { format!("https://{address}/rest/") }
}

fn unusable(error: impl Into<EngineError>) -> EngineError {
    match error.into() {
        EngineError::Crm(error) => match error.kind {
            CrmErrorKind::InvalidValue | CrmErrorKind::NotConnected => EngineError::Invalid(Problem::BadPortalAddress),
            CrmErrorKind::Credentials => EngineError::Invalid(Problem::BadPortalSecret),
            _ => EngineError::Crm(error),
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portal_is_named_as_people_do() {
        assert_eq!(endpoint("acme.bitrix24.com"), "https://acme.bitrix24.com/rest/");
        assert_eq!(endpoint(" https://acme.bitrix24.com/ "), "https://acme.bitrix24.com/rest/");
        assert_eq!(endpoint("http://127.0.0.1:4000/bitrix24"), "http://127.0.0.1:4000/bitrix24/rest/");
    }
}
