//! Work and attempts, inside a caller's transaction that has locked their lane.

use std::time::Duration;

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::delivery::{Claim, Gather, Lease, NewAttempt, NewWork, Outcome, Settlement, Urgency, Work};
use sqlx::postgres::types::PgInterval;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres};

use crate::convert::{at, conflict, get, get_count, get_json, get_moment, get_optional_json, json, store_error, text};

/// Longer than this nothing is gathered.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

fn rank(urgency: Urgency) -> i16 {
    match urgency {
        Urgency::Interactive => 0,
        Urgency::Bulk => 1,
    }
}

/// Stores a run of one company's work ([`NewWork::runs`]), waiting since `since` or since its own moment.
pub(crate) async fn put(
    connection: &mut PgConnection,
    (company, gather, run): (&CompanyId, Gather, &[NewWork]),
    since: Option<Timestamp>,
) -> Result<(), StoreError> {
    let texts = |of: fn(&NewWork) -> &str| run.iter().map(of).collect::<Vec<_>>();
    let payloads: Vec<_> = run.iter().map(|new| json(&new.payload)).collect::<Result<_, _>>()?;
    sqlx::query(
        "INSERT INTO kopru.work AS known (company_id, lane, work_key, kind, owner, payload, urgency, due, since)
         SELECT $1, lane, work_key, kind, owner, payload, urgency, due, coalesce($9, due)
         FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::smallint[], $8::timestamptz[])
              AS new (lane, work_key, kind, owner, payload, urgency, due)
         ON CONFLICT (company_id, lane, work_key) DO UPDATE SET generation = known.generation + 1,
                payload = excluded.payload,
                due = CASE WHEN known.parked OR known.failures > 0 THEN excluded.due
                           WHEN $10::interval IS NULL THEN least(known.due, excluded.due)
                           ELSE greatest(least(greatest(known.due, excluded.due), known.since + $10::interval),
                                         least(known.due, excluded.due)) END,
                urgency = least(known.urgency, excluded.urgency), failures = 0, parked = false, error = NULL",
    )
    .bind(company.as_str())
    .bind(texts(|new| &new.lane))
    .bind(texts(|new| &new.key))
    .bind(texts(|new| new.kind))
    .bind(texts(|new| &new.owner))
    .bind(payloads)
    .bind(run.iter().map(|new| rank(new.urgency)).collect::<Vec<_>>())
    .bind(run.iter().map(|new| at(new.due)).collect::<Vec<_>>())
    .bind(since.map(at))
    .bind(match gather {
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

/// The earliest moment at which a turn makes anything due.
pub(crate) fn earliest(settlement: &Settlement) -> Option<Timestamp> {
    let of_outcome = |outcome: &Outcome| match outcome {
        Outcome::Again { due, .. } | Outcome::Retry { due, .. } => Some(*due),
        Outcome::Done | Outcome::StillDue | Outcome::Open { .. } | Outcome::Parked { .. } => None,
    };
    let again = settlement.outcomes.iter().filter_map(|(.., outcome)| of_outcome(outcome));
    again.chain(settlement.follow_ups.iter().map(|new| new.due)).min()
}

/// Due work of one urgency, oldest first, each with the moment by which urgencies stand in one line.
/// `OFFSET 0` keeps the attempts from being joined by lane: each key's own is looked up, however many finished ones
/// somebody's snapshot keeps.
pub(crate) async fn due(
    connection: &mut PgConnection,
    lease: &Lease,
    (first_due, now): (Timestamp, Timestamp),
    urgency: Urgency,
    claim: &Claim,
) -> Result<Vec<(Timestamp, Work)>, StoreError> {
    let rows = sqlx::query(
        "SELECT work_key, work.kind, work.owner, work.payload, work.failures, work.generation, work.due, work.since,
                work.urgency, attempt.payload AS attempt_payload
         FROM kopru.work LEFT JOIN LATERAL
              (SELECT payload, deadline FROM kopru.attempt AS own
               WHERE own.company_id = $1 AND own.lane = $2 AND own.work_key = work.work_key OFFSET 0) AS attempt ON true
         WHERE company_id = $1 AND lane = $2 AND NOT work.parked AND work.urgency = $3
               AND work.due BETWEEN $7 AND $4
               AND (attempt.deadline IS NULL OR attempt.deadline <= $4) AND work_key <> ALL ($5)
         ORDER BY work.due, work_key LIMIT $6",
    )
    .bind(lease.company.as_str())
    .bind(&lease.lane)
    .bind(rank(urgency))
    .bind(at(now))
    .bind(&claim.skip)
    .bind(i64::from(claim.limit))
    .bind(at(first_due))
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    rows.iter().map(|row| Ok((get_moment(row, "due")? - urgency.lead(), work(row)?))).collect()
}

/// Stores attempts. None where one that is stored is of a later generation.
pub(crate) async fn freeze(
    connection: &mut PgConnection,
    lease: &Lease,
    attempts: &[NewAttempt],
) -> Result<(), StoreError> {
    let payloads: Vec<_> = attempts.iter().map(|attempt| json(&attempt.payload)).collect::<Result<_, _>>()?;
    let deadlines: Vec<_> = attempts.iter().map(|attempt| at(attempt.deadline)).collect();
    let generations: Vec<_> = attempts.iter().map(|attempt| attempt.generation).collect();
    let done = sqlx::query(
        "INSERT INTO kopru.attempt AS known (company_id, lane, work_key, payload, deadline, generation)
         SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::timestamptz[], $6::bigint[])
         ON CONFLICT (company_id, lane, work_key)
         DO UPDATE SET payload = excluded.payload, deadline = excluded.deadline, generation = excluded.generation
         WHERE known.generation <= excluded.generation",
    )
    .bind(lease.company.as_str())
    .bind(&lease.lane)
    .bind(attempts.iter().map(|attempt| attempt.key.as_str()).collect::<Vec<_>>())
    .bind(payloads)
    .bind(deadlines)
    .bind(generations)
    .execute(connection)
    .await
    .map_err(store_error)?;
    if done.rows_affected() == attempts.len() as u64 { Ok(()) } else { Err(conflict()) }
}

/// Whether something is or may be on the wire for the key.
pub(crate) async fn has_attempt(
    connection: &mut PgConnection,
    (company, lane): (&CompanyId, &str),
    key: &str,
) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT 1 FROM kopru.attempt WHERE company_id = $1 AND lane = $2 AND work_key = $3")
        .bind(company.as_str())
        .bind(lane)
        .bind(key)
        .fetch_optional(connection)
        .await
        .map_err(store_error)?;
    Ok(row.is_some())
}

