use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{CompanyId, ConfigId};
use kopru_ports::restore::RestoreStore;
use kopru_ports::sync::ScanProgress;
use kopru_ports::{Retry, StoreError, StoreErrorKind};
use sqlx::{Sqlite, Transaction};
use uuid::Uuid;

use crate::convert::{get, get_parsed, json, micros, store_error};
use crate::database::SqliteStore;

/// Arguments: the moment, and the scan that begins. On a lane of messages there is nothing but what sends them.
const HOLD: [&str; 6] = [
    "DELETE FROM session",
    "DELETE FROM oauth_consent",
    "UPDATE sheet_sync_config SET held = 1, restored_at = ?1, scan = ?2",
    "INSERT INTO attempt (company_id, lane, work_key, payload, deadline, generation)
     SELECT company_id, lane, work_key, 'null', ?1, generation FROM work
     WHERE (company_id, lane) IN (SELECT company_id, lane FROM message WHERE status IN ('scheduled', 'queued'))
     ON CONFLICT DO NOTHING",
    "UPDATE work SET due = ?1, parked = 0
     WHERE (company_id, lane) IN (SELECT company_id, lane FROM message WHERE status IN ('scheduled', 'queued'))",
    "UPDATE lane SET epoch = max(epoch + 1, ?1), lease_until = 0,
            next_due = iif(EXISTS (SELECT 1 FROM work WHERE work.company_id = lane.company_id AND work.lane = lane.lane),
                           ?1, next_due)",
];

#[async_trait]
impl RestoreStore for SqliteStore {
    async fn notice(&self, now: Timestamp) -> Result<bool, StoreError> {
        let word = self.word().await?;
        let restored = self.mark.lock().await.misses(word.as_deref()).map_err(file_error)?;
        if restored {
            self.restored(now).await?;
        } else {
            self.mark_anew().await?;
        }
        Ok(restored)
    }

    /// The file comes last: until then the database is still known as one that was restored.
    async fn restored(&self, now: Timestamp) -> Result<(), StoreError> {
        let (file, word) = (self.mark.lock().await, Uuid::now_v7().to_string());
        let mut tx = self.begin().await?;
        let scan = json(&ScanProgress::begun(micros(now)))?;
        for sql in HOLD {
            let query = sqlx::query(sql).bind(micros(now)).bind(&scan);
            query.execute(&mut *tx).await.map_err(store_error)?;
        }
        put_word(&mut tx, &word).await?;
        tx.commit().await.map_err(store_error)?;
        file.write(&[&word]).map_err(file_error)
    }

    async fn held(&self) -> Result<Vec<(CompanyId, ConfigId)>, StoreError> {
        let rows = sqlx::query("SELECT company_id, config_id FROM sheet_sync_config WHERE held = 1 ORDER BY 1, 2")
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        rows.iter().map(|row| Ok((get_parsed(row, "company_id")?, get_parsed(row, "config_id")?))).collect()
    }
}

impl SqliteStore {
    /// Replaces the mark again and again, so that every backup is soon an older one; until it is dropped.
    pub async fn keep_mark(&self, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            if let Err(error) = self.mark_anew().await {
                tracing::warn!(%error, "the file beside the database cannot be written: a restore might not be noticed");
            }
        }
    }

    /// Another word in both; at no moment is the database without its word in the file.
    async fn mark_anew(&self) -> Result<(), StoreError> {
        let (file, next) = (self.mark.lock().await, Uuid::now_v7().to_string());
        let known = self.word().await?.unwrap_or_default();
        file.write(&[&known, &next]).map_err(file_error)?;
        let mut tx = self.begin().await?;
        put_word(&mut tx, &next).await?;
        tx.commit().await.map_err(store_error)?;
        file.write(&[&next]).map_err(file_error)
    }

    async fn word(&self) -> Result<Option<String>, StoreError> {
        let query = sqlx::query("SELECT word FROM mark");
        let row = query.fetch_optional(&self.readers).await.map_err(store_error)?;
        row.map(|row| get(&row, "word")).transpose()
    }
}

async fn put_word(tx: &mut Transaction<'static, Sqlite>, word: &str) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO mark VALUES (1, ?) ON CONFLICT DO UPDATE SET word = excluded.word")
        .bind(word)
        .execute(&mut **tx)
        .await
        .map_err(store_error)?;
    Ok(())
}

fn file_error(error: std::io::Error) -> StoreError {
    StoreError::new("sqlite", StoreErrorKind::Unavailable, Retry::After(None)).caused_by(error)
}
