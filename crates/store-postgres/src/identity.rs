use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::identity::{ApiKey, IdentityStore};
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::convert::{at, get, get_json, get_moment, get_optional_moment, get_parsed, json, store_error, text};
use crate::database::PostgresStore;
use crate::sight::Sight;

/// Keys that meet a condition.
macro_rules! keys_where {
    ($condition:literal) => {
        concat!(
            "SELECT company_id, key_id, name, last_four, scopes, created_at, revoked_at FROM kopru.api_key WHERE ",
            $condition
        )
    };
}

#[async_trait]
impl IdentityStore for PostgresStore {
    async fn add_company(&self, company: &CompanyId, name: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        sqlx::query(
            "INSERT INTO kopru.company (company_id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        )
        .bind(company.as_str())
        .bind(text(name))
        .bind(at(now))
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn company(&self, company: &CompanyId) -> Result<Option<String>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let row = sqlx::query("SELECT name FROM kopru.company WHERE company_id = $1")
            .bind(company.as_str())
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error)?;
        row.map(|row| get(&row, "name")).transpose()
    }

    async fn companies(&self) -> Result<Vec<(CompanyId, String)>, StoreError> {
        let mut tx = self.begin(Sight::Companies).await?;
        let rows = sqlx::query("SELECT company_id, name FROM kopru.company ORDER BY company_id")
            .fetch_all(&mut *tx)
            .await
            .map_err(store_error)?;
        rows.iter().map(|row| Ok((get_parsed(row, "company_id")?, get(row, "name")?))).collect()
    }

    async fn add_key(&self, key: &ApiKey, hash: &str) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(&key.company)).await?;
        sqlx::query(
            "INSERT INTO kopru.api_key (company_id, key_id, hash, name, last_four, scopes, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(key.company.as_str())
        .bind(key.id)
        .bind(hash)
        .bind(text(&key.name))
        .bind(&key.last_four)
        .bind(json(&key.scopes)?)
        .bind(at(key.created))
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn key_by_hash(&self, hash: &str) -> Result<Option<ApiKey>, StoreError> {
        let mut tx = self.begin(Sight::Hash(hash)).await?;
        let row =
            sqlx::query(keys_where!("hash = $1")).bind(hash).fetch_optional(&mut *tx).await.map_err(store_error)?;
        row.as_ref().map(api_key).transpose()
    }

    async fn keys(&self, company: &CompanyId) -> Result<Vec<ApiKey>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let rows = sqlx::query(keys_where!("company_id = $1 ORDER BY created_at DESC, key_id"))
            .bind(company.as_str())
            .fetch_all(&mut *tx)
            .await
            .map_err(store_error)?;
        rows.iter().map(api_key).collect()
    }

    async fn revoke_key(&self, company: &CompanyId, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let done = sqlx::query(
            "UPDATE kopru.api_key SET revoked_at = coalesce(revoked_at, $3) WHERE company_id = $1 AND key_id = $2",
        )
        .bind(company.as_str())
        .bind(id)
        .bind(at(now))
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        sqlx::query("DELETE FROM kopru.session WHERE company_id = $1 AND key_id = $2")
            .bind(company.as_str())
            .bind(id)
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }
}

fn api_key(row: &PgRow) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        id: get(row, "key_id")?,
        company: get_parsed(row, "company_id")?,
        name: get(row, "name")?,
        last_four: get(row, "last_four")?,
        scopes: get_json(row, "scopes")?,
        created: get_moment(row, "created_at")?,
        revoked: get_optional_moment(row, "revoked_at")?,
    })
}
