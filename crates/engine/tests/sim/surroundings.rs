//! Ports that a simulated engine holds and never needs.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::oauth::{
    Account, AuthorizeRequest, ConsentStore, Grant, OAuthErrorKind, OAuthProvider, PendingConsent,
};
use kopru_ports::seal::{SealContext, SealErrorKind, Sealer};
use kopru_ports::tokens::{ConnectionStatus, Saved, StoredToken, TokenKey, TokenStore};
use kopru_ports::{PortError, Retry, StoreError, StoreErrorKind, UniqueIds};
use secrecy::SecretString;
use uuid::Uuid;

/// Whatever is asked, there is nothing.
pub struct Nothing;

fn none<K>(kind: K) -> PortError<K> {
    PortError::new("nothing", kind, Retry::Never)
}

#[async_trait]
impl TokenStore for Nothing {
    async fn load(&self, _: &TokenKey) -> Result<Option<StoredToken>, StoreError> {
        Ok(None)
    }

    async fn save(&self, _: &TokenKey, _: StoredToken) -> Result<Saved, StoreError> {
        Err(none(StoreErrorKind::Unavailable))
    }

    async fn begin_refresh(&self, _: &TokenKey, _: i64, _: Timestamp, _: Timestamp) -> Result<bool, StoreError> {
        Ok(false)
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
impl ConsentStore for Nothing {
    async fn put(&self, _: &str, _: PendingConsent, _: Timestamp) -> Result<(), StoreError> {
        Err(none(StoreErrorKind::Unavailable))
    }

    async fn take(&self, _: &str, _: Timestamp) -> Result<Option<PendingConsent>, StoreError> {
        Ok(None)
    }
}

#[async_trait]
impl OAuthProvider for Nothing {
    fn authorize_url(&self, _: &AuthorizeRequest) -> String {
        String::new()
    }

    fn needed_scopes(&self) -> &[&'static str] {
        &[]
    }

    async fn exchange(&self, _: SecretString, _: SecretString, _: &str) -> Result<Grant, PortError<OAuthErrorKind>> {
        Err(none(OAuthErrorKind::Unavailable))
    }

    async fn refresh(&self, _: SecretString) -> Result<Grant, PortError<OAuthErrorKind>> {
        Err(none(OAuthErrorKind::Unavailable))
    }

    async fn revoke(&self, _: SecretString) -> Result<(), PortError<OAuthErrorKind>> {
        Ok(())
    }

    async fn account(&self, _: SecretString) -> Result<Account, PortError<OAuthErrorKind>> {
        Err(none(OAuthErrorKind::Unavailable))
    }
}

#[async_trait]
impl Sealer for Nothing {
    async fn seal(&self, _: &SealContext, _: &SecretString) -> Result<String, PortError<SealErrorKind>> {
        Err(none(SealErrorKind::UnknownKey))
    }

    async fn open(&self, _: &SealContext, _: &str) -> Result<SecretString, PortError<SealErrorKind>> {
        Err(none(SealErrorKind::UnknownKey))
    }
}

/// Ids that count: the same on every run.
#[derive(Default)]
pub struct Counted(AtomicU64);

impl UniqueIds for Counted {
    fn next(&self) -> Uuid {
        Uuid::from_u64_pair(0, self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }
}