/// Whether the company is there, and stays until the transaction's end.
pub(crate) async fn is_known(connection: &mut PgConnection, company: &CompanyId) -> Result<bool, StoreError> {
    let query = sqlx::query("SELECT 1 FROM kopru.company WHERE company_id = $1 FOR KEY SHARE").bind(company.as_str());
    Ok(query.fetch_optional(connection).await.map_err(store_error)?.is_some())
}

/// Stores an attempt of its work's present generation unless its key has one; whether it did. The transaction sees
/// the company.
pub(crate) async fn reopen(
    connection: &mut PgConnection,
    (company, lane): (&CompanyId, &str),
    attempt: &NewAttempt,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO kopru.attempt (company_id, lane, work_key, payload, deadline, generation)
         SELECT $1, $2, $3, $4, $5, generation FROM kopru.work WHERE company_id = $1 AND lane = $2 AND work_key = $3
         ON CONFLICT DO NOTHING",
    )
    .bind(company.as_str())
    .bind(lane)
    .bind(&attempt.key)
    .bind(json(&attempt.payload)?)
    .bind(at(attempt.deadline))
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(done.rows_affected() == 1)
}

/// Records what became of a turn's work, each key once.
pub(crate) async fn settle(
    connection: &mut PgConnection,
    lease: &Lease,
    now: Timestamp,
    outcomes: &[(String, i64, Outcome)],
) -> Result<(), StoreError> {
    let those = |wanted: fn(&Outcome) -> bool| -> (Vec<&str>, Vec<i64>) {
        let those = outcomes.iter().filter(|(.., outcome)| wanted(outcome));
        those.map(|(key, generation, _)| (key.as_str(), *generation)).unzip()
    };
    let mut lane = OnLane { connection, lease };
    lane.close(those(|outcome| !matches!(outcome, Outcome::Open { .. }))).await?;
    lane.finish(now, those(|outcome| *outcome == Outcome::Done)).await?;
    for (key, generation, outcome) in outcomes {
        lane.go_on(key, *generation, outcome).await?;
    }
    Ok(())
}

