//! Statements on lanes and work, inside a caller's transaction.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::delivery::{Claim, Gather, Lease, NewAttempt, NewWork, Outcome, Urgency, Work};
use serde::Serialize;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Sqlite, SqliteConnection, Transaction};

use crate::convert::{conflict, count, get, get_json, get_moment, get_optional_json, json, micros, stale, store_error};

type Tx = Transaction<'static, Sqlite>;

fn rank(urgency: Urgency) -> i64 {
    match urgency {
        Urgency::Interactive => 0,
        Urgency::Bulk => 1,
    }
}

/// Makes work due, waiting since `since` or since its own moment.
pub(crate) async fn enqueue(tx: &mut Tx, list: &[NewWork], since: Option<Timestamp>) -> Result<(), StoreError> {
    for run in NewWork::runs(list) {
        put(tx, run, since).await?;
    }
    bring_forward(tx, list).await
}

async fn put(
    tx: &mut Tx,
    (company, gather, run): (&CompanyId, Gather, &[NewWork]),
    since: Option<Timestamp>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO work (company_id, lane, work_key, kind, owner, payload, urgency, due, since)
         SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
                coalesce(?3, value ->> 6)
         FROM jsonb_each(?2) WHERE true
         ON CONFLICT DO UPDATE SET generation = generation + 1, payload = excluded.payload,
                due = CASE WHEN parked = 1 OR failures > 0 THEN excluded.due
                           WHEN ?4 IS NULL THEN min(due, excluded.due)
                           ELSE max(min(max(due, excluded.due), since + ?4), min(due, excluded.due)) END,
                urgency = min(urgency, excluded.urgency), failures = 0, parked = 0, error = NULL",
    )
    .bind(company.as_str())
    .bind(json(&run.iter().map(columns).collect::<Result<Vec<_>, _>>()?)?)
    .bind(since.map(micros))
    .bind(match gather {
        Gather::Earliest => None,
        Gather::Quiet { at_most } => Some(i64::try_from(at_most.as_micros()).unwrap_or(i64::MAX)),
    })
    .execute(&mut **tx)
    .await
    .map_err(store_error)?;
    Ok(())
}

fn columns(new: &NewWork) -> Result<impl Serialize, StoreError> {
    let NewWork { lane, key, kind, owner, payload, urgency, due, .. } = new;
    Ok((lane, key, kind, owner, json(payload)?, rank(*urgency), micros(*due)))
}

/// Lanes get the earliest moment of their new work. One that was deleted and comes again begins with a later epoch: by the
/// clock.
async fn bring_forward(tx: &mut Tx, list: &[NewWork]) -> Result<(), StoreError> {
    let mut lanes: BTreeMap<(&CompanyId, &str), Timestamp> = BTreeMap::new();
    for new in list {
        let due = lanes.entry((&new.company, &new.lane)).or_insert(new.due);
        *due = new.due.min(*due);
    }
    for ((company, lane), due) in lanes {
        sqlx::query(
            "INSERT INTO lane (company_id, lane, next_due, epoch)
             VALUES (?, ?, ?, CAST(unixepoch('subsec') * 1000000 AS INTEGER))
             ON CONFLICT DO UPDATE SET next_due = min(coalesce(next_due, excluded.next_due), excluded.next_due)",
        )
        .bind(company.as_str())
        .bind(lane)
        .bind(micros(due))
        .execute(&mut **tx)
        .await
        .map_err(store_error)?;
    }
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

/// Whether something is or may be on the wire for the key.
pub(crate) async fn has_attempt(
    connection: &mut SqliteConnection,
    (company, lane): (&CompanyId, &str),
    key: &str,
) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT 1 FROM attempt WHERE company_id = ? AND lane = ? AND work_key = ?")
        .bind(company.as_str())
        .bind(lane)
        .bind(key)
        .fetch_optional(connection)
        .await
        .map_err(store_error)?;
    Ok(row.is_some())
}

/// Whether the company is there.
pub(crate) async fn is_known(tx: &mut Tx, company: &CompanyId) -> Result<bool, StoreError> {
    let query = sqlx::query("SELECT 1 FROM company WHERE company_id = ?").bind(company.as_str());
    Ok(query.fetch_optional(&mut **tx).await.map_err(store_error)?.is_some())
}

/// Stores an attempt of its work's present generation unless its key has one; whether it did.
pub(crate) async fn reopen(
    tx: &mut Tx,
    (company, lane): (&CompanyId, &str),
    attempt: &NewAttempt,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO attempt (company_id, lane, work_key, payload, deadline, generation)
         SELECT company_id, lane, work_key, ?4, ?5, generation FROM work
         WHERE company_id = ?1 AND lane = ?2 AND work_key = ?3
         ON CONFLICT DO NOTHING",
    )
    .bind(company.as_str())
    .bind(lane)
    .bind(&attempt.key)
    .bind(json(&attempt.payload)?)
    .bind(micros(attempt.deadline))
    .execute(&mut **tx)
    .await
    .map_err(store_error)?;
    Ok(done.rows_affected() == 1)
}

