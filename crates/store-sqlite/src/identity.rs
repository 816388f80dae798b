use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::identity::{ApiKey, IdentityStore};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::convert::{get, get_json, get_moment, get_parsed, json, micros, moment, store_error};
use crate::database::SqliteStore;

#[async_trait]
impl IdentityStore for SqliteStore {
    async fn add_company(&self, company: &CompanyId, name: &str, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO company (company_id, name, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(company.as_str())
            .bind(name)
            .bind(micros(now))
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn company(&self, company: &CompanyId) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT name FROM company WHERE company_id = ?")
            .bind(company.as_str())
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        row.map(|row| get(&row, "name")).transpose()
    }

    async fn companies(&self) -> Result<Vec<(CompanyId, String)>, StoreError> {
        let rows = sqlx::query("SELECT company_id, name FROM company ORDER BY company_id")
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        rows.iter().map(|row| Ok((get_parsed(row, "company_id")?, get(row, "name")?))).collect()
    }

    async fn add_key(&self, key: &ApiKey, hash: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO api_key (company_id, key_id, hash, name, last_four, scopes, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(key.company.as_str())
            .bind(key.id.to_string())
            .bind(hash)
            .bind(&key.name)
            .bind(&key.last_four)
            .bind(json(&key.scopes)?)
            .bind(micros(key.created))
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn key_by_hash(&self, hash: &str) -> Result<Option<ApiKey>, StoreError> {
        let row = sqlx::query("SELECT * FROM api_key WHERE hash = ?")
            .bind(hash)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        row.as_ref().map(api_key).transpose()
    }

    async fn keys(&self, company: &CompanyId) -> Result<Vec<ApiKey>, StoreError> {
        let rows = sqlx::query("SELECT * FROM api_key WHERE company_id = ? ORDER BY created_at DESC, key_id")
            .bind(company.as_str())
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        rows.iter().map(api_key).collect()
    }

    async fn revoke_key(&self, company: &CompanyId, id: Uuid, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let done =
            sqlx::query("UPDATE api_key SET revoked_at = coalesce(revoked_at, ?) WHERE company_id = ? AND key_id = ?")
                .bind(micros(now))
                .bind(company.as_str())
                .bind(id.to_string())
                .execute(&mut *tx)
                .await
                .map_err(store_error)?;
        sqlx::query("DELETE FROM session WHERE company_id = ? AND key_id = ?")
            .bind(company.as_str())
            .bind(id.to_string())
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }
}

fn api_key(row: &SqliteRow) -> Result<ApiKey, StoreError> {
    let revoked: Option<i64> = get(row, "revoked_at")?;
    Ok(ApiKey {
        id: get_parsed(row, "key_id")?,
        company: get_parsed(row, "company_id")?,
        name: get(row, "name")?,
        last_four: get(row, "last_four")?,
        scopes: get_json(row, "scopes")?,
        created: get_moment(row, "created_at")?,
        revoked: revoked.map(moment).transpose()?,
    })
}
