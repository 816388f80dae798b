//! Work and attempts, inside a caller's transaction that has locked their lane.

use std::time::Duration;

use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::delivery::{Claim, Gather, Lease, NewAttempt, NewWork, Outcome, Urgency, Work};
use sqlx::PgConnection;
use sqlx::postgres::types::PgInterval;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;

use crate::convert::{at, get, get_count, get_json, get_moment, get_optional_json, json, store_error, text};

/// Longer than this nothing is gathered.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

fn rank(urgency: Urgency) -> i16 {
    match urgency {
        Urgency::Interactive => 0,
        Urgency::Bulk => 1,
    }
}

pub(crate) async fn put(connection: &mut PgConnection, new: &NewWork, since: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO kopru.work AS known (company_id, lane, work_key, kind, owner, payload, urgency, due, since)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (company_id, lane, work_key) DO UPDATE SET generation = known.generation + 1,
                payload = excluded.payload,
                due = CASE WHEN known.parked OR known.failures > 0 THEN excluded.due
                           WHEN $10::interval IS NULL THEN least(known.due, excluded.due)
                           ELSE greatest(least(greatest(known.due, excluded.due), known.since + $10::interval),
                                         least(known.due, excluded.due)) END,
                urgency = least(known.urgency, excluded.urgency), failures = 0, parked = false, error = NULL",
    )
    .bind(new.company.as_str())
    .bind(&new.lane)
    .bind(&new.key)
    .bind(new.kind)
    .bind(&new.owner)
    .bind(json(&new.payload)?)
    .bind(rank(new.urgency))
    .bind(at(new.due))
    .bind(at(since))
    .bind(match new.gather {
        Gather::Earliest => None,
        Gather::Quiet { at_most } => Some(interval(at_most)),
    })
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(())
}

fn interval(duration: Duration) -> PgInterval {
    let microseconds = i64::try_from(duration.min(LONGEST).as_micros()).unwrap_or(i64::MAX);
    PgInterval { months: 0, days: 0, microseconds }
}

/// Due work of one urgency, oldest first, each with the moment by which urgencies stand in one line.
pub(crate) async fn due(
    connection: &mut PgConnection,
    lease: &Lease,
    now: Timestamp,
    urgency: Urgency,
    claim: &Claim,
) -> Result<Vec<(Timestamp, Work)>, StoreError> {
    let rows = sqlx::query(
        "SELECT work_key, work.kind, work.owner, work.payload, work.failures, work.generation, work.due, work.since,
                work.urgency, attempt.payload AS attempt_payload
         FROM kopru.work LEFT JOIN kopru.attempt USING (company_id, lane, work_key)
         WHERE company_id = $1 AND lane = $2 AND NOT work.parked AND work.urgency = $3 AND work.due <= $4
               AND (attempt.deadline IS NULL OR attempt.deadline <= $4) AND work_key <> ALL ($5)
         ORDER BY work.due, work_key LIMIT $6",
    )
    .bind(lease.company.as_str())
    .bind(&lease.lane)
    .bind(rank(urgency))
    .bind(at(now))
    .bind(&claim.skip)
    .bind(i64::from(claim.limit))
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    rows.iter().map(|row| Ok((get_moment(row, "due")? - urgency.lead(), work(row)?))).collect()
}

pub(crate) async fn put_attempt(
    connection: &mut PgConnection,
    lease: &Lease,
    attempt: &NewAttempt,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO kopru.attempt (company_id, lane, work_key, payload, deadline) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (company_id, lane, work_key)
         DO UPDATE SET payload = excluded.payload, deadline = excluded.deadline",
    )
    .bind(lease.company.as_str())
    .bind(&lease.lane)
    .bind(&attempt.key)
    .bind(json(&attempt.payload)?)
    .bind(at(attempt.deadline))
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// One piece of work within a settlement.
pub(crate) struct Settled<'a> {
    pub connection: &'a mut PgConnection,
    pub lease: &'a Lease,
    pub now: Timestamp,
    pub key: &'a str,
    pub generation: i64,
}

impl Settled<'_> {
    /// Work that was made due again meanwhile keeps its new wish, but for a pause that the vendor asked for.
    pub async fn record(mut self, outcome: &Outcome) -> Result<(), StoreError> {
        let generation = self.generation;
        if let Outcome::Open { until } = outcome {
            let hold = "UPDATE kopru.attempt SET deadline = $4 WHERE company_id = $1 AND lane = $2 AND work_key = $3";
            self.run(hold, |query| query.bind(at(*until))).await?;
            return Ok(());
        }
        let close = "DELETE FROM kopru.attempt WHERE company_id = $1 AND lane = $2 AND work_key = $3";
        self.run(close, |query| query).await?;
        match outcome {
            Outcome::Open { .. } => {}
            Outcome::Done => self.done().await?,
            Outcome::Again { due, payload } => {
                let again = "UPDATE kopru.work SET due = $5, payload = $6, failures = 0
                             WHERE company_id = $1 AND lane = $2 AND work_key = $3 AND generation = $4";
                let payload = json(payload)?;
                self.run(again, |query| query.bind(generation).bind(at(*due)).bind(payload)).await?;
            }
            Outcome::Retry { due, error } => {
                let retry = "UPDATE kopru.work SET due = $4, failures = failures + 1, error = $5
                             WHERE company_id = $1 AND lane = $2 AND work_key = $3";
                self.run(retry, |query| query.bind(at(*due)).bind(text(error))).await?;
            }
            Outcome::Parked { error } => {
                let park = "UPDATE kopru.work SET parked = true, error = $5
                            WHERE company_id = $1 AND lane = $2 AND work_key = $3 AND generation = $4";
                self.run(park, |query| query.bind(generation).bind(text(error))).await?;
            }
        }
        Ok(())
    }

    async fn done(&mut self) -> Result<(), StoreError> {
        let (generation, now) = (self.generation, self.now);
        let delete = "DELETE FROM kopru.work
                      WHERE company_id = $1 AND lane = $2 AND work_key = $3 AND generation = $4";
        if self.run(delete, |query| query.bind(generation)).await? == 0 {
            // Made due again while its turn ran, it waits since now.
            let wait = "UPDATE kopru.work SET since = $4, failures = 0
                        WHERE company_id = $1 AND lane = $2 AND work_key = $3";
            self.run(wait, |query| query.bind(at(now))).await?;
        }
        Ok(())
    }

    async fn run<'q>(
        &mut self,
        sql: &'static str,
        bind: impl FnOnce(Query<'q, sqlx::Postgres, PgArguments>) -> Query<'q, sqlx::Postgres, PgArguments>,
    ) -> Result<u64, StoreError> {
        let query = sqlx::query(sql).bind(self.lease.company.to_string()).bind(self.lease.lane.clone());
        let done = bind(query.bind(self.key.to_owned())).execute(&mut *self.connection).await.map_err(store_error)?;
        Ok(done.rows_affected())
    }
}

fn work(row: &PgRow) -> Result<Work, StoreError> {
    let urgency: i16 = get(row, "urgency")?;
    Ok(Work {
        kind: get(row, "kind")?,
        key: get(row, "work_key")?,
        owner: get(row, "owner")?,
        payload: get_json(row, "payload")?,
        failures: get_count(row, "failures")?,
        generation: get(row, "generation")?,
        since: get_moment(row, "since")?,
        urgency: if urgency == 0 { Urgency::Interactive } else { Urgency::Bulk },
        open_attempt: get_optional_json(row, "attempt_payload")?,
    })
}
