//! What the stores behind the decorators get to see.

#![cfg(test)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::integrations::{Integration, IntegrationKind, IntegrationStore};
use kopru_ports::seal::Sealer;
use kopru_ports::tokens::{ConnectionStatus, Saved, Service, StoredToken, TokenKey, TokenStore};
use kopru_ports::{StoreError, StoreErrorKind};
use kopru_vault::{SealedIntegrations, SealedTokens, Vault};
use secrecy::{ExposeSecret, SecretString};

/// Keeps what it is given, in the open.
#[derive(Default)]
struct Memory {
    tokens: Mutex<HashMap<TokenKey, StoredToken>>,
    settings: Mutex<HashMap<CompanyId, SecretString>>,
}

#[async_trait]
impl TokenStore for Memory {
    async fn load(&self, key: &TokenKey) -> Result<Option<StoredToken>, StoreError> {
        Ok(self.tokens.lock().unwrap().get(key).cloned())
    }
    async fn save(&self, key: &TokenKey, token: StoredToken) -> Result<Saved, StoreError> {
        self.tokens.lock().unwrap().insert(key.clone(), token);
        Ok(Saved::At(1))
    }
    async fn begin_refresh(&self, _: &TokenKey, _: i64, _: Timestamp, _: Timestamp) -> Result<bool, StoreError> {
        Ok(true)
    }
    async fn set_status(&self, _: &TokenKey, _: ConnectionStatus, _: Option<String>) -> Result<(), StoreError> {
        Ok(())
    }
    async fn delete(&self, _: &TokenKey) -> Result<(), StoreError> {
        Ok(())
    }
    async fn count_for_account(&self, _: &str) -> Result<u32, StoreError> {
        Ok(0)
    }
}

#[async_trait]
impl IntegrationStore for Memory {
    async fn get(&self, company: &CompanyId, _: IntegrationKind) -> Result<Option<Integration>, StoreError> {
        let settings = self.settings.lock().unwrap().get(company).cloned();
        Ok(settings.map(|settings| Integration::unused(settings, 1)))
    }
    async fn put(&self, company: &CompanyId, _: IntegrationKind, settings: SecretString) -> Result<(), StoreError> {
        self.settings.lock().unwrap().insert(company.clone(), settings);
        Ok(())
    }
    async fn set_status(
        &self,
        _: &CompanyId,
        _: IntegrationKind,
        _: ConnectionStatus,
        _: Option<String>,
        _: Timestamp,
    ) -> Result<(), StoreError> {
        Ok(())
    }
    async fn delete(&self, _: &CompanyId, _: IntegrationKind) -> Result<(), StoreError> {
        Ok(())
    }
}

fn vault() -> Arc<dyn Sealer> {
    Arc::new(Vault::from_keys(&Vault::generate_key("a").unwrap()).unwrap())
}

fn key(company: &str, user: &str) -> TokenKey {
    TokenKey { company: company.parse().unwrap(), user: user.parse().unwrap(), service: Service::GoogleSheets }
}

fn token() -> StoredToken {
    StoredToken {
        version: 0,
        access: "s3cret-access".into(),
        refresh: Some("s3cret-refresh".into()),
        expires_at: Timestamp::UNIX_EPOCH,
        scopes: Vec::new(),
        account_id: "7".into(),
        account_email: "ayse@example.com".into(),
        status: ConnectionStatus::Active,
        last_error: None,
    }
}

#[tokio::test]
async fn a_token_is_stored_sealed_and_comes_back_in_clear() {
    let inner = Arc::new(Memory::default());
    let store = SealedTokens::new(inner.clone(), vault());
    store.save(&key("acme", "ayse"), token()).await.unwrap();

    let seen = inner.load(&key("acme", "ayse")).await.unwrap().unwrap();
    for sealed in [&seen.access, seen.refresh.as_ref().unwrap()] {
        assert!(sealed.expose_secret().starts_with("v1.a.") && !sealed.expose_secret().contains("s3cret"));
    }
    let opened = store.load(&key("acme", "ayse")).await.unwrap().unwrap();
    assert_eq!(opened.access.expose_secret(), "s3cret-access");
    assert_eq!(opened.refresh.unwrap().expose_secret(), "s3cret-refresh");
}

#[tokio::test]
async fn a_connection_without_refresh_token_stays_without() {
    let store = SealedTokens::new(Arc::new(Memory::default()), vault());
    store.save(&key("acme", "ayse"), StoredToken { refresh: None, ..token() }).await.unwrap();
    assert!(store.load(&key("acme", "ayse")).await.unwrap().unwrap().refresh.is_none());
}

#[tokio::test]
async fn a_token_moved_to_another_place_does_not_open() {
    let inner = Arc::new(Memory::default());
    let store = SealedTokens::new(inner.clone(), vault());
    store.save(&key("acme", "ayse"), token()).await.unwrap();
    let sealed = inner.load(&key("acme", "ayse")).await.unwrap().unwrap();

    let swapped = StoredToken { access: sealed.refresh.clone().unwrap(), ..sealed.clone() };
    for (place, moved) in [
        (key("other", "ayse"), sealed.clone()),
        (key("acme", "mehmet"), sealed.clone()),
        (key("acme", "swapped"), swapped),
    ] {
        inner.save(&place, moved).await.unwrap();
        assert_eq!(store.load(&place).await.unwrap_err().kind, StoreErrorKind::Unreadable, "{place:?}");
    }
}

#[tokio::test]
async fn settings_are_stored_sealed_for_their_company_only() {
    let inner = Arc::new(Memory::default());
    let store = SealedIntegrations::new(inner.clone(), vault());
    let [acme, other] = ["acme", "other"].map(|id| id.parse::<CompanyId>().unwrap());
    store.put(&acme, IntegrationKind::Bitrix24, "s3cret".into()).await.unwrap();

    let sealed = inner.get(&acme, IntegrationKind::Bitrix24).await.unwrap().unwrap().settings;
    assert!(!sealed.expose_secret().contains("s3cret"));
    let opened = store.get(&acme, IntegrationKind::Bitrix24).await.unwrap().unwrap();
    assert_eq!(opened.settings.expose_secret(), "s3cret");

    inner.put(&other, IntegrationKind::Bitrix24, sealed).await.unwrap();
    let moved = store.get(&other, IntegrationKind::Bitrix24).await.unwrap_err();
    assert_eq!(moved.kind, StoreErrorKind::Unreadable);
}
