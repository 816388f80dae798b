//! What is known of portals' entities, for some minutes; loaded by one caller at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kopru_domain::{CompanyId, EntityKind};
use kopru_ports::Retry;
use kopru_ports::crm::CrmError;

use crate::describe::Described;

/// So long a description is kept.
const KEPT: Duration = Duration::from_mins(10);
/// One as young as this would say the same again.
const YOUNG: Duration = Duration::from_mins(1);

type Key = (CompanyId, EntityKind);

struct Kept {
    read: Timestamp,
    /// Whether the portal contradicted it.
    doubted: bool,
    described: Arc<Described>,
}

/// What is known of one entity. Who loads it holds the lock.
#[derive(Default)]
struct Slot {
    kept: Mutex<Option<Kept>>,
    loading: tokio::sync::Mutex<()>,
}

impl Slot {
    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, whatever its age.
    fn known(&self) -> Option<Arc<Described>> {
        self.kept().as_ref().map(|kept| kept.described.clone())
    }

    fn fresh(&self, now: Timestamp) -> Option<Arc<Described>> {
        let kept = self.kept();
        let fresh = kept.as_ref().filter(|kept| !kept.doubted && now < kept.read + KEPT);
        fresh.map(|kept| kept.described.clone())
    }
}

#[derive(Default)]
pub(crate) struct Known(Mutex<HashMap<Key, Arc<Slot>>>);

impl Known {
    fn slots(&self) -> MutexGuard<'_, HashMap<Key, Arc<Slot>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, or what `load` brings. One caller loads what has become old; the others go on with it
    /// meanwhile, and so do all where it cannot be read just now. A failure is not kept.
    pub(crate) async fn get(
        &self,
        key: Key,
        now: Timestamp,
        load: impl Future<Output = Result<Described, CrmError>>,
    ) -> Result<Arc<Described>, CrmError> {
        let slot = self.slots().entry(key).or_default().clone();
        if let Some(fresh) = slot.fresh(now) {
            return Ok(fresh);
        }
        let _loading = match (slot.loading.try_lock(), slot.known()) {
            (Ok(loading), _) => loading,
            (Err(_), Some(old)) => return Ok(old),
            (Err(_), None) => slot.loading.lock().await,
        };
        if let Some(fresh) = slot.fresh(now) {
            return Ok(fresh);
        }
        match (load.await, slot.known()) {
            (Ok(described), _) => {
                let described = Arc::new(described);
                *slot.kept() = Some(Kept { read: now, doubted: false, described: described.clone() });
                Ok(described)
            }
            (Err(error), Some(old)) if matches!(error.retry, Retry::After(_)) => Ok(old),
            (Err(error), _) => Err(error),
        }
    }

    /// Forgets a company's entities. What is being loaded reaches only those who wait for it.
    pub(crate) fn forget(&self, company: &CompanyId) {
        self.slots().retain(|(of, _), _| of != company);
    }

    /// What the portal contradicted is read anew by its next caller, unless it was read a moment ago.
    pub(crate) fn doubt(&self, key: &Key, now: Timestamp) {
        let Some(slot) = self.slots().get(key).cloned() else { return };
        if let Some(kept) = slot.kept().as_mut().filter(|kept| kept.read + YOUNG <= now) {
            kept.doubted = true;
        }
    }
}
