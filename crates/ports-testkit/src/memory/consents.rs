use std::ops::Range;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::oauth::{ConsentStore, PendingConsent};

use super::MemoryStore;

#[async_trait]
impl ConsentStore for MemoryStore {
    async fn put(&self, state_hash: &str, consent: PendingConsent, time: Range<Timestamp>) -> Result<(), StoreError> {
        let mut state = self.state();
        state.is_known(&consent.key.company)?;
        state.consents.retain(|_, (_, expires)| time.start < *expires);
        state.consents.insert(state_hash.to_owned(), (consent, time.end));
        Ok(())
    }

    async fn take(&self, state_hash: &str, now: Timestamp) -> Result<Option<PendingConsent>, StoreError> {
        let taken = self.state().consents.remove(state_hash);
        Ok(taken.filter(|(_, expires)| now < *expires).map(|(consent, _)| consent))
    }
}
