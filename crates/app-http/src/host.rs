//! The host's own tokens, as an operator sets them up.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use kopru_host_tokens::{HostJwts, Keys, Terms};
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_ports::host::HostTokens;
use kopru_ports::identity::Scope;
use secrecy::SecretString;

use crate::cli::scope;
use crate::settings::web_address;

/// Whose tokens are accepted besides ours. The operator names the address, so it may be in a network of one's own.
#[derive(Debug, Clone, Default, Args)]
pub struct HostSettings {
    /// Accept the host's own JWTs, signed with this secret of 32 characters or more.
    #[arg(
        long = "host-jwt-secret",
        env = "KOPRU_HOST_JWT_SECRET",
        hide_env_values = true,
        conflicts_with = "jwks_url"
    )]
    pub secret: Option<SecretString>,
    /// Accept the host's own JWTs, signed with a key that is published at this address.
    #[arg(long = "host-jwks-url", env = "KOPRU_HOST_JWKS_URL", value_parser = web_address)]
    pub jwks_url: Option<String>,
    /// Their `aud`: what the host calls this service.
    #[arg(long = "host-jwt-audience", env = "KOPRU_HOST_JWT_AUDIENCE")]
    pub audience: Option<String>,
    /// Their `iss`; anybody with the key where it is not set.
    #[arg(long = "host-jwt-issuer", env = "KOPRU_HOST_JWT_ISSUER")]
    pub issuer: Option<String>,
    /// The claim that names the person.
    #[arg(long = "host-jwt-user-claim", env = "KOPRU_HOST_JWT_USER_CLAIM", default_value = "sub")]
    pub user_claim: String,
    /// The claim that names the company.
    #[arg(long = "host-jwt-company-claim", env = "KOPRU_HOST_JWT_COMPANY_CLAIM", default_value = "company")]
    pub company_claim: String,
    /// What people may do with them.
    #[arg(long = "host-jwt-scopes", env = "KOPRU_HOST_JWT_SCOPES", value_delimiter = ',', default_value = "messages:send,calendar:write", value_parser = scope)]
    pub scopes: Vec<Scope>,
}

impl HostSettings {
    /// What knows the host's tokens, where any are accepted.
    ///
    /// # Errors
    /// With what to set.
    pub fn tokens(&self) -> anyhow::Result<Option<Arc<dyn HostTokens>>> {
        let keys = match (&self.secret, &self.jwks_url) {
            (None, None) => return Ok(None),
            (Some(secret), _) => Keys::shared(secret).context("KOPRU_HOST_JWT_SECRET")?,
            (None, Some(address)) => Keys::published(client()?, address.clone()),
        };
        let audience = self.audience.clone().unwrap_or_default();
        ensure!(
            !audience.is_empty(),
            "KOPRU_HOST_JWT_AUDIENCE is not set: without it tokens for others would be accepted"
        );
        let terms = Terms {
            audience,
            issuer: self.issuer.clone(),
            user_claim: self.user_claim.clone(),
            company_claim: self.company_claim.clone(),
        };
        Ok(Some(Arc::new(HostJwts::new(keys, terms))))
    }
}

/// A person waits for the keys.
fn client() -> anyhow::Result<HttpClient> {
    let patience = Duration::from_secs(5);
    let options =
        HttpOptions { timeout: patience, connect_timeout: patience, private_addresses: PrivateAddresses::Allow };
    Ok(HttpClient::new(&options)?)
}
