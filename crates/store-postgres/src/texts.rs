use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_domain::message::Policy;
use kopru_ports::StoreError;
use kopru_ports::texts::{NamedTemplate, TextStore};
use sqlx::postgres::PgRow;

use crate::convert::{at, get, get_json, get_moment, json, store_error, text};
use crate::database::PostgresStore;
use crate::sight::Sight;

#[async_trait]
impl TextStore for PostgresStore {
    async fn put_template(&self, company: &CompanyId, template: &NamedTemplate) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        sqlx::query(
            "INSERT INTO kopru.message_template (company_id, name, template, changed_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (company_id, name)
             DO UPDATE SET template = excluded.template, changed_at = excluded.changed_at",
        )
        .bind(company.as_str())
        .bind(text(&template.name))
        .bind(json(&template.template)?)
        .bind(at(template.changed))
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn template(&self, company: &CompanyId, name: &str) -> Result<Option<NamedTemplate>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let row = sqlx::query("SELECT * FROM kopru.message_template WHERE company_id = $1 AND name = $2")
            .bind(company.as_str())
            .bind(text(name))
            .fetch_optional(&mut *tx)
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
        let mut tx = self.begin(Sight::Of(company)).await?;
        let rows = sqlx::query(
            "SELECT * FROM kopru.message_template WHERE company_id = $1 AND name > $2 ORDER BY name LIMIT $3",
        )
        .bind(company.as_str())
        .bind(text(after.unwrap_or_default()))
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await
        .map_err(store_error)?;
        rows.iter().map(template).collect()
    }

    async fn delete_template(&self, company: &CompanyId, name: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let done = sqlx::query("DELETE FROM kopru.message_template WHERE company_id = $1 AND name = $2")
            .bind(company.as_str())
            .bind(text(name))
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }

    async fn policy(&self, company: &CompanyId) -> Result<Policy, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let row = sqlx::query("SELECT policy FROM kopru.message_policy WHERE company_id = $1")
            .bind(company.as_str())
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error)?;
        row.map_or_else(|| Ok(Policy::default()), |row| get_json(&row, "policy"))
    }

    async fn set_policy(&self, company: &CompanyId, policy: &Policy) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        sqlx::query(
            "INSERT INTO kopru.message_policy (company_id, policy) VALUES ($1, $2)
             ON CONFLICT (company_id) DO UPDATE SET policy = excluded.policy",
        )
        .bind(company.as_str())
        .bind(json(policy)?)
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }
}

fn template(row: &PgRow) -> Result<NamedTemplate, StoreError> {
    Ok(NamedTemplate {
        name: get(row, "name")?,
        template: get_json(row, "template")?,
        changed: get_moment(row, "changed_at")?,
    })
}
