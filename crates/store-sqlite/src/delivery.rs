use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::delivery::{Claim, DeliveryStore, Lease, LeaseAnswer, NewAttempt, NewWork, Settlement, Work};

use crate::convert::{get, get_parsed, micros, moment, store_error};
use crate::database::SqliteStore;
use crate::{messages, rows, work};

/// The oldest due lane of a company that holds none; else, of the companies that hold some, of the one that
/// holds the fewest.
const LEASE: &str = "
    WITH busy AS (SELECT company_id, count(*) AS held FROM lane WHERE lease_until > ?1 AND lease_until > 0 GROUP BY company_id),
    free AS (SELECT company_id, lane, 0 AS held, next_due FROM lane
             WHERE next_due <= ?1 AND lease_until <= ?1 AND company_id NOT IN (SELECT company_id FROM busy)
             ORDER BY next_due, company_id, lane LIMIT 1),
    more AS (SELECT busy.company_id, lane.lane, busy.held, lane.next_due FROM busy JOIN lane
             ON lane.company_id = busy.company_id
             AND lane.lane = (SELECT lane FROM lane AS due WHERE due.company_id = busy.company_id AND due.next_due <= ?1
                              AND due.lease_until <= ?1 ORDER BY due.next_due, due.lane LIMIT 1))
    UPDATE lane SET lease_until = ?2, epoch = epoch + 1
    WHERE (company_id, lane) = (SELECT company_id, lane FROM (SELECT * FROM free UNION ALL SELECT * FROM more)
                                ORDER BY held, next_due, company_id, lane LIMIT 1)
    RETURNING company_id, lane, epoch";

/// When the next lane may be leased: of those that nobody holds the first, and of the few that are held the one that is
/// free first.
const NEXT: &str = "
    SELECT min(at) AS at FROM (
        SELECT * FROM (SELECT next_due AS at FROM lane WHERE next_due IS NOT NULL AND lease_until <= ?1
                       ORDER BY next_due LIMIT 1)
        UNION ALL
        SELECT max(next_due, lease_until) FROM lane WHERE lease_until > ?1 AND lease_until > 0 AND next_due IS NOT NULL)";

#[async_trait]
impl DeliveryStore for SqliteStore {
    async fn enqueue(&self, list: Vec<NewWork>) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        work::enqueue(&mut tx, &list, None).await?;
        tx.commit().await.map_err(store_error)
    }

    async fn lease(&self, now: Timestamp, until: Timestamp) -> Result<LeaseAnswer, StoreError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(LEASE)
            .bind(micros(now))
            .bind(micros(until))
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        match row {
            Some(row) => Ok(LeaseAnswer::Granted(Lease {
                company: get_parsed(&row, "company_id")?,
                lane: get(&row, "lane")?,
                epoch: get(&row, "epoch")?,
            })),
            None => self.idle(now).await,
        }
    }

    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        work::fence(&mut tx, lease).await?;
        sqlx::query("UPDATE lane SET lease_until = ? WHERE company_id = ? AND lane = ?")
            .bind(micros(until))
            .bind(lease.company.as_str())
            .bind(&lease.lane)
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn claim(&self, lease: &Lease, now: Timestamp, claim: Claim) -> Result<Vec<Work>, StoreError> {
        let mut tx = self.begin().await?;
        work::fence(&mut tx, lease).await?;
        let mut due = Vec::new();
        for urgency in claim.urgencies() {
            due.extend(work::due(&mut tx, lease, now, *urgency, &claim).await?);
        }
        due.sort_by(|(one, a), (other, b)| (one, &a.key).cmp(&(other, &b.key)));
        due.truncate(claim.limit as usize);
        let mut claimed: Vec<Work> = due.into_iter().map(|(_, work)| work).collect();
        if let Some(kind) = claimed.first().map(|first| first.kind.clone()) {
            claimed.retain(|work| work.kind == kind);
        }
        Ok(claimed)
    }

    async fn freeze(&self, lease: &Lease, attempts: Vec<NewAttempt>) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        work::fence(&mut tx, lease).await?;
        for attempt in &attempts {
            work::put_attempt(&mut tx, (&lease.company, &lease.lane), attempt).await?;
        }
        tx.commit().await.map_err(store_error)
    }

    async fn reopen(&self, work: NewWork, attempt: NewAttempt) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        if !work::is_known(&mut tx, &work.company).await? {
            return Ok(true);
        }
        work::enqueue(&mut tx, std::slice::from_ref(&work), None).await?;
        if !work::reopen(&mut tx, (&work.company, &work.lane), &attempt).await? {
            return Ok(false);
        }
        tx.commit().await.map_err(store_error)?;
        Ok(true)
    }

    async fn settle(&self, lease: &Lease, now: Timestamp, settlement: Settlement) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        work::fence(&mut tx, lease).await?;
        for changes in &settlement.sync {
            rows::apply(&mut tx, &lease.company, now, changes).await?;
        }
        messages::apply(&mut tx, &lease.company, now, &settlement.messages).await?;
        for (key, generation, outcome) in &settlement.outcomes {
            work::settle(&mut tx, lease, now, (key, *generation, outcome)).await?;
        }
        work::enqueue(&mut tx, &settlement.follow_ups, Some(now)).await?;
        work::refresh_lane(&mut tx, lease, None).await?;
        tx.commit().await.map_err(store_error)
    }

    async fn release(&self, lease: &Lease, from: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        if work::fence(&mut tx, lease).await.is_ok() {
            work::refresh_lane(&mut tx, lease, Some(from)).await?;
        }
        tx.commit().await.map_err(store_error)
    }
}

impl SqliteStore {
    async fn idle(&self, now: Timestamp) -> Result<LeaseAnswer, StoreError> {
        let row = sqlx::query(NEXT).bind(micros(now)).fetch_one(&self.readers).await.map_err(store_error)?;
        let at: Option<i64> = get(&row, "at")?;
        Ok(LeaseAnswer::Idle(at.map(moment).transpose()?))
    }
}
