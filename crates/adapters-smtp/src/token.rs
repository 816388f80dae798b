//! Access tokens for XOAUTH2, in memory alone.

use std::sync::Arc;
use std::time::Duration;

use kopru_domain::message::Trouble;
use kopru_http_client::HttpClient;
use kopru_oauth::{Endpoints, OAuthClient};
use kopru_ports::messages::SendError;
use kopru_ports::oauth::{Grant, OAuthErrorKind};
use kopru_ports::{Clock, PortError, Retry};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;

use crate::config::SmtpOAuth;
use crate::error::{ADAPTER, error};

/// A token that ends within so long is not begun with.
const MARGIN: Duration = Duration::from_mins(1);

/// One account's tokens; one refresh at a time.
pub(crate) struct Tokens {
    client: OAuthClient,
    refresh: SecretString,
    clock: Arc<dyn Clock>,
    present: Mutex<Option<Grant>>,
}

impl Tokens {
    pub fn new(config: &SmtpOAuth, http: HttpClient, clock: Arc<dyn Clock>) -> Result<Self, SendError> {
        let endpoints = Endpoints {
            adapter: ADAPTER,
            // Consents are given, and ended, elsewhere.
            authorize: config.token_url.clone(),
            revoke: config.token_url.clone(),
            token: config.token_url.clone(),
            client_id: config.client_id.clone(),
            client_secret: config.client_secret.clone(),
        };
        let unusable = |cause| error(Trouble::NotConfigured, Retry::Never).caused_by(cause);
        let client = OAuthClient::new(endpoints, http, clock.clone()).map_err(unusable)?;
        Ok(Self { client, refresh: config.refresh_token.clone(), clock, present: Mutex::default() })
    }

    /// A token that is valid for a while, the same one until shortly before its end.
    pub async fn access(&self) -> Result<SecretString, SendError> {
        let mut present = self.present.lock().await;
        let end = self.clock.now() + MARGIN;
        if let Some(grant) = present.as_ref().filter(|grant| grant.expires_at > end) {
            return Ok(grant.access.clone());
        }
        let grant = self.client.refresh(self.refresh.clone()).await.map_err(not_given)?;
        Ok(present.insert(grant).access.clone())
    }

    /// The server refused `token`: the next one is fetched anew, unless it was meanwhile.
    pub async fn refused(&self, token: &SecretString) {
        let is_it = |grant: &mut Grant| grant.access.expose_secret() == token.expose_secret();
        self.present.lock().await.take_if(is_it);
    }
}

fn not_given(cause: PortError<OAuthErrorKind>) -> SendError {
    let kind = match cause.kind {
        OAuthErrorKind::InvalidGrant | OAuthErrorKind::Misconfigured => Trouble::CredentialsRefused,
        _ => Trouble::ProviderDown,
    };
    error(kind, cause.retry).caused_by(cause)
}
