use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::tokens::{ConnectionStatus, Saved, StoredToken, TokenKey, TokenStore};

use super::{MemoryStore, count, kept};

/// A connection, and until when somebody refreshes it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) token: StoredToken,
    refreshed_until: Option<Timestamp>,
}

impl Connection {
    pub(super) fn without_tokens(&self, key: &TokenKey) -> kopru_ports::data::Connection {
        kopru_ports::data::Connection {
            user: key.user.clone(),
            service: key.service,
            account_email: self.token.account_email.clone(),
            scopes: self.token.scopes.clone(),
            status: self.token.status,
            last_error: self.token.last_error.clone(),
        }
    }
}

#[async_trait]
impl TokenStore for MemoryStore {
    async fn load(&self, key: &TokenKey) -> Result<Option<StoredToken>, StoreError> {
        Ok(self.state().tokens.get(key).map(|stored| stored.token.clone()))
    }

    async fn save(&self, key: &TokenKey, token: StoredToken) -> Result<Saved, StoreError> {
        let mut state = self.state();
        let stored = state.tokens.get(key).map_or(0, |stored| stored.token.version);
        if token.version != 0 && token.version != stored {
            return Ok(Saved::Conflict);
        }
        let version = stored + 1;
        let token = StoredToken { version, expires_at: kept(token.expires_at), ..token };
        state.tokens.insert(key.clone(), Connection { token, refreshed_until: None });
        Ok(Saved::At(version))
    }

    async fn begin_refresh(
        &self,
        key: &TokenKey,
        version: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(stored) = state.tokens.get_mut(key).filter(|stored| stored.token.version == version) else {
            return Ok(false);
        };
        let free = stored.refreshed_until.is_none_or(|until| until <= now);
        if free {
            stored.refreshed_until = Some(until);
        }
        Ok(free)
    }

    async fn set_status(
        &self,
        key: &TokenKey,
        status: ConnectionStatus,
        error: Option<String>,
    ) -> Result<(), StoreError> {
        if let Some(stored) = self.state().tokens.get_mut(key) {
            (stored.token.status, stored.token.last_error) = (status, error);
        }
        Ok(())
    }

    async fn delete(&self, key: &TokenKey) -> Result<(), StoreError> {
        self.state().tokens.remove(key);
        Ok(())
    }

    async fn count_for_account(&self, account_id: &str) -> Result<u32, StoreError> {
        let state = self.state();
        Ok(count(state.tokens.values().filter(|stored| stored.token.account_id == account_id).count()))
    }
}
