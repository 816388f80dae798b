use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::oauth::{ConsentStore, PendingConsent};

use crate::convert::{get_json, json, micros, store_error};
use crate::database::SqliteStore;

#[async_trait]
impl ConsentStore for SqliteStore {
    async fn put(&self, state_hash: &str, consent: PendingConsent, expires: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO oauth_consent (state_hash, consent, expires_at) VALUES (?, ?, ?)")
            .bind(state_hash)
            .bind(json(&consent)?)
            .bind(micros(expires))
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
        sqlx::query("DELETE FROM oauth_consent WHERE expires_at <= ?")
            .bind(micros(now))
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        row.as_ref().map(|row| get_json(row, "consent")).transpose()
    }
}
