//! Statements on lanes and work, inside a caller's transaction.

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::delivery::{Claim, Gather, Lease, NewAttempt, NewWork, Outcome, Urgency, Work};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::convert::{count, get, get_json, get_moment, get_optional_json, json, micros, stale, store_error};

type Tx = Transaction<'static, Sqlite>;

fn rank(urgency: Urgency) -> i64 {
    match urgency {
        Urgency::Interactive => 0,
        Urgency::Bulk => 1,
    }
}

pub(crate) async fn enqueue(tx: &mut Tx, work: &NewWork, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO work (company_id, lane, work_key, kind, owner, payload, urgency, due, since)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT DO UPDATE SET generation = generation + 1, payload = excluded.payload,
                due = CASE WHEN parked = 1 OR failures > 0 THEN excluded.due
                           WHEN ?10 IS NULL THEN min(due, excluded.due)
                           ELSE max(min(max(due, excluded.due), since + ?10), min(due, excluded.due)) END,
                urgency = min(urgency, excluded.urgency), failures = 0, parked = 0, error = NULL",
    )
    .bind(work.company.as_str())
    .bind(&work.lane)
    .bind(&work.key)
    .bind(work.kind)
    .bind(&work.owner)
    .bind(json(&work.payload)?)
    .bind(rank(work.urgency))
    .bind(micros(work.due))
    .bind(micros(now))
    .bind(match work.gather {
        Gather::Earliest => None,
        Gather::Quiet { at_most } => Some(i64::try_from(at_most.as_micros()).unwrap_or(i64::MAX)),
    })
    .execute(&mut **tx)
    .await
    .map_err(store_error)?;
    sqlx::query(
        "INSERT INTO lane (company_id, lane, next_due) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET next_due = min(coalesce(next_due, excluded.next_due), excluded.next_due)",
    )
    .bind(work.company.as_str())
    .bind(&work.lane)
    .bind(micros(work.due))
    .execute(&mut **tx)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// Whether the lease is the lane's last one: with any other nothing may be recorded.
pub(crate) async fn fence(tx: &mut Tx, lease: &Lease) -> Result<(), StoreError> {
    let row = sqlx::query("SELECT 1 FROM lane WHERE company_id = ? AND lane = ? AND epoch = ?")
        .bind(lease.company.as_str())
        .bind(&lease.lane)
        .bind(lease.epoch)
        .fetch_optional(&mut **tx)
        .await
        .map_err(store_error)?;
    row.map(|_| ()).ok_or_else(stale)
}

/// Sets the lane's next moment from its work; the attempts that are open hold their keys back. Looks at the
/// first work of each urgency and at open attempts only, however much work waits. A lane that is given back is
/// not due before `given_back`.
pub(crate) async fn refresh_lane(tx: &mut Tx, lease: &Lease, given_back: Option<Timestamp>) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE lane SET lease_until = iif(?3 IS NULL, lease_until, 0), next_due =
            (SELECT max(min(due), coalesce(?3, 0)) FROM (
                SELECT * FROM (SELECT due FROM work WHERE company_id = ?1 AND lane = ?2 AND parked = 0 AND urgency = 0
                    AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.company_id = ?1 AND attempt.lane = ?2
                                    AND attempt.work_key = work.work_key) ORDER BY due LIMIT 1)
                UNION ALL
                SELECT * FROM (SELECT due FROM work WHERE company_id = ?1 AND lane = ?2 AND parked = 0 AND urgency = 1
                    AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.company_id = ?1 AND attempt.lane = ?2
                                    AND attempt.work_key = work.work_key) ORDER BY due LIMIT 1)
                UNION ALL
                SELECT max(work.due, attempt.deadline) FROM attempt JOIN work USING (company_id, lane, work_key)
                WHERE attempt.company_id = ?1 AND attempt.lane = ?2 AND work.parked = 0))
         WHERE company_id = ?1 AND lane = ?2",
    )
    .bind(lease.company.as_str())
    .bind(&lease.lane)
    .bind(given_back.map(micros))
    .execute(&mut **tx)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// Due work of one urgency, oldest first, each with the moment by which urgencies stand in one line.
pub(crate) async fn due(
    tx: &mut Tx,
    lease: &Lease,
    now: Timestamp,
    urgency: Urgency,
    claim: &Claim,
) -> Result<Vec<(Timestamp, Work)>, StoreError> {
    let rows = sqlx::query(
        "SELECT work.*, attempt.payload AS attempt_payload FROM work LEFT JOIN attempt USING (company_id, lane, work_key)
         WHERE company_id = ?1 AND lane = ?2 AND parked = 0 AND urgency = ?3 AND due <= ?4 AND coalesce(deadline, 0) <= ?4
               AND work_key NOT IN (SELECT value FROM json_each(?5))
         ORDER BY due, work_key LIMIT ?6",
    )
    .bind(lease.company.as_str())
    .bind(&lease.lane)
    .bind(rank(urgency))
    .bind(micros(now))
    .bind(json(&claim.skip)?)
    .bind(claim.limit)
    .fetch_all(&mut **tx)
    .await
    .map_err(store_error)?;
    rows.iter().map(|row| Ok((get_moment(row, "due")? - urgency.lead(), work(row)?))).collect()
}

