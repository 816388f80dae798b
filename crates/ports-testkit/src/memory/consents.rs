use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::oauth::{ConsentStore, PendingConsent};

use super::MemoryStore;

#[async_trait]
impl ConsentStore for MemoryStore {
    async fn put(&self, state_hash: &str, consent: PendingConsent, expires: Timestamp) -> Result<(), StoreError> {
        self.state().consents.insert(state_hash.to_owned(), (consent, expires));
        Ok(())
    }

    async fn take(&self, state_hash: &str, now: Timestamp) -> Result<Option<PendingConsent>, StoreError> {
        let taken = self.state().consents.remove(state_hash);
        Ok(taken.filter(|(_, expires)| now < *expires).map(|(consent, _)| consent))
    }
}
