use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::gate::{Correction, Limit, LimitStore, Pass, Spent};

use super::{MemoryStore, kept};

#[async_trait]
impl LimitStore for MemoryStore {
    async fn spend(&self, now: Timestamp, pass: &Pass) -> Result<Spent, StoreError> {
        let limits = &mut self.state().limits;
        match pass.spend(now, |scope| limits.get(scope).map(|(_, full_at)| *full_at)) {
            Ok(spent) => {
                let bucket = |limit: &Limit, full_at| (limit.clone(), kept(full_at));
                limits.extend(spent.into_iter().map(|(limit, at)| (limit.scope.clone(), bucket(limit, at))));
                Ok(Spent::All)
            }
            Err(nothing) => Ok(nothing),
        }
    }

    async fn correct(&self, now: Timestamp, scope: &str, correction: Correction) -> Result<(), StoreError> {
        if let Some((limit, full_at)) = self.state().limits.get_mut(scope) {
            *full_at = kept(limit.corrected(*full_at, now, correction));
        }
        Ok(())
    }
}
