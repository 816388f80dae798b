use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::sessions::{Session, SessionStore};
use kopru_ports::{StoreError, StoreErrorKind};

use super::{MemoryStore, error, kept};

#[async_trait]
impl SessionStore for MemoryStore {
    async fn begin_session(&self, hash: &str, session: &Session, now: Timestamp) -> Result<(), StoreError> {
        let mut state = self.state();
        let is_its = |key: &&kopru_ports::identity::ApiKey| (&key.company, key.id) == (&session.company, session.key);
        let key = state.keys.values().find(is_its);
        if key.is_none_or(|key| key.revoked.is_some()) || state.sessions.contains_key(hash) {
            return Err(error(StoreErrorKind::Conflict));
        }
        state.sessions.retain(|_, other| now < other.expires);
        let session = Session { expires: kept(session.expires), ..session.clone() };
        state.sessions.insert(hash.to_owned(), session);
        Ok(())
    }

    async fn session(&self, hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        Ok(self.state().sessions.get(hash).filter(|session| now < session.expires).cloned())
    }

    async fn end_session(&self, hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        Ok(self.state().sessions.remove(hash).filter(|session| now < session.expires))
    }
}
