use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::origins::OriginStore;

use crate::convert::{get, store_error};
use crate::database::PostgresStore;
use crate::sight::Sight;

#[async_trait]
impl OriginStore for PostgresStore {
    async fn set_origins(&self, company: &CompanyId, origins: &[String]) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        sqlx::query("DELETE FROM kopru.company_origin WHERE company_id = $1")
            .bind(company.as_str())
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        sqlx::query("INSERT INTO kopru.company_origin (company_id, origin) SELECT DISTINCT $1, unnest($2::text[])")
            .bind(company.as_str())
            .bind(origins)
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn origins(&self, company: &CompanyId) -> Result<Vec<String>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let rows = sqlx::query("SELECT origin FROM kopru.company_origin WHERE company_id = $1 ORDER BY origin")
            .bind(company.as_str())
            .fetch_all(&mut *tx)
            .await
            .map_err(store_error)?;
        rows.iter().map(|row| get(row, "origin")).collect()
    }

    async fn is_origin(&self, origin: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin(Sight::Origin(origin)).await?;
        let row = sqlx::query("SELECT 1 FROM kopru.company_origin WHERE origin = $1 LIMIT 1")
            .bind(origin)
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error)?;
        Ok(row.is_some())
    }
}
