use std::ops::Range;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::oauth::{ConsentStore, PendingConsent};
use sqlx::SqliteConnection;

use crate::convert::{get_json, json, micros, store_error};
use crate::database::SqliteStore;

#[async_trait]
impl ConsentStore for SqliteStore {
    async fn put(&self, state_hash: &str, consent: PendingConsent, time: Range<Timestamp>) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        forget_expired(&mut tx, time.start).await?;
        sqlx::query("INSERT INTO oauth_consent (company_id, state_hash, consent, expires_at) VALUES (?, ?, ?, ?)")
            .bind(consent.key.company.as_str())
            .bind(state_hash)
            .bind(json(&consent)?)
            .bind(micros(time.end))
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn take(&self, state_hash: &str, now: Timestamp) -> Result<Option<PendingConsent>, StoreError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query("DELETE FROM oauth_consent WHERE state_hash = ? AND expires_at > ? RETURNING consent")
            .bind(state_hash)
            .bind(micros(now))
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error)?;
        forget_expired(&mut tx, now).await?;
        tx.commit().await.map_err(store_error)?;
        row.as_ref().map(|row| get_json(row, "consent")).transpose()
    }
}

async fn forget_expired(connection: &mut SqliteConnection, now: Timestamp) -> Result<(), StoreError> {
    let delete = sqlx::query("DELETE FROM oauth_consent WHERE expires_at <= ?");
    delete.bind(micros(now)).execute(connection).await.map_err(store_error)?;
    Ok(())
}
