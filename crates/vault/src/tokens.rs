use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::seal::{SealedPlace, Sealer};
use kopru_ports::tokens::{ConnectionStatus, Saved, StoredToken, TokenKey, TokenStore};

use crate::sealed::{open, seal};

/// A token store whose inner store sees sealed tokens only.
pub struct SealedTokens {
    inner: Arc<dyn TokenStore>,
    sealer: Arc<dyn Sealer>,
}

impl SealedTokens {
    /// Seals what goes into `inner` and opens what comes out of it.
    #[must_use]
    pub fn new(inner: Arc<dyn TokenStore>, sealer: Arc<dyn Sealer>) -> Self {
        Self { inner, sealer }
    }
}

#[async_trait]
impl TokenStore for SealedTokens {
    async fn load(&self, key: &TokenKey) -> Result<Option<StoredToken>, StoreError> {
        let Some(mut token) = self.inner.load(key).await? else { return Ok(None) };
        token.access = open(&*self.sealer, SealedPlace::Access(key.clone()), &token.access).await?;
        if let Some(refresh) = &token.refresh {
            token.refresh = Some(open(&*self.sealer, SealedPlace::Refresh(key.clone()), refresh).await?);
        }
        Ok(Some(token))
    }

    async fn save(&self, key: &TokenKey, mut token: StoredToken) -> Result<Saved, StoreError> {
        token.access = seal(&*self.sealer, SealedPlace::Access(key.clone()), &token.access).await?;
        if let Some(refresh) = &token.refresh {
            token.refresh = Some(seal(&*self.sealer, SealedPlace::Refresh(key.clone()), refresh).await?);
        }
        self.inner.save(key, token).await
    }

    async fn begin_refresh(
        &self,
        key: &TokenKey,
        version: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.inner.begin_refresh(key, version, now, until).await
    }

    async fn set_status(
        &self,
        key: &TokenKey,
        status: ConnectionStatus,
        error: Option<String>,
    ) -> Result<(), StoreError> {
        self.inner.set_status(key, status, error).await
    }

    async fn delete(&self, key: &TokenKey) -> Result<(), StoreError> {
        self.inner.delete(key).await
    }

    async fn count_for_account(&self, account_id: &str) -> Result<u32, StoreError> {
        self.inner.count_for_account(account_id).await
    }
}
