//! Limits in memory.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::gate::{Correction, Limit, LimitStore, Pass, Spent};

/// How far limits are used, in this process only.
#[derive(Debug, Default)]
pub struct MemoryLimits(Mutex<HashMap<String, (Limit, Timestamp)>>);

#[async_trait]
impl LimitStore for MemoryLimits {
    async fn spend(&self, now: Timestamp, pass: &Pass) -> Result<Spent, StoreError> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match pass.spend(now, |scope| buckets.get(scope).map(|(_, full_at)| *full_at)) {
            Ok(spent) => {
                buckets
                    .extend(spent.into_iter().map(|(limit, full_at)| (limit.scope.clone(), (limit.clone(), full_at))));
                Ok(Spent::All)
            }
            Err(nothing) => Ok(nothing),
        }
    }

    async fn correct(&self, now: Timestamp, scope: &str, correction: Correction) -> Result<(), StoreError> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((limit, full_at)) = buckets.get_mut(scope) {
            *full_at = limit.corrected(*full_at, now, correction);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    fn fresh() -> std::future::Ready<Arc<super::MemoryLimits>> {
        std::future::ready(Arc::default())
    }

    crate::clauses!(fresh(), limits: [
        a_pass_spends_from_all_its_limits_or_from_none,
        what_is_kept_is_for_people,
        a_vendors_refusal_holds_its_scope,
        what_a_call_cost_more_or_less_is_made_good,
    ]);
}
