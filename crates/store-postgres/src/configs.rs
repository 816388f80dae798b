use async_trait::async_trait;
use kopru_domain::{ColumnMapping, CompanyId, ConfigId, Gid, Mapping};
use kopru_ports::StoreError;
use kopru_ports::configs::{ConfigStore, SyncConfig};
use kopru_ports::sync::ScanProgress;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::convert::{
    at, get, get_count, get_json, get_moment, get_optional_json, get_optional_moment, get_parsed, get_word, json,
    store_error, text, unreadable, word,
};
use crate::database::PostgresStore;
use crate::sight::{Sight, look};

/// Configurations that meet a condition.
macro_rules! configs_where {
    ($condition:literal) => {
        concat!(
            "SELECT company_id, config_id, user_id, name, spreadsheet_id, gid, entity, portal, title_from, language,
                    quiet_ms, enabled, webhook_key_hash, sealed_secret, scan, created_at, restored_at, held
             FROM kopru.sheet_sync_config WHERE ",
            $condition
        )
    };
}

#[async_trait]
impl ConfigStore for PostgresStore {
    async fn add(&self, config: &SyncConfig) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(&config.company)).await?;
        sqlx::query(
            "INSERT INTO kopru.sheet_sync_config (company_id, config_id, user_id, name, spreadsheet_id, gid, entity,
                    portal, title_from, language, quiet_ms, enabled, webhook_key_hash, sealed_secret, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        )
        .bind(config.company.as_str())
        .bind(config.id.0)
        .bind(config.user.as_str())
        .bind(text(&config.name))
        .bind(config.spreadsheet.as_str())
        .bind(config.gid.0)
        .bind(config.entity.to_string())
        .bind(&config.portal)
        .bind(json(&config.mapping.title_from)?)
        .bind(word(&config.language)?)
        .bind(i64::from(config.quiet_ms))
        .bind(config.enabled)
        .bind(&config.webhook_key_hash)
        .bind(&config.sealed_secret)
        .bind(at(config.created))
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        put_mapping(&mut tx, config).await?;
        tx.commit().await.map_err(store_error)
    }

    async fn get(&self, company: &CompanyId, id: ConfigId) -> Result<Option<SyncConfig>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let row = sqlx::query(configs_where!("company_id = $1 AND config_id = $2"))
            .bind(company.as_str())
            .bind(id.0)
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error)?;
        with_mapping(&mut tx, row).await
    }

    async fn by_webhook_key(&self, key_hash: &str) -> Result<Option<SyncConfig>, StoreError> {
        let mut tx = self.begin(Sight::Hash(key_hash)).await?;
        let row = sqlx::query(configs_where!("webhook_key_hash = $1"))
            .bind(key_hash)
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error)?;
        with_mapping(&mut tx, row).await
    }

    async fn list(
        &self,
        company: &CompanyId,
        after: Option<ConfigId>,
        limit: u32,
    ) -> Result<Vec<SyncConfig>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        // Ids are UUIDs of version 7: their order is the order of their making.
        let rows = sqlx::query(configs_where!("company_id = $1 AND config_id > $2 ORDER BY config_id LIMIT $3"))
            .bind(company.as_str())
            .bind(after.map_or(Uuid::nil(), |id| id.0))
            .bind(i64::from(limit))
            .fetch_all(&mut *tx)
            .await
            .map_err(store_error)?;
        let mut configs = Vec::with_capacity(rows.len());
        for row in rows {
            configs.extend(with_mapping(&mut tx, Some(row)).await?);
        }
        Ok(configs)
    }

    async fn update(&self, config: &SyncConfig) -> Result<bool, StoreError> {
        let mut tx = self.begin(Sight::Of(&config.company)).await?;
        let done = sqlx::query(
            "UPDATE kopru.sheet_sync_config SET name = $3, title_from = $4, language = $5, quiet_ms = $6, enabled = $7
             WHERE company_id = $1 AND config_id = $2",
        )
        .bind(config.company.as_str())
        .bind(config.id.0)
        .bind(text(&config.name))
        .bind(json(&config.mapping.title_from)?)
        .bind(word(&config.language)?)
        .bind(i64::from(config.quiet_ms))
        .bind(config.enabled)
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("DELETE FROM kopru.field_mapping WHERE company_id = $1 AND config_id = $2")
            .bind(config.company.as_str())
            .bind(config.id.0)
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        put_mapping(&mut tx, config).await?;
        tx.commit().await.map_err(store_error)?;
        Ok(true)
    }

    async fn begin_scan(&self, company: &CompanyId, id: ConfigId, scan: i64) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        sqlx::query("UPDATE kopru.sheet_sync_config SET scan = $3 WHERE company_id = $1 AND config_id = $2")
            .bind(company.as_str())
            .bind(id.0)
            .bind(json(&ScanProgress::begun(scan))?)
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    /// Lanes first, as a settlement locks them. Rows, events and history go with their configuration.
    async fn delete(&self, company: &CompanyId, id: ConfigId) -> Result<bool, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let mut deleted = 0;
        for sql in [
            "SELECT 1 FROM kopru.lane WHERE company_id = $1 AND lane IN
                (SELECT lane FROM kopru.work WHERE company_id = $1 AND owner = $2) ORDER BY lane FOR UPDATE",
            "DELETE FROM kopru.attempt WHERE company_id = $1 AND (lane, work_key) IN
                (SELECT lane, work_key FROM kopru.work WHERE company_id = $1 AND owner = $2)",
            "DELETE FROM kopru.work WHERE company_id = $1 AND owner = $2",
            "DELETE FROM kopru.sheet_sync_config WHERE company_id = $1 AND config_id::text = $2",
        ] {
            let done = sqlx::query(sql).bind(company.as_str()).bind(id.to_string()).execute(&mut *tx).await;
            deleted = done.map_err(store_error)?.rows_affected();
        }
        tx.commit().await.map_err(store_error)?;
        Ok(deleted == 1)
    }
}

