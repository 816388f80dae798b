//! Lanes: leases, their fence, and making work due. Inside a caller's transaction.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::delivery::{Lease, LeaseAnswer, NewWork};
use sqlx::PgConnection;

use crate::convert::{at, get, get_moment, get_optional_moment, get_parsed, stale, store_error};
use crate::sight::{Sight, look};
use crate::{hints, presence, work};

/// When to ask again where the only due lanes were passed over.
const PASSED_OVER: Duration = Duration::from_millis(20);

/// Nothing is left to be due.
const NEVER: Timestamp = Timestamp::constant(253_370_764_800, 0);

/// The oldest due lane of the companies that hold the fewest. A lane whose row somebody changes just now is
/// passed over; one that somebody leased just now is not due any more. A holder that is gone from the server
/// holds nothing.
const LEASE: &str = "
    WITH busy AS (SELECT company_id, count(*) AS held FROM kopru.lane WHERE lease_until > $1 GROUP BY company_id),
    present AS MATERIALIZED (SELECT objid::bigint AS number FROM pg_locks
                WHERE locktype = 'advisory' AND classid::bigint = $4 AND objsubid = 2
                      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())),
    first AS (SELECT due.company_id, due.lane FROM kopru.lane AS due LEFT JOIN busy USING (company_id)
              WHERE due.next_due <= $1
                    AND (due.lease_until <= $1
                         OR due.holder IS NOT NULL AND due.holder NOT IN (SELECT number FROM present))
              ORDER BY coalesce(busy.held, 0), due.next_due, due.company_id, due.lane
              LIMIT 1 FOR UPDATE OF due SKIP LOCKED)
    UPDATE kopru.lane AS lane SET lease_until = $2, epoch = lane.epoch + 1, holder = $3
    FROM first WHERE lane.company_id = first.company_id AND lane.lane = first.lane
    RETURNING lane.company_id, lane.lane, lane.epoch";

/// When the next lane may be leased: of those that nobody holds the first, and of the few that are held the one that is
/// free first.
const NEXT: &str = "
    SELECT min(at) AS at FROM (
        (SELECT next_due AS at FROM kopru.lane WHERE next_due IS NOT NULL AND lease_until <= $1 ORDER BY next_due LIMIT 1)
        UNION ALL
        SELECT greatest(next_due, lease_until) FROM kopru.lane WHERE lease_until > $1 AND next_due IS NOT NULL) AS lanes";

pub(crate) async fn lease(
    connection: &mut PgConnection,
    (now, until): (Timestamp, Timestamp),
    holder: Option<i32>,
) -> Result<LeaseAnswer, StoreError> {
    let query = sqlx::query(LEASE).bind(at(now)).bind(at(until)).bind(holder).bind(i64::from(presence::LOCKS));
    let row = query.fetch_optional(&mut *connection).await.map_err(store_error)?;
    let Some(row) = row else {
        let row = sqlx::query(NEXT).bind(at(now)).fetch_one(connection).await.map_err(store_error)?;
        let next = get_optional_moment(&row, "at")?;
        return Ok(LeaseAnswer::Idle(next.map(|next| if next > now { next } else { now + PASSED_OVER })));
    };
    Ok(LeaseAnswer::Granted(Lease {
        company: get_parsed(&row, "company_id")?,
        lane: get(&row, "lane")?,
        epoch: get(&row, "epoch")?,
    }))
}

/// Locks the lane for the transaction if the lease is its last one: with any other nothing may be recorded. Gives
/// the moment before which none of its work is due.
pub(crate) async fn fence(connection: &mut PgConnection, lease: &Lease) -> Result<Timestamp, StoreError> {
    let row =
        sqlx::query("SELECT first_due FROM kopru.lane WHERE company_id = $1 AND lane = $2 AND epoch = $3 FOR UPDATE")
            .bind(lease.company.as_str())
            .bind(&lease.lane)
            .bind(lease.epoch)
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
    get_moment(&row.ok_or_else(stale)?, "first_due")
}

