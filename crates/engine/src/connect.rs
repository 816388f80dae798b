//! A person's Google connection.

use kopru_domain::{CompanyId, UserId};
use kopru_ports::Retry;
use kopru_ports::audit::AuditAction;
use kopru_ports::configs::SyncConfig;
use kopru_ports::oauth::{OAuthProvider, PendingConsent};
use kopru_ports::tokens::{ConnectionStatus, Service, StoredToken, TokenKey};
use secrecy::SecretString;

use crate::Engine;
use crate::callers::Caller;
use crate::detect::connection;
use crate::error::EngineError;

/// How a person's Google connection is.
#[derive(Debug, Clone)]
pub struct GoogleStatus {
    /// How it is.
    pub status: ConnectionStatus,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// The account's address.
    pub account: String,
    /// What was granted.
    pub scopes: Vec<String>,
}

impl Engine {
    /// Google's consent for a service, and its return address.
    fn google(&self, service: Service) -> (&dyn OAuthProvider, &str) {
        match service {
            Service::GoogleCalendar => (&*self.ports.calendar_consent, &self.settings.calendar_redirect_uri),
            _ => (&*self.ports.google, &self.settings.google_redirect_uri),
        }
    }

    /// Begins a consent: the address to send the person to. `return_to` is a path of this service, or a page of one of
    /// the company's origins.
    pub async fn begin_google(
        &self,
        caller: &Caller,
        (user, service): (&UserId, Service),
        return_to: &str,
    ) -> Result<String, EngineError> {
        if !self.settings.google_is_set {
            return Err(EngineError::NotSet("GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET"));
        }
        let (provider, redirect_uri) = self.google(service);
        let key = personal(&caller.company, user, service);
        self.begin_consent(key, (provider, redirect_uri.to_owned()), caller, return_to).await
    }

    pub(crate) async fn connect_google(&self, consent: &PendingConsent, code: SecretString) -> Result<(), EngineError> {
        let (provider, redirect_uri) = self.google(consent.key.service);
        self.complete_consent(consent, provider, redirect_uri, code).await?;
        // What waited for the connection goes on, and what was edited meanwhile is found.
        for config in self.running(&consent.key).await? {
            self.scan(&config).await?;
        }
        Ok(())
    }

    /// How the person's connection is; `None` when there is none.
    pub async fn google_status(&self, key: &TokenKey) -> Result<Option<GoogleStatus>, EngineError> {
        let found = self.ports.tokens.load(key).await?;
        Ok(found.map(|token| GoogleStatus {
            status: token.status,
            last_error: token.last_error,
            account: token.account_email,
            scopes: token.scopes,
        }))
    }

    /// Forgets the person's connection and pauses what ran on it; queues stay.
    pub async fn disconnect_google(&self, caller: &Caller, key: &TokenKey) -> Result<(), EngineError> {
        let Some(token) = self.ports.tokens.load(key).await? else { return Ok(()) };
        self.record(caller, AuditAction::GoogleDisconnected, &key.user).await?;
        self.pause_all(key).await?;
        self.give_up(key, token).await
    }

    /// Whose consent a service's is; `None` where our client there is not set any more.
    fn provider(&self, service: Service) -> Option<&dyn OAuthProvider> {
        match service {
            Service::Gmail | Service::Outlook => self.mailbox_consent(service),
            _ => Some(self.google(service).0),
        }
    }

    /// Ends a grant at the vendor. Repeatable.
    pub(crate) async fn end_grant(&self, service: Service, token: StoredToken) -> Result<(), EngineError> {
        let Some(provider) = self.provider(service) else { return Ok(()) };
        match provider.revoke(token.refresh.unwrap_or(token.access)).await {
            Err(error) if error.retry == Retry::Never => {
                tracing::info!(%error, "the vendor knew the grant no more");
                Ok(())
            }
            other => Ok(other?),
        }
    }

    /// The person's connection to Sheets, if there ever was one: whether it still works, its vendor says.
    pub(crate) async fn connected(&self, company: &CompanyId, user: &UserId) -> Result<TokenKey, EngineError> {
        self.connected_to(connection(company, user)).await
    }

    pub(crate) async fn connected_to(&self, key: TokenKey) -> Result<TokenKey, EngineError> {
        let found = self.ports.tokens.load(&key).await?;
        if found.is_some() { Ok(key) } else { Err(EngineError::NotConnected) }
    }

    async fn pause_all(&self, key: &TokenKey) -> Result<(), EngineError> {
        for mut config in self.running(key).await? {
            config.enabled = false;
            self.ports.configs.update(&config).await?;
        }
        Ok(())
    }

    /// The configurations that run on the connection.
    async fn running(&self, key: &TokenKey) -> Result<Vec<SyncConfig>, EngineError> {
        if key.service != Service::GoogleSheets {
            return Ok(Vec::new());
        }
        let mut configs = self.all_configs(&key.company).await?;
        configs.retain(|config| config.user == key.user && config.enabled);
        Ok(configs)
    }
}

/// A person's own connection to a service.
#[must_use]
pub fn personal(company: &CompanyId, user: &UserId, service: Service) -> TokenKey {
    TokenKey { company: company.clone(), user: user.clone(), service }
}
