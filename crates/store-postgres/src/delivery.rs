use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::delivery::{Claim, DeliveryStore, Lease, LeaseAnswer, NewAttempt, NewWork, Settlement, Work};
use kopru_ports::{StoreError, StoreErrorKind};

use crate::commit::commit;
use crate::convert::{at, store_error};
use crate::database::PostgresStore;
use crate::sight::{Sight, look};
use crate::{lanes, messages, rows, work};

#[async_trait]
impl DeliveryStore for PostgresStore {
    async fn enqueue(&self, list: Vec<NewWork>) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.map_err(store_error)?;
        lanes::enqueue(&mut tx, &list, None).await?;
        tx.commit().await.map_err(store_error)
    }

    async fn lease(&self, now: Timestamp, until: Timestamp) -> Result<LeaseAnswer, StoreError> {
        let mut tx = self.begin(Sight::Lanes).await?;
        let answer = lanes::lease(&mut tx, (now, until), self.presence.number()).await?;
        tx.commit().await.map_err(store_error)?;
        Ok(answer)
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(&lease.company)).await?;
        lanes::fence(&mut tx, lease).await?;
        sqlx::query("UPDATE kopru.lane SET lease_until = $3 WHERE company_id = $1 AND lane = $2")
            .bind(lease.company.as_str())
            .bind(&lease.lane)
            .bind(at(until))
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn claim(&self, lease: &Lease, now: Timestamp, claim: Claim) -> Result<Vec<Work>, StoreError> {
        let mut tx = self.begin(Sight::Of(&lease.company)).await?;
        let first_due = lanes::fence(&mut tx, lease).await?;
        let mut due = Vec::new();
        for urgency in claim.urgencies() {
            due.extend(work::due(&mut tx, lease, (first_due, now), *urgency, &claim).await?);
        }
        tx.commit().await.map_err(store_error)?;
        due.sort_by(|(one, a), (other, b)| (one, &a.key).cmp(&(other, &b.key)));
        due.truncate(claim.limit as usize);
        let mut claimed: Vec<Work> = due.into_iter().map(|(_, work)| work).collect();
        if let Some(kind) = claimed.first().map(|first| first.kind.clone()) {
            claimed.retain(|work| work.kind == kind);
        }
        Ok(claimed)
    }

    async fn freeze(&self, lease: &Lease, attempts: Vec<NewAttempt>) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(&lease.company)).await?;
        lanes::fence(&mut tx, lease).await?;
        work::freeze(&mut tx, lease, &attempts).await?;
        tx.commit().await.map_err(store_error)
    }

    async fn reopen(&self, work: NewWork, attempt: NewAttempt) -> Result<bool, StoreError> {
        let mut tx = self.pool.begin().await.map_err(store_error)?;
        lanes::lock(&mut tx, std::slice::from_ref(&work), None).await?;
        if !work::is_known(&mut tx, &work.company).await? {
            return Ok(true);
        }
        let place = (work.company.clone(), work.lane.clone());
        lanes::put(&mut tx, &[work], None).await?;
        if !work::reopen(&mut tx, (&place.0, &place.1), &attempt).await? {
            return Ok(false);
        }
        tx.commit().await.map_err(store_error)?;
        Ok(true)
    }

    async fn settle(&self, lease: &Lease, now: Timestamp, settlement: Settlement) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.map_err(store_error)?;
        let first_due = lanes::lock(&mut tx, &settlement.follow_ups, Some(lease)).await?;
        look(&mut tx, Sight::Of(&lease.company)).await?;
        rows::apply(&mut tx, &lease.company, now, &settlement.sync).await?;
        messages::apply(&mut tx, &lease.company, now, &settlement.messages).await?;
        work::settle(&mut tx, lease, now, &settlement.outcomes).await?;
        lanes::put(&mut tx, &settlement.follow_ups, Some(now)).await?;
        look(&mut tx, Sight::Of(&lease.company)).await?;
        let first_due = work::earliest(&settlement).into_iter().chain(first_due).min().unwrap_or_default();
        let number = lanes::refresh(&mut tx, lease, first_due, None).await?;
        commit(&self.pool, tx, &number).await
    }

    async fn release(&self, lease: &Lease, from: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(&lease.company)).await?;
        let first_due = match lanes::fence(&mut tx, lease).await {
            Err(error) if error.kind == StoreErrorKind::StaleLease => return Ok(()),
            fenced => fenced?,
        };
        lanes::refresh(&mut tx, lease, first_due, Some(from)).await?;
        tx.commit().await.map_err(store_error)
    }
}
