//! What is known of portals' entities, for some minutes; loaded by one caller at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kopru_domain::{CompanyId, EntityKind};
use kopru_ports::crm::CrmError;

use crate::describe::Described;

/// So long a description is kept.
const KEPT: Duration = Duration::from_mins(10);
/// One as young as this would say the same again.
const YOUNG: Duration = Duration::from_mins(1);

type Key = (CompanyId, EntityKind);
/// A description with the moment when it was read. Who loads it holds the lock.
type Slot = Arc<tokio::sync::Mutex<Option<(Timestamp, Arc<Described>)>>>;

#[derive(Default)]
pub(crate) struct Known(Mutex<HashMap<Key, Slot>>);

impl Known {
    fn slots(&self) -> MutexGuard<'_, HashMap<Key, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, or what `load` brings. A failure is not kept.
    pub(crate) async fn get(
        &self,
        key: Key,
        now: Timestamp,
        load: impl Future<Output = Result<Described, CrmError>>,
    ) -> Result<Arc<Described>, CrmError> {
        let slot = self.slots().entry(key).or_default().clone();
        let mut kept = slot.lock().await;
        if let Some((_, described)) = kept.as_ref().filter(|(read, _)| now < *read + KEPT) {
            return Ok(described.clone());
        }
        let described = Arc::new(load.await?);
        *kept = Some((now, described.clone()));
        Ok(described)
    }

    /// Forgets a company's entities. What is being loaded reaches only those who wait for it.
    pub(crate) fn forget(&self, company: &CompanyId) {
        self.slots().retain(|(of, _), _| of != company);
    }

    /// Forgets what the portal contradicted, unless it was read a moment ago or is being read.
    pub(crate) fn doubt(&self, key: &Key, now: Timestamp) {
        let mut slots = self.slots();
        let age = slots.get(key).and_then(|slot| slot.try_lock().ok().and_then(|kept| Some(kept.as_ref()?.0)));
        if age.is_some_and(|read| read + YOUNG <= now) {
            slots.remove(key);
        }
    }
}
