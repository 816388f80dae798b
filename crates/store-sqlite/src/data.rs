use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{CompanyId, ConfigId};
use kopru_ports::StoreError;
use kopru_ports::data::{Connection, DataStore, LoggedEvent, Retention};
use kopru_ports::sessions::Session;
use sqlx::sqlite::SqliteRow;

use crate::convert::{get, get_json, get_parsed, get_word, micros, moment, store_error};
use crate::database::SqliteStore;
use crate::sessions::session;
use crate::sync::event;

/// What is older than a company keeps it, by age: `NULL` days keep everything. A bite at a time, each on its own, so that
/// the one writer is soon free again. Ids of the audit log grow with time: its oldest entries are its first.
const PRUNE: [&str; 5] = [
    "DELETE FROM reverse_sync_log WHERE entry_id IN
        (SELECT entry_id FROM reverse_sync_log WHERE company_id = ?1
         AND at < (SELECT ?2 - history_days * 86400000000 FROM company WHERE company_id = ?1) ORDER BY at LIMIT ?3)",
    "DELETE FROM webhook_event WHERE company_id = ?1 AND (config_id, event_id) IN
        (SELECT config_id, event_id FROM webhook_event WHERE company_id = ?1 AND processed_at IS NOT NULL
         AND processed_at < (SELECT ?2 - events_days * 86400000000 FROM company WHERE company_id = ?1)
         ORDER BY processed_at LIMIT ?3)",
    "DELETE FROM audit_log WHERE company_id = ?1 AND entry_id IN
        (SELECT entry_id FROM audit_log WHERE company_id = ?1 ORDER BY entry_id LIMIT ?3)
     AND at < (SELECT ?2 - audit_days * 86400000000 FROM company WHERE company_id = ?1)",
    "DELETE FROM session WHERE company_id = ?1 AND hash IN
        (SELECT hash FROM session WHERE company_id = ?1 AND expires_at <= ?2 ORDER BY expires_at LIMIT ?3)",
    "DELETE FROM oauth_consent WHERE state_hash IN
        (SELECT state_hash FROM oauth_consent WHERE consent ->> '$.key.company' = ?1 AND expires_at <= ?2 LIMIT ?3)",
];

#[async_trait]
impl DataStore for SqliteStore {
    async fn retention(&self, company: &CompanyId) -> Result<Retention, StoreError> {
        let row = sqlx::query("SELECT history_days, events_days, audit_days FROM company WHERE company_id = ?")
            .bind(company.as_str())
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        let Some(row) = row else { return Ok(Retention::default()) };
        Ok(Retention {
            history: get(&row, "history_days")?,
            events: get(&row, "events_days")?,
            audit: get(&row, "audit_days")?,
        })
    }

    async fn set_retention(&self, company: &CompanyId, retention: Retention) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE company SET history_days = ?, events_days = ?, audit_days = ? WHERE company_id = ?")
            .bind(retention.history)
            .bind(retention.events)
            .bind(retention.audit)
            .bind(company.as_str())
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn prune(&self, company: &CompanyId, now: Timestamp, limit: u32) -> Result<bool, StoreError> {
        let mut more = false;
        for sql in PRUNE {
            let mut tx = self.begin().await?;
            let query = sqlx::query(sql).bind(company.as_str()).bind(micros(now)).bind(limit);
            let done = query.execute(&mut *tx).await.map_err(store_error)?;
            tx.commit().await.map_err(store_error)?;
            more |= done.rows_affected() == u64::from(limit);
        }
        Ok(more)
    }

    async fn connections(&self, company: &CompanyId) -> Result<Vec<Connection>, StoreError> {
        let rows = sqlx::query("SELECT * FROM user_integration WHERE company_id = ? ORDER BY user_id, integration")
            .bind(company.as_str())
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        rows.iter().map(connection).collect()
    }

    async fn sessions(&self, company: &CompanyId) -> Result<Vec<Session>, StoreError> {
        let rows = sqlx::query("SELECT * FROM session WHERE company_id = ? ORDER BY user_id, expires_at, hash")
            .bind(company.as_str())
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        rows.iter().map(session).collect()
    }

    async fn event_log(
        &self,
        company: &CompanyId,
        config: ConfigId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<LoggedEvent>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM webhook_event WHERE company_id = ? AND config_id = ? AND event_id > ? ORDER BY event_id LIMIT ?",
        )
        .bind(company.as_str())
        .bind(config.to_string())
        .bind(after.unwrap_or_default())
        .bind(limit)
        .fetch_all(&self.readers)
        .await
        .map_err(store_error)?;
        rows.iter().map(logged).collect()
    }
}

fn connection(row: &SqliteRow) -> Result<Connection, StoreError> {
    Ok(Connection {
        user: get_parsed(row, "user_id")?,
        service: get_word(row, "integration")?,
        account_email: get(row, "account_email")?,
        scopes: get_json(row, "scopes")?,
        status: get_word(row, "status")?,
        last_error: get(row, "last_error")?,
    })
}

fn logged(row: &SqliteRow) -> Result<LoggedEvent, StoreError> {
    let processed: Option<i64> = get(row, "processed_at")?;
    Ok(LoggedEvent { event: event(row)?, processed: processed.map(moment).transpose()? })
}
