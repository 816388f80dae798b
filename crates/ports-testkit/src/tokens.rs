//! One connection in memory.

use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::tokens::{ConnectionStatus, Saved, StoredToken, TokenKey, TokenStore};

/// One connection whatever its key, and until when somebody refreshes it.
#[derive(Debug, Default)]
pub struct MemoryTokens(Mutex<(Option<StoredToken>, Timestamp)>);

impl MemoryTokens {
    fn stored(&self) -> MutexGuard<'_, (Option<StoredToken>, Timestamp)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is stored.
    #[must_use]
    pub fn now(&self) -> Option<StoredToken> {
        self.stored().0.clone()
    }

    /// Stores as another caller would: one version later.
    pub fn replace(&self, token: StoredToken) {
        let mut stored = self.stored();
        let version = stored.0.as_ref().map_or(0, |old| old.version) + 1;
        *stored = (Some(StoredToken { version, ..token }), Timestamp::MIN);
    }
}

#[async_trait]
impl TokenStore for MemoryTokens {
    async fn load(&self, _: &TokenKey) -> Result<Option<StoredToken>, StoreError> {
        Ok(self.now())
    }

    async fn save(&self, _: &TokenKey, token: StoredToken) -> Result<Saved, StoreError> {
        if self.now().is_none_or(|stored| stored.version != token.version) {
            return Ok(Saved::Conflict);
        }
        let version = token.version + 1;
        self.replace(token);
        Ok(Saved::At(version))
    }

    async fn begin_refresh(
        &self,
        _: &TokenKey,
        version: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut stored = self.stored();
        let free = stored.0.as_ref().is_some_and(|token| token.version == version) && stored.1 <= now;
        if free {
            stored.1 = until;
        }
        Ok(free)
    }

    async fn set_status(
        &self,
        _: &TokenKey,
        status: ConnectionStatus,
        error: Option<String>,
    ) -> Result<(), StoreError> {
        if let Some(token) = &mut self.stored().0 {
            (token.status, token.last_error) = (status, error);
        }
        Ok(())
    }

    async fn delete(&self, _: &TokenKey) -> Result<(), StoreError> {
        self.stored().0 = None;
        Ok(())
    }

    async fn count_for_account(&self, _: &str) -> Result<u32, StoreError> {
        Ok(u32::from(self.now().is_some()))
    }
}