/// Locks a lane for the transaction, whoever leases it: nothing is frozen on it meanwhile.
pub(crate) async fn hold(connection: &mut PgConnection, company: &CompanyId, lane: &str) -> Result<(), StoreError> {
    sqlx::query("SELECT 1 FROM kopru.lane WHERE company_id = $1 AND lane = $2 FOR UPDATE")
        .bind(company.as_str())
        .bind(lane)
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// Locks all of a company's lanes for the transaction, in the order in which turns lock several.
pub(crate) async fn hold_all(connection: &mut PgConnection, company: &CompanyId) -> Result<(), StoreError> {
    sqlx::query("SELECT 1 FROM kopru.lane WHERE company_id = $1 ORDER BY lane FOR UPDATE")
        .bind(company.as_str())
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// Makes work due, waiting since `since` or since its own moment.
pub(crate) async fn enqueue(
    connection: &mut PgConnection,
    list: &[NewWork],
    since: Option<Timestamp>,
) -> Result<(), StoreError> {
    lock(connection, list, None).await?;
    put(connection, list, since).await
}

/// Stores work whose lanes are locked, and leaves the transaction with the sight of the last one's company.
pub(crate) async fn put(
    connection: &mut PgConnection,
    list: &[NewWork],
    since: Option<Timestamp>,
) -> Result<(), StoreError> {
    let mut seen = None;
    for run in NewWork::runs(list) {
        if seen.replace(run.0) != Some(run.0) {
            look(connection, Sight::Of(run.0)).await?;
        }
        work::put(connection, run, since).await?;
    }
    Ok(())
}

/// Locks the lanes of work that is about to be made due, and the one that is held, in the order of their
/// names: transactions that need several of them wait for each other in no ring. Lanes get the earliest
/// moment of their new work, and a lane that is held its fence, whose moment is given.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    list: &[NewWork],
    held: Option<&Lease>,
) -> Result<Option<Timestamp>, StoreError> {
    let mut lanes: BTreeMap<(&CompanyId, &str), Option<Timestamp>> = BTreeMap::new();
    lanes.extend(held.map(|lease| ((&lease.company, lease.lane.as_str()), None)));
    for new in list {
        let due = lanes.entry((&new.company, new.lane.as_str())).or_default();
        *due = Some(due.map_or(new.due, |due| due.min(new.due)));
    }
    let (mut earlier, mut seen, mut first_due) = (false, None, None);
    for ((company, lane), due) in lanes {
        if seen.replace(company) != Some(company) {
            look(connection, Sight::Of(company)).await?;
        }
        match held.filter(|lease| (&lease.company, lease.lane.as_str()) == (company, lane)) {
            Some(lease) => first_due = Some(fence(connection, lease).await?),
            None => earlier |= bring_forward(connection, company.as_str(), lane, due).await?,
        }
    }
    if earlier {
        hints::give(connection).await?;
    }
    Ok(first_due)
}

/// Whether the lane's moment is earlier now than it was. Its row is locked in any case.
async fn bring_forward(
    connection: &mut PgConnection,
    company: &str,
    lane: &str,
    due: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO kopru.lane AS known (company_id, lane, next_due, first_due) VALUES ($1, $2, $3, $3)
         ON CONFLICT (company_id, lane) DO UPDATE SET next_due = excluded.next_due,
                first_due = least(known.first_due, excluded.first_due)
         WHERE known.next_due IS NULL OR known.next_due > excluded.next_due",
    )
    .bind(company)
    .bind(lane)
    .bind(due.map(at))
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(done.rows_affected() > 0)
}

/// Sets the lane's next moment from its work; the attempts that are open hold their keys back. Looks at the
/// first work of each urgency and at open attempts only, however much work waits. A lane that is given back is
/// not due before `given_back`. Below `first_due`, the moment that the lane had or an earlier one, there is
/// nothing. Gives the transaction's number.
pub(crate) async fn refresh(
    connection: &mut PgConnection,
    lease: &Lease,
    first_due: Timestamp,
    given_back: Option<Timestamp>,
) -> Result<String, StoreError> {
    let row = sqlx::query(
        "UPDATE kopru.lane SET lease_until = CASE WHEN $3 IS NULL THEN lease_until ELSE $4 END, first_due =
            coalesce((SELECT min(at) FROM (
                (SELECT due AS at FROM kopru.work WHERE company_id = $1 AND lane = $2 AND NOT parked AND urgency = 0
                    AND due >= $5 ORDER BY due LIMIT 1)
                UNION ALL
                (SELECT due FROM kopru.work WHERE company_id = $1 AND lane = $2 AND NOT parked AND urgency = 1
                    AND due >= $5 ORDER BY due LIMIT 1)) AS moments), $6),
            next_due =
            (SELECT greatest(min(at), $3) FROM (
                (SELECT due AS at FROM kopru.work WHERE company_id = $1 AND lane = $2 AND NOT parked AND urgency = 0
                    AND due >= $5 AND NOT EXISTS (SELECT 1 FROM kopru.attempt WHERE attempt.company_id = $1 AND attempt.lane = $2
                                    AND attempt.work_key = work.work_key OFFSET 0) ORDER BY due LIMIT 1)
                UNION ALL
                (SELECT due FROM kopru.work WHERE company_id = $1 AND lane = $2 AND NOT parked AND urgency = 1
                    AND due >= $5 AND NOT EXISTS (SELECT 1 FROM kopru.attempt WHERE attempt.company_id = $1 AND attempt.lane = $2
                                    AND attempt.work_key = work.work_key OFFSET 0) ORDER BY due LIMIT 1)
                UNION ALL
                (SELECT greatest(work.due, attempt.deadline)
                 FROM kopru.attempt JOIN kopru.work USING (company_id, lane, work_key)
                 WHERE company_id = $1 AND lane = $2 AND NOT work.parked)) AS moments
             HAVING min(at) IS NOT NULL)
         WHERE company_id = $1 AND lane = $2
         RETURNING pg_current_xact_id()::text AS number",
    )
    .bind(lease.company.as_str())
    .bind(&lease.lane)
    .bind(given_back.map(at))
    .bind(at(Timestamp::UNIX_EPOCH))
    .bind(at(first_due))
    .bind(at(NEVER))
    .fetch_one(connection)
    .await
    .map_err(store_error)?;
    get(&row, "number")
}
