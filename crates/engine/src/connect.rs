//! A person's Google connection.

use kopru_domain::{CompanyId, UserId};
use kopru_ports::Retry;
use kopru_ports::configs::SyncConfig;
use kopru_ports::tokens::{ConnectionStatus, Service, TokenKey};
use secrecy::{ExposeSecret, SecretString};

use crate::Engine;
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
    /// Begins a consent: the address to send the person to. `return_to` is a path of this service.
    pub async fn begin_google(
        &self,
        company: &CompanyId,
        user: &UserId,
        return_to: &str,
    ) -> Result<String, EngineError> {
        if !self.settings.google_is_set {
            return Err(EngineError::NotSet("GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET"));
        }
        let redirect_uri = self.settings.google_redirect_uri.clone();
        self.begin_consent(connection(company, user), &*self.ports.google, redirect_uri, return_to).await
    }

    /// Ends a consent that the vendor sent back; where the person goes next.
    ///
    /// # Errors
    /// [`EngineError::NotAuthentic`] for a state that is unknown, used or expired;
    /// [`EngineError::ScopesMissing`] when boxes were left unticked.
    pub async fn complete_google(&self, state: &SecretString, code: SecretString) -> Result<String, EngineError> {
        let consent = self.take_consent(state, Service::GoogleSheets).await?;
        self.complete_consent(&consent, &*self.ports.google, &self.settings.google_redirect_uri, code).await?;
        // What waited for the connection goes on, and what was edited meanwhile is found.
        for config in self.running(&consent.key.company, &consent.key.user).await? {
            self.scan(&config).await?;
        }
        Ok(consent.return_to)
    }

    /// How the person's connection is; `None` when there is none.
    pub async fn google_status(&self, company: &CompanyId, user: &UserId) -> Result<Option<GoogleStatus>, EngineError> {
        let found = self.ports.tokens.load(&connection(company, user)).await?;
        Ok(found.map(|token| GoogleStatus {
            status: token.status,
            last_error: token.last_error,
            account: token.account_email,
            scopes: token.scopes,
        }))
    }

    /// Forgets the person's connection and pauses what ran on it; queues stay. Google's revocation ends
    /// every grant of the account to the whole Cloud project, so it is called only for the last one.
    pub async fn disconnect_google(&self, company: &CompanyId, user: &UserId) -> Result<(), EngineError> {
        let key = connection(company, user);
        let Some(token) = self.ports.tokens.load(&key).await? else { return Ok(()) };
        self.pause_all(company, user).await?;
        if self.ports.tokens.count_for_account(&token.account_id).await? <= 1 {
            let secret = token.refresh.unwrap_or(token.access);
            match self.ports.google.revoke(SecretString::from(secret.expose_secret())).await {
                Err(error) if error.retry == Retry::Never => {
                    tracing::info!(%error, "the vendor knew the grant no more");
                }
                other => other?,
            }
        }
        Ok(self.ports.tokens.delete(&key).await?)
    }

    /// The person's connection, if there ever was one: whether it still works, its vendor says.
    pub(crate) async fn connected(&self, company: &CompanyId, user: &UserId) -> Result<TokenKey, EngineError> {
        let key = connection(company, user);
        let found = self.ports.tokens.load(&key).await?;
        if found.is_some() { Ok(key) } else { Err(EngineError::NotConnected) }
    }

    async fn pause_all(&self, company: &CompanyId, user: &UserId) -> Result<(), EngineError> {
        for mut config in self.running(company, user).await? {
            config.enabled = false;
            self.ports.configs.update(&config).await?;
        }
        Ok(())
    }

    /// The configurations that run on the person's connection.
    async fn running(&self, company: &CompanyId, user: &UserId) -> Result<Vec<SyncConfig>, EngineError> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = self.ports.configs.list(company, after, 100).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.id);
            found.extend(page.into_iter().filter(|config| config.user == *user && config.enabled));
        }
    }
}
