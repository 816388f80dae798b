//! Tokens of one person, kept as long as a test.

use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::oauth::{Account, Grant};
use kopru_ports::tokens::{ConnectionStatus, Saved, StoredToken, TokenKey, TokenStore};

#[derive(Default)]
pub struct Memory(Mutex<Option<StoredToken>>);

/// A connection that was made a moment ago.
pub fn connected(grant: Grant, account: Account) -> StoredToken {
    StoredToken {
        version: 1,
        access: grant.access,
        refresh: grant.refresh,
        expires_at: grant.expires_at,
        scopes: grant.scopes,
        account_id: account.id,
        account_email: account.email,
        status: ConnectionStatus::Active,
        last_error: None,
    }
}

impl Memory {
    /// The tokens of one connection.
    pub fn of(token: StoredToken) -> Self {
        Self(Mutex::new(Some(token)))
    }
}

#[async_trait]
impl TokenStore for Memory {
    async fn load(&self, _: &TokenKey) -> Result<Option<StoredToken>, StoreError> {
        Ok(self.0.lock().unwrap().clone())
    }
    async fn save(&self, _: &TokenKey, token: StoredToken) -> Result<Saved, StoreError> {
        let version = token.version + 1;
        *self.0.lock().unwrap() = Some(StoredToken { version, ..token });
        Ok(Saved::At(version))
    }
    async fn begin_refresh(&self, _: &TokenKey, _: i64, _: Timestamp, _: Timestamp) -> Result<bool, StoreError> {
        Ok(true)
    }
    async fn set_status(
        &self,
        _: &TokenKey,
        status: ConnectionStatus,
        last_error: Option<String>,
    ) -> Result<(), StoreError> {
        if let Some(token) = self.0.lock().unwrap().as_mut() {
            (token.status, token.last_error) = (status, last_error);
        }
        Ok(())
    }
    async fn delete(&self, _: &TokenKey) -> Result<(), StoreError> {
        *self.0.lock().unwrap() = None;
        Ok(())
    }
    async fn count_for_account(&self, _: &str) -> Result<u32, StoreError> {
        Ok(0)
    }
}
