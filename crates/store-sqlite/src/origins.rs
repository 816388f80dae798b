use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::origins::OriginStore;

use crate::convert::{get, json, store_error};
use crate::database::SqliteStore;

#[async_trait]
impl OriginStore for SqliteStore {
    async fn set_origins(&self, company: &CompanyId, origins: &[String]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM company_origin WHERE company_id = ?")
            .bind(company.as_str())
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        sqlx::query("INSERT INTO company_origin (company_id, origin) SELECT DISTINCT ?, value FROM json_each(?)")
            .bind(company.as_str())
            .bind(json(&origins)?)
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn origins(&self, company: &CompanyId) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query("SELECT origin FROM company_origin WHERE company_id = ? ORDER BY origin")
            .bind(company.as_str())
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        rows.iter().map(|row| get(row, "origin")).collect()
    }

    async fn is_origin(&self, origin: &str) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT 1 FROM company_origin WHERE origin = ? LIMIT 1")
            .bind(origin)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        Ok(row.is_some())
    }
}
