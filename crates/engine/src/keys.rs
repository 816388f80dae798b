//! Companies and API keys.

use std::time::Duration;

use kopru_domain::CompanyId;
use kopru_ports::audit::AuditAction;
use kopru_ports::identity::{ApiKey, Scope};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::callers::{Caller, KEY};
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
        let is_new = self.ports.identity.company(company).await?.is_none();
        self.ports.identity.add_company(company, name, self.ports.clock.now()).await?;
        if is_new {
            self.record(&Caller::operator(company.clone()), AuditAction::CompanyAdded, "").await?;
            self.keep_house_of([(company, Duration::ZERO)]).await?;
        }
        Ok(is_new)
    }

    /// All companies with their names, by id.
    pub async fn companies(&self) -> Result<Vec<(CompanyId, String)>, EngineError> {
        Ok(self.ports.identity.companies().await?)
    }

    pub(crate) async fn known_company(&self, company: &CompanyId) -> Result<(), EngineError> {
        let known = self.ports.identity.company(company).await?;
        known.map(drop).ok_or(EngineError::NotFound("company"))
    }

    /// Makes an API key.
    pub async fn create_key(&self, caller: &Caller, name: &str, scopes: Vec<Scope>) -> Result<NewKey, EngineError> {
        self.known_company(&caller.company).await?;
        let text = SecretString::from(format!("{KEY}{}", secrets::token()?.expose_secret()));
        let now = self.ports.clock.now();
        let end = text.expose_secret().len() - 4;
        let key = ApiKey {
            id: self.ports.ids.next(),
            company: caller.company.clone(),
            name: name.to_owned(),
            last_four: text.expose_secret()[end..].to_owned(),
            scopes,
            created: now,
            revoked: None,
        };
        self.record(caller, AuditAction::KeyCreated, key.id).await?;
        self.ports.identity.add_key(&key, &secrets::hash(&text)).await?;
        Ok(NewKey { key, text })
    }

    /// A company's keys, newest first.
    pub async fn keys(&self, company: &CompanyId) -> Result<Vec<ApiKey>, EngineError> {
        self.known_company(company).await?;
        Ok(self.ports.identity.keys(company).await?)
    }

    /// Revokes a key.
    pub async fn revoke_key(&self, caller: &Caller, id: Uuid) -> Result<(), EngineError> {
        let keys = self.keys(&caller.company).await?;
        keys.iter().find(|key| key.id == id).ok_or(EngineError::NotFound("api key"))?;
        self.record(caller, AuditAction::KeyRevoked, id).await?;
        self.ports.identity.revoke_key(&caller.company, id, self.ports.clock.now()).await?;
        Ok(())
    }
}