async fn put_mapping(connection: &mut PgConnection, config: &SyncConfig) -> Result<(), StoreError> {
    for (position, column) in (0_i64..).zip(&config.mapping.columns) {
        sqlx::query(
            "INSERT INTO kopru.field_mapping
                    (company_id, config_id, position, column_index, column_name, crm_field, style)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(config.company.as_str())
        .bind(config.id.0)
        .bind(position)
        .bind(i64::try_from(column.column).map_err(unreadable)?)
        .bind(text(&column.header))
        .bind(String::from(column.target.clone()))
        .bind(json(&column.style)?)
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    }
    Ok(())
}

/// The configuration with its mapping, which its company may see.
async fn with_mapping(connection: &mut PgConnection, row: Option<PgRow>) -> Result<Option<SyncConfig>, StoreError> {
    let Some(row) = row else { return Ok(None) };
    let mut config = config(&row)?;
    look(connection, Sight::Of(&config.company)).await?;
    let columns = sqlx::query(
        "SELECT column_index, column_name, crm_field, style FROM kopru.field_mapping
         WHERE company_id = $1 AND config_id = $2 ORDER BY position",
    )
    .bind(config.company.as_str())
    .bind(config.id.0)
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    config.mapping.columns = columns.iter().map(column).collect::<Result<_, _>>()?;
    Ok(Some(config))
}

fn config(row: &PgRow) -> Result<SyncConfig, StoreError> {
    Ok(SyncConfig {
        id: ConfigId(get(row, "config_id")?),
        company: get_parsed(row, "company_id")?,
        user: get_parsed(row, "user_id")?,
        name: get(row, "name")?,
        spreadsheet: get_parsed(row, "spreadsheet_id")?,
        gid: Gid(get(row, "gid")?),
        entity: get_parsed(row, "entity")?,
        portal: get(row, "portal")?,
        mapping: Mapping { columns: Vec::new(), title_from: get_json(row, "title_from")? },
        language: get_word(row, "language")?,
        quiet_ms: get_count(row, "quiet_ms")?,
        enabled: get(row, "enabled")?,
        webhook_key_hash: get(row, "webhook_key_hash")?,
        sealed_secret: get(row, "sealed_secret")?,
        created: get_moment(row, "created_at")?,
        scan: get_optional_json(row, "scan")?,
        restored: get_optional_moment(row, "restored_at")?,
        held: get(row, "held")?,
    })
}

fn column(row: &PgRow) -> Result<ColumnMapping, StoreError> {
    let position: i64 = get(row, "column_index")?;
    Ok(ColumnMapping {
        column: usize::try_from(position).map_err(unreadable)?,
        header: get(row, "column_name")?,
        target: get::<String>(row, "crm_field")?.into(),
        style: get_json(row, "style")?,
    })
}
