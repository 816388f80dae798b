use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_domain::message::Policy;
use kopru_ports::StoreError;
use kopru_ports::texts::{NamedTemplate, TextStore};
use sqlx::sqlite::SqliteRow;

use crate::convert::{get, get_json, get_moment, json, micros, store_error};
use crate::database::SqliteStore;

#[async_trait]
impl TextStore for SqliteStore {
    async fn put_template(&self, company: &CompanyId, template: &NamedTemplate) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT OR REPLACE INTO message_template (company_id, name, template, changed_at) VALUES (?, ?, ?, ?)",
        )
        .bind(company.as_str())
        .bind(&template.name)
        .bind(json(&template.template)?)
        .bind(micros(template.changed))
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn template(&self, company: &CompanyId, name: &str) -> Result<Option<NamedTemplate>, StoreError> {
        let row = sqlx::query("SELECT * FROM message_template WHERE company_id = ? AND name = ?")
            .bind(company.as_str())
            .bind(name)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        row.as_ref().map(template).transpose()
    }

    async fn templates(
        &self,
        company: &CompanyId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<NamedTemplate>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM message_template WHERE company_id = ? AND name > ? ORDER BY name LIMIT ?")
                .bind(company.as_str())
                .bind(after.unwrap_or_default())
                .bind(limit)
                .fetch_all(&self.readers)
                .await
                .map_err(store_error)?;
        rows.iter().map(template).collect()
    }

    async fn delete_template(&self, company: &CompanyId, name: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM message_template WHERE company_id = ? AND name = ?")
            .bind(company.as_str())
            .bind(name)
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }

    async fn policy(&self, company: &CompanyId) -> Result<Policy, StoreError> {
        let row = sqlx::query("SELECT policy FROM message_policy WHERE company_id = ?")
            .bind(company.as_str())
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        row.map_or_else(|| Ok(Policy::default()), |row| get_json(&row, "policy"))
    }

    async fn set_policy(&self, company: &CompanyId, policy: &Policy) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT OR REPLACE INTO message_policy (company_id, policy) VALUES (?, ?)")
            .bind(company.as_str())
            .bind(json(policy)?)
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }
}

fn template(row: &SqliteRow) -> Result<NamedTemplate, StoreError> {
    Ok(NamedTemplate {
        name: get(row, "name")?,
        template: get_json(row, "template")?,
        changed: get_moment(row, "changed_at")?,
    })
}
