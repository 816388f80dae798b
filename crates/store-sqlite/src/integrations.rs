use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::integrations::{Integration, IntegrationKind, IntegrationStore};
use kopru_ports::tokens::ConnectionStatus;
use secrecy::{ExposeSecret, SecretString};

use crate::convert::{get, get_optional_moment, get_word, micros, store_error, word};
use crate::database::SqliteStore;

#[async_trait]
impl IntegrationStore for SqliteStore {
    async fn get(&self, company: &CompanyId, kind: IntegrationKind) -> Result<Option<Integration>, StoreError> {
        let row = sqlx::query("SELECT * FROM company_integration WHERE company_id = ? AND integration = ?")
            .bind(company.as_str())
            .bind(kind.name())
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Integration {
            settings: SecretString::from(get::<String>(&row, "settings")?),
            version: get(&row, "version")?,
            status: get_word(&row, "status")?,
            last_error: get(&row, "last_error")?,
            last_used: get_optional_moment(&row, "last_used")?,
            ailing_since: get_optional_moment(&row, "ailing_since")?,
        }))
    }

    async fn put(&self, company: &CompanyId, kind: IntegrationKind, settings: SecretString) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO company_integration (company_id, integration, settings, version, status) VALUES (?, ?, ?, 1, ?)
             ON CONFLICT DO UPDATE SET settings = excluded.settings, version = version + 1, status = excluded.status, last_error = NULL,
                    ailing_since = NULL",
        )
        .bind(company.as_str())
        .bind(kind.name())
        .bind(settings.expose_secret())
        .bind(word(&ConnectionStatus::Inactive)?)
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn set_status(
        &self,
        company: &CompanyId,
        kind: IntegrationKind,
        status: ConnectionStatus,
        error: Option<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE company_integration SET status = ?3, last_error = ?4, last_used = ?5,
                    ailing_since = iif(?6, coalesce(ailing_since, ?5), NULL)
             WHERE company_id = ?1 AND integration = ?2",
        )
        .bind(company.as_str())
        .bind(kind.name())
        .bind(word(&status)?)
        .bind(error)
        .bind(micros(now))
        .bind(status.is_trouble())
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn delete(&self, company: &CompanyId, kind: IntegrationKind) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM company_integration WHERE company_id = ? AND integration = ?")
            .bind(company.as_str())
            .bind(kind.name())
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }
}