/// Replaces an attempt, but for one of a later generation.
pub(crate) async fn put_attempt(
    tx: &mut Tx,
    (company, lane): (&CompanyId, &str),
    attempt: &NewAttempt,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "INSERT INTO attempt (company_id, lane, work_key, payload, deadline, generation) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET payload = excluded.payload, deadline = excluded.deadline,
                                   generation = excluded.generation
         WHERE attempt.generation <= excluded.generation",
    )
    .bind(company.as_str())
    .bind(lane)
    .bind(&attempt.key)
    .bind(json(&attempt.payload)?)
    .bind(micros(attempt.deadline))
    .bind(attempt.generation)
    .execute(&mut **tx)
    .await
    .map_err(store_error)?;
    if done.rows_affected() == 0 { Err(conflict()) } else { Ok(()) }
}

/// Records what became of one piece of work.
pub(crate) async fn settle(
    tx: &mut Tx,
    lease: &Lease,
    now: Timestamp,
    (key, generation, outcome): (&str, i64, &Outcome),
) -> Result<(), StoreError> {
    let mut on = OnKey { tx, lease, key, generation };
    if let Outcome::Open { until } = outcome {
        let hold = "UPDATE attempt SET deadline = ?5
                    WHERE company_id = ?1 AND lane = ?2 AND work_key = ?3 AND generation <= ?4";
        return on.run(hold, |query| query.bind(micros(*until))).await.map(drop);
    }
    let close = "DELETE FROM attempt WHERE company_id = ?1 AND lane = ?2 AND work_key = ?3 AND generation <= ?4";
    on.run(close, |query| query).await?;
    on.go_on(now, outcome).await
}

type SqliteQuery<'q> = Query<'q, Sqlite, SqliteArguments>;

/// Statements whose first four arguments are a key on its lane, and the generation that was claimed.
struct OnKey<'a> {
    tx: &'a mut Tx,
    lease: &'a Lease,
    key: &'a str,
    generation: i64,
}

impl OnKey<'_> {
    /// How many rows it changed.
    async fn run<'q>(
        &mut self,
        sql: &'static str,
        bind: impl FnOnce(SqliteQuery<'q>) -> SqliteQuery<'q>,
    ) -> Result<u64, StoreError> {
        let lane = sqlx::query(sql).bind(self.lease.company.to_string()).bind(self.lease.lane.clone());
        let query = bind(lane.bind(self.key.to_owned()).bind(self.generation));
        Ok(query.execute(&mut **self.tx).await.map_err(store_error)?.rows_affected())
    }

    /// Work that was made due again meanwhile keeps its new wish, but for a pause that the vendor asked for.
    async fn go_on(&mut self, now: Timestamp, outcome: &Outcome) -> Result<(), StoreError> {
        match outcome {
            Outcome::Done => return self.finish(now).await,
            Outcome::StillDue | Outcome::Open { .. } => 0,
            Outcome::Again { due, payload } => {
                let again = "UPDATE work SET due = ?5, payload = ?6, failures = 0
                             WHERE company_id = ?1 AND lane = ?2 AND work_key = ?3 AND generation = ?4";
                let payload = json(payload)?;
                self.run(again, |query| query.bind(micros(*due)).bind(payload)).await?
            }
            Outcome::Retry { due, error } => {
                let retry = "UPDATE work SET due = ?5, failures = failures + 1, error = ?6
                             WHERE company_id = ?1 AND lane = ?2 AND work_key = ?3";
                self.run(retry, |query| query.bind(micros(*due)).bind(error.clone())).await?
            }
            Outcome::Parked { error } => {
                let park = "UPDATE work SET parked = 1, error = ?5
                            WHERE company_id = ?1 AND lane = ?2 AND work_key = ?3 AND generation = ?4";
                self.run(park, |query| query.bind(error.clone())).await?
            }
        };
        Ok(())
    }

    /// Work whose generation is still the same is gone; what was made due again waits since now.
    async fn finish(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let delete = "DELETE FROM work WHERE company_id = ?1 AND lane = ?2 AND work_key = ?3 AND generation = ?4";
        if self.run(delete, |query| query).await? == 0 {
            let wait = "UPDATE work SET since = ?5, failures = 0
                        WHERE company_id = ?1 AND lane = ?2 AND work_key = ?3 AND generation <> ?4";
            self.run(wait, |query| query.bind(micros(now))).await?;
        }
        Ok(())
    }
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