pub(crate) async fn has_attempt(tx: &mut Tx, work: &NewWork) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT 1 FROM attempt WHERE company_id = ? AND lane = ? AND work_key = ?")
        .bind(work.company.as_str())
        .bind(&work.lane)
        .bind(&work.key)
        .fetch_optional(&mut **tx)
        .await
        .map_err(store_error)?;
    Ok(row.is_some())
}

pub(crate) async fn put_attempt(
    tx: &mut Tx,
    (company, lane): (&CompanyId, &str),
    attempt: &NewAttempt,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT OR REPLACE INTO attempt (company_id, lane, work_key, payload, deadline) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(company.as_str())
    .bind(lane)
    .bind(&attempt.key)
    .bind(json(&attempt.payload)?)
    .bind(micros(attempt.deadline))
    .execute(&mut **tx)
    .await
    .map_err(store_error)?;
    Ok(())
}

pub(crate) async fn settle(
    tx: &mut Tx,
    lease: &Lease,
    now: Timestamp,
    (key, generation, outcome): (&str, i64, &Outcome),
) -> Result<(), StoreError> {
    if let Outcome::Open { until } = outcome {
        return hold_attempt(tx, lease, key, *until).await;
    }
    sqlx::query("DELETE FROM attempt WHERE company_id = ? AND lane = ? AND work_key = ?")
        .bind(lease.company.as_str())
        .bind(&lease.lane)
        .bind(key)
        .execute(&mut **tx)
        .await
        .map_err(store_error)?;
    // Work that was made due again meanwhile keeps its new wish, but for a pause that the vendor asked for.
    let query = match outcome {
        Outcome::Done | Outcome::Open { .. } => {
            sqlx::query("DELETE FROM work WHERE company_id = ?1 AND lane = ?2 AND work_key = ?3 AND generation = ?4")
        }
        Outcome::Again { .. } => sqlx::query(
            "UPDATE work SET due = ?5, payload = ?6, failures = 0
             WHERE company_id = ?1 AND lane = ?2 AND work_key = ?3 AND generation = ?4",
        ),
        Outcome::Retry { .. } => sqlx::query(
            "UPDATE work SET due = ?5, failures = failures + 1, error = ?6 WHERE company_id = ?1 AND lane = ?2 AND work_key = ?3",
        ),
        Outcome::Parked { .. } => sqlx::query(
            "UPDATE work SET parked = 1, error = ?6
             WHERE company_id = ?1 AND lane = ?2 AND work_key = ?3 AND generation = ?4 AND ?5 IS NULL",
        ),
    };
    let (due, text) = match outcome {
        Outcome::Again { due, payload } => (Some(micros(*due)), Some(json(payload)?)),
        Outcome::Retry { due, error } => (Some(micros(*due)), Some(error.clone())),
        Outcome::Parked { error } => (None, Some(error.clone())),
        Outcome::Done | Outcome::Open { .. } => (None, None),
    };
    let query = query.bind(lease.company.as_str()).bind(&lease.lane).bind(key).bind(generation);
    let query = if text.is_some() { query.bind(due).bind(text) } else { query };
    let done = query.execute(&mut **tx).await.map_err(store_error)?;
    if matches!(outcome, Outcome::Done) && done.rows_affected() == 0 {
        return begin_waiting(tx, lease, key, now).await;
    }
    Ok(())
}

/// Work that was made due again while its turn ran waits since now.
async fn begin_waiting(tx: &mut Tx, lease: &Lease, key: &str, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE work SET since = ?, failures = 0 WHERE company_id = ? AND lane = ? AND work_key = ?")
        .bind(micros(now))
        .bind(lease.company.as_str())
        .bind(&lease.lane)
        .bind(key)
        .execute(&mut **tx)
        .await
        .map_err(store_error)?;
    Ok(())
}

async fn hold_attempt(tx: &mut Tx, lease: &Lease, key: &str, until: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE attempt SET deadline = ? WHERE company_id = ? AND lane = ? AND work_key = ?")
        .bind(micros(until))
        .bind(lease.company.as_str())
        .bind(&lease.lane)
        .bind(key)
        .execute(&mut **tx)
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(crate) fn work(row: &SqliteRow) -> Result<Work, StoreError> {
    let urgency: i64 = get(row, "urgency")?;
    Ok(Work {
        kind: get(row, "kind")?,
        key: get(row, "work_key")?,
        owner: get(row, "owner")?,
        payload: get_json(row, "payload")?,
        failures: count(get(row, "failures")?),
        generation: get(row, "generation")?,
        since: get_moment(row, "since")?,
        urgency: if urgency == 0 { Urgency::Interactive } else { Urgency::Bulk },
        open_attempt: get_optional_json(row, "attempt_payload")?,
    })
}
