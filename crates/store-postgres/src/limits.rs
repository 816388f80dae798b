use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::gate::{Correction, Limit, LimitStore, Pass, Spent};
use sqlx::PgConnection;

use crate::convert::{at, get, get_moment, store_error};
use crate::database::PostgresStore;

#[async_trait]
impl LimitStore for PostgresStore {
    async fn spend(&self, now: Timestamp, pass: &Pass) -> Result<Spent, StoreError> {
        let mut tx = self.pool.begin().await.map_err(store_error)?;
        let buckets = lock(&mut tx, now, pass).await?;
        let spent = match pass.spend(now, |scope| buckets.get(scope).copied()) {
            Ok(spent) => spent,
            Err(nothing) => return Ok(nothing),
        };
        for (limit, full_at) in spent {
            fill(&mut tx, &limit.scope, full_at).await?;
        }
        tx.commit().await.map_err(store_error)?;
        Ok(Spent::All)
    }

    async fn correct(&self, now: Timestamp, scope: &str, correction: Correction) -> Result<(), StoreError> {
        let mut tx = self.pool.begin().await.map_err(store_error)?;
        let row = sqlx::query("SELECT per_second, burst, full_at FROM kopru.limiter WHERE scope = $1 FOR UPDATE")
            .bind(scope)
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error)?;
        let Some(row) = row else { return Ok(()) };
        let limit = Limit {
            scope: scope.to_owned(),
            per_second: get(&row, "per_second")?,
            burst: get(&row, "burst")?,
            kept: 0.0,
        };
        fill(&mut tx, scope, limit.corrected(get_moment(&row, "full_at")?, now, correction)).await?;
        tx.commit().await.map_err(store_error)
    }
}

/// Locks a pass's buckets in the order of their names, whatever the pass's own order is; a bucket that
/// nobody has spent from is made full, and is gone again if nothing is spent.
async fn lock(
    connection: &mut PgConnection,
    now: Timestamp,
    pass: &Pass,
) -> Result<BTreeMap<String, Timestamp>, StoreError> {
    let limits: BTreeMap<&str, &Limit> =
        pass.charges.iter().map(|charge| (charge.limit.scope.as_str(), &charge.limit)).collect();
    let mut buckets = BTreeMap::new();
    for (scope, limit) in limits {
        let row = sqlx::query(
            "INSERT INTO kopru.limiter (scope, per_second, burst, full_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (scope) DO UPDATE SET per_second = excluded.per_second, burst = excluded.burst
             RETURNING full_at",
        )
        .bind(scope)
        .bind(limit.per_second)
        .bind(limit.burst)
        .bind(at(now))
        .fetch_one(&mut *connection)
        .await
        .map_err(store_error)?;
        buckets.insert(scope.to_owned(), get_moment(&row, "full_at")?);
    }
    Ok(buckets)
}

async fn fill(connection: &mut PgConnection, scope: &str, full_at: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE kopru.limiter SET full_at = $2 WHERE scope = $1")
        .bind(scope)
        .bind(at(full_at))
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}
