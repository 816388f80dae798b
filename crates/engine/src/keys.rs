//! Companies and API keys.

use kopru_domain::CompanyId;
use kopru_ports::identity::{ApiKey, Scope};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::error::EngineError;
use crate::{Engine, secrets};

/// A key that was just made: the only time that its text is known.
#[derive(Debug)]
pub struct NewKey {
    /// The key as it is stored.
    pub key: ApiKey,
    /// Its text, to be shown once.
    pub text: SecretString,
}

impl Engine {
    /// Makes a company; false where there is one already, which stays as it is.
    pub async fn add_company(&self, company: &CompanyId, name: &str) -> Result<bool, EngineError> {
        let is_new = !self.companies().await?.iter().any(|(known, _)| known == company);
        self.ports.identity.add_company(company, name, self.ports.clock.now()).await?;
        Ok(is_new)
    }

    /// All companies with their names, by id.
    pub async fn companies(&self) -> Result<Vec<(CompanyId, String)>, EngineError> {
        Ok(self.ports.identity.companies().await?)
    }

    async fn known_company(&self, company: &CompanyId) -> Result<(), EngineError> {
        let known = self.companies().await?.iter().any(|(known, _)| known == company);
        if known { Ok(()) } else { Err(EngineError::NotFound("company")) }
    }

    /// Makes an API key.
    pub async fn create_key(&self, company: &CompanyId, name: &str, scopes: Vec<Scope>) -> Result<NewKey, EngineError> {
        self.known_company(company).await?;
        let text = SecretString::from(format!("kopru_{}", secrets::token()?.expose_secret()));
        let now = self.ports.clock.now();
        let end = text.expose_secret().len() - 4;
        let key = ApiKey {
            id: self.ports.ids.next(),
            company: company.clone(),
            name: name.to_owned(),
            last_four: text.expose_secret()[end..].to_owned(),
            scopes,
            created: now,
            revoked: None,
        };
        self.ports.identity.add_key(&key, &secrets::hash(&text)).await?;
        Ok(NewKey { key, text })
    }

    /// The key that a caller shows, if it is valid.
    ///
    /// # Errors
    /// [`EngineError::NotAuthentic`] for an unknown or revoked key.
    pub async fn authenticate(&self, text: &SecretString) -> Result<ApiKey, EngineError> {
        let found = self.ports.identity.key_by_hash(&secrets::hash(text)).await?;
        found.filter(|key| key.revoked.is_none()).ok_or(EngineError::NotAuthentic)
    }

    /// A company's keys, newest first.
    pub async fn keys(&self, company: &CompanyId) -> Result<Vec<ApiKey>, EngineError> {
        self.known_company(company).await?;
        Ok(self.ports.identity.keys(company).await?)
    }

    /// Revokes a key.
    pub async fn revoke_key(&self, company: &CompanyId, id: Uuid) -> Result<(), EngineError> {
        let done = self.ports.identity.revoke_key(company, id, self.ports.clock.now()).await?;
        if done { Ok(()) } else { Err(EngineError::NotFound("api key")) }
    }
}
