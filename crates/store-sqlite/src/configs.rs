use async_trait::async_trait;
use kopru_domain::{ColumnMapping, CompanyId, ConfigId, Gid, Mapping};
use kopru_ports::StoreError;
use kopru_ports::configs::{ConfigStore, SyncConfig};
use kopru_ports::sync::ScanProgress;
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::convert::{
    get, get_json, get_moment, get_optional_json, get_optional_moment, get_parsed, get_word, json, micros, store_error,
    unreadable, word,
};
use crate::database::SqliteStore;

#[async_trait]
impl ConfigStore for SqliteStore {
    async fn add(&self, config: &SyncConfig) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO sheet_sync_config (company_id, config_id, user_id, name, spreadsheet_id, gid, entity, portal, title_from,
                    language, quiet_ms, enabled, webhook_key_hash, sealed_secret, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(config.company.as_str())
        .bind(config.id.to_string())
        .bind(config.user.as_str())
        .bind(&config.name)
        .bind(config.spreadsheet.as_str())
        .bind(config.gid.0)
        .bind(config.entity.to_string())
        .bind(&config.portal)
        .bind(json(&config.mapping.title_from)?)
        .bind(word(&config.language)?)
        .bind(config.quiet_ms)
        .bind(config.enabled)
        .bind(&config.webhook_key_hash)
        .bind(&config.sealed_secret)
        .bind(micros(config.created))
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        put_mapping(&mut tx, config).await?;
        tx.commit().await.map_err(store_error)
    }

    async fn get(&self, company: &CompanyId, id: ConfigId) -> Result<Option<SyncConfig>, StoreError> {
        let row = sqlx::query("SELECT * FROM sheet_sync_config WHERE company_id = ? AND config_id = ?")
            .bind(company.as_str())
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        self.with_mapping(row).await
    }

    async fn by_webhook_key(&self, key_hash: &str) -> Result<Option<SyncConfig>, StoreError> {
        let row = sqlx::query("SELECT * FROM sheet_sync_config WHERE webhook_key_hash = ?")
            .bind(key_hash)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        self.with_mapping(row).await
    }

    async fn list(
        &self,
        company: &CompanyId,
        after: Option<ConfigId>,
        limit: u32,
    ) -> Result<Vec<SyncConfig>, StoreError> {
        // Ids are UUIDs of version 7: their order is the order of their making.
        let rows = sqlx::query(
            "SELECT * FROM sheet_sync_config WHERE company_id = ? AND config_id > ? ORDER BY config_id LIMIT ?",
        )
        .bind(company.as_str())
        .bind(after.map_or_else(String::new, |id| id.to_string()))
        .bind(limit)
        .fetch_all(&self.readers)
        .await
        .map_err(store_error)?;
        let mut configs = Vec::with_capacity(rows.len());
        for row in rows {
            configs.extend(self.with_mapping(Some(row)).await?);
        }
        Ok(configs)
    }

    async fn update(&self, config: &SyncConfig) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "UPDATE sheet_sync_config SET name = ?, title_from = ?, language = ?, quiet_ms = ?, enabled = ?
             WHERE company_id = ? AND config_id = ?",
        )
        .bind(&config.name)
        .bind(json(&config.mapping.title_from)?)
        .bind(word(&config.language)?)
        .bind(config.quiet_ms)
        .bind(config.enabled)
        .bind(config.company.as_str())
        .bind(config.id.to_string())
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query("DELETE FROM field_mapping WHERE company_id = ? AND config_id = ?")
            .bind(config.company.as_str())
            .bind(config.id.to_string())
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        put_mapping(&mut tx, config).await?;
        tx.commit().await.map_err(store_error)?;
        Ok(true)
    }

    async fn begin_scan(&self, company: &CompanyId, id: ConfigId, scan: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE sheet_sync_config SET scan = ? WHERE company_id = ? AND config_id = ?")
            .bind(json(&ScanProgress::begun(scan))?)
            .bind(company.as_str())
            .bind(id.to_string())
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn delete(&self, company: &CompanyId, id: ConfigId) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let mut deleted = 0;
        // Rows, events and history go with their configuration.
        for sql in [
            "DELETE FROM attempt WHERE company_id = ?1 AND (lane, work_key) IN
                (SELECT lane, work_key FROM work WHERE company_id = ?1 AND owner = ?2)",
            "DELETE FROM work WHERE company_id = ?1 AND owner = ?2",
            "DELETE FROM sheet_sync_config WHERE company_id = ?1 AND config_id = ?2",
        ] {
            let done = sqlx::query(sql).bind(company.as_str()).bind(id.to_string()).execute(&mut *tx).await;
            deleted = done.map_err(store_error)?.rows_affected();
        }
        tx.commit().await.map_err(store_error)?;
        Ok(deleted == 1)
    }
}

async fn put_mapping(tx: &mut Transaction<'static, Sqlite>, config: &SyncConfig) -> Result<(), StoreError> {
    for (position, column) in (0_i64..).zip(&config.mapping.columns) {
        sqlx::query(
            "INSERT INTO field_mapping (company_id, config_id, position, column_index, column_name, crm_field, style)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(config.company.as_str())
        .bind(config.id.to_string())
        .bind(position)
        .bind(i64::try_from(column.column).map_err(unreadable)?)
        .bind(&column.header)
        .bind(String::from(column.target.clone()))
        .bind(json(&column.style)?)
        .execute(&mut **tx)
        .await
        .map_err(store_error)?;
    }
    Ok(())
}

impl SqliteStore {
    async fn with_mapping(&self, row: Option<SqliteRow>) -> Result<Option<SyncConfig>, StoreError> {
        let Some(row) = row else { return Ok(None) };
        let mut config = config(&row)?;
        let columns =
            sqlx::query("SELECT * FROM field_mapping WHERE company_id = ? AND config_id = ? ORDER BY position")
                .bind(config.company.as_str())
                .bind(config.id.to_string())
                .fetch_all(&self.readers)
                .await
                .map_err(store_error)?;
        config.mapping.columns = columns.iter().map(column).collect::<Result<_, _>>()?;
        Ok(Some(config))
    }
}

fn config(row: &SqliteRow) -> Result<SyncConfig, StoreError> {
    Ok(SyncConfig {
        id: get_parsed(row, "config_id")?,
        company: get_parsed(row, "company_id")?,
        user: get_parsed(row, "user_id")?,
        name: get(row, "name")?,
        spreadsheet: get_parsed(row, "spreadsheet_id")?,
        gid: Gid(get(row, "gid")?),
        entity: get_parsed(row, "entity")?,
        portal: get(row, "portal")?,
        mapping: Mapping { columns: Vec::new(), title_from: get_json(row, "title_from")? },
        language: get_word(row, "language")?,
        quiet_ms: get(row, "quiet_ms")?,
        enabled: get(row, "enabled")?,
        webhook_key_hash: get(row, "webhook_key_hash")?,
        sealed_secret: get(row, "sealed_secret")?,
        created: get_moment(row, "created_at")?,
        scan: get_optional_json(row, "scan")?,
        restored: get_optional_moment(row, "restored_at")?,
        held: get(row, "held")?,
    })
}

fn column(row: &SqliteRow) -> Result<ColumnMapping, StoreError> {
    let position: i64 = get(row, "column_index")?;
    Ok(ColumnMapping {
        column: usize::try_from(position).map_err(unreadable)?,
        header: get(row, "column_name")?,
        target: get::<String>(row, "crm_field")?.into(),
        style: get_json(row, "style")?,
    })
}
