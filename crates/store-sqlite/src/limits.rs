use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::gate::{Correction, Limit, LimitStore, Pass, Spent};
use sqlx::{Sqlite, Transaction};

use crate::convert::{get, get_moment, micros, store_error};
use crate::database::SqliteStore;

type Tx = Transaction<'static, Sqlite>;

#[async_trait]
impl LimitStore for SqliteStore {
    async fn spend(&self, now: Timestamp, pass: &Pass) -> Result<Spent, StoreError> {
        let mut tx = self.begin().await?;
        let mut buckets = HashMap::new();
        for charge in &pass.charges {
            if let Some(full_at) = full_at(&mut tx, &charge.limit.scope).await? {
                buckets.insert(charge.limit.scope.as_str(), full_at);
            }
        }
        let spent = match pass.spend(now, |scope| buckets.get(scope).copied()) {
            Ok(spent) => spent,
            Err(nothing) => return Ok(nothing),
        };
        for (limit, full_at) in spent {
            put(&mut tx, limit, full_at).await?;
        }
        tx.commit().await.map_err(store_error)?;
        Ok(Spent::All)
    }

    async fn correct(&self, now: Timestamp, scope: &str, correction: Correction) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query("SELECT per_second, burst, full_at FROM limiter WHERE scope = ?")
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
        let full_at = limit.corrected(get_moment(&row, "full_at")?, now, correction);
        put(&mut tx, &limit, full_at).await?;
        tx.commit().await.map_err(store_error)
    }
}

async fn full_at(tx: &mut Tx, scope: &str) -> Result<Option<Timestamp>, StoreError> {
    let row = sqlx::query("SELECT full_at FROM limiter WHERE scope = ?")
        .bind(scope)
        .fetch_optional(&mut **tx)
        .await
        .map_err(store_error)?;
    row.map(|row| get_moment(&row, "full_at")).transpose()
}

async fn put(tx: &mut Tx, limit: &Limit, full_at: Timestamp) -> Result<(), StoreError> {
    sqlx::query("INSERT OR REPLACE INTO limiter (scope, per_second, burst, full_at) VALUES (?, ?, ?, ?)")
        .bind(&limit.scope)
        .bind(limit.per_second)
        .bind(limit.burst)
        .bind(micros(full_at))
        .execute(&mut **tx)
        .await
        .map_err(store_error)?;
    Ok(())
}