/// Statements whose first two arguments are the lane.
struct OnLane<'a> {
    connection: &'a mut PgConnection,
    lease: &'a Lease,
}

impl OnLane<'_> {
    async fn run<'q>(
        &mut self,
        sql: &'static str,
        bind: impl FnOnce(Query<'q, Postgres, PgArguments>) -> Query<'q, Postgres, PgArguments>,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(sql).bind(self.lease.company.to_string()).bind(self.lease.lane.clone());
        bind(query).execute(&mut *self.connection).await.map_err(store_error)?;
        Ok(())
    }

    async fn close(&mut self, (keys, generations): (Vec<&str>, Vec<i64>)) -> Result<(), StoreError> {
        let close = "DELETE FROM kopru.attempt USING unnest($3::text[], $4::bigint[]) AS ended (work_key, generation)
                     WHERE company_id = $1 AND lane = $2
                           AND attempt.work_key = ended.work_key AND attempt.generation <= ended.generation";
        self.run(close, |query| query.bind(keys).bind(generations)).await
    }

    /// Work whose generation is still the same is gone; what is left was made due again, and waits since now.
    async fn finish(&mut self, now: Timestamp, (keys, generations): (Vec<&str>, Vec<i64>)) -> Result<(), StoreError> {
        let delete = "DELETE FROM kopru.work USING unnest($3::text[], $4::bigint[]) AS done (work_key, generation)
                      WHERE company_id = $1 AND lane = $2
                            AND work.work_key = done.work_key AND work.generation = done.generation";
        self.run(delete, |query| query.bind(keys.clone()).bind(generations)).await?;
        let wait = "UPDATE kopru.work SET since = $4, failures = 0
                    WHERE company_id = $1 AND lane = $2 AND work_key = ANY ($3)";
        self.run(wait, |query| query.bind(keys).bind(at(now))).await
    }

    /// Work that was made due again meanwhile keeps its new wish, but for a pause that the vendor asked for.
    async fn go_on(&mut self, key: &str, generation: i64, outcome: &Outcome) -> Result<(), StoreError> {
        match outcome {
            Outcome::Done | Outcome::StillDue => Ok(()),
            Outcome::Again { due, payload } => {
                let again = "UPDATE kopru.work SET due = $5, payload = $6, failures = 0
                             WHERE company_id = $1 AND lane = $2 AND work_key = $3 AND generation = $4";
                let payload = json(payload)?;
                self.run(again, |query| query.bind(key).bind(generation).bind(at(*due)).bind(payload)).await
            }
            Outcome::Retry { due, error } => {
                let retry = "UPDATE kopru.work SET due = $4, failures = failures + 1, error = $5
                             WHERE company_id = $1 AND lane = $2 AND work_key = $3";
                self.run(retry, |query| query.bind(key).bind(at(*due)).bind(text(error))).await
            }
            Outcome::Open { until } => {
                let hold = "UPDATE kopru.attempt SET deadline = $4
                            WHERE company_id = $1 AND lane = $2 AND work_key = $3 AND generation <= $5";
                self.run(hold, |query| query.bind(key).bind(at(*until)).bind(generation)).await
            }
            Outcome::Parked { error } => {
                let park = "UPDATE kopru.work SET parked = true, error = $5
                            WHERE company_id = $1 AND lane = $2 AND work_key = $3 AND generation = $4";
                self.run(park, |query| query.bind(key).bind(generation).bind(text(error))).await
            }
        }
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
