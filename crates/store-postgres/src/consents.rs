use std::ops::Range;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::oauth::{ConsentStore, PendingConsent};
use sqlx::PgConnection;

use crate::convert::{at, get, get_json, json, store_error};
use crate::database::PostgresStore;
use crate::sight::{Sight, look};

#[async_trait]
impl ConsentStore for PostgresStore {
    async fn put(&self, state_hash: &str, consent: PendingConsent, time: Range<Timestamp>) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(&consent.key.company)).await?;
        forget_expired(&mut tx, &consent.key.company, time.start).await?;
        sqlx::query(
            "INSERT INTO kopru.oauth_consent (company_id, state_hash, consent, expires_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(consent.key.company.as_str())
        .bind(state_hash)
        .bind(json(&consent)?)
        .bind(at(time.end))
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn take(&self, state_hash: &str, now: Timestamp) -> Result<Option<PendingConsent>, StoreError> {
        let mut tx = self.begin(Sight::Hash(state_hash)).await?;
        let row = sqlx::query(
            "DELETE FROM kopru.oauth_consent WHERE state_hash = $1 RETURNING consent, expires_at > $2 AS valid",
        )
        .bind(state_hash)
        .bind(at(now))
        .fetch_optional(&mut *tx)
        .await
        .map_err(store_error)?;
        let Some(row) = row else { return Ok(None) };
        let consent: PendingConsent = get_json(&row, "consent")?;
        look(&mut tx, Sight::Of(&consent.key.company)).await?;
        forget_expired(&mut tx, &consent.key.company, now).await?;
        tx.commit().await.map_err(store_error)?;
        Ok(get::<bool>(&row, "valid")?.then_some(consent))
    }
}

async fn forget_expired(connection: &mut PgConnection, company: &CompanyId, now: Timestamp) -> Result<(), StoreError> {
    let delete = sqlx::query("DELETE FROM kopru.oauth_consent WHERE company_id = $1 AND expires_at <= $2");
    delete.bind(company.as_str()).bind(at(now)).execute(connection).await.map_err(store_error)?;
    Ok(())
}
