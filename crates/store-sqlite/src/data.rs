use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{CompanyId, ConfigId, UserId};
use kopru_ports::StoreError;
use kopru_ports::data::{Connection, DataStore, LoggedEvent, Retention};
use kopru_ports::sessions::Session;
use sqlx::sqlite::SqliteRow;

use crate::convert::{get, get_json, get_parsed, get_word, micros, moment, store_error};
use crate::database::SqliteStore;
use crate::sessions::session;
use crate::sync::event;
use crate::{erasure, messages};

/// What is older than a company keeps it, by age: `NULL` days keep everything; and what says nothing any more. A bite at a
/// time, each on its own, so that the one writer is soon free again. Ids of the audit log grow with time: its oldest
/// entries are its first.
const PRUNE: [&str; 9] = [
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
    "DELETE FROM message_inbound WHERE company_id = ?1 AND provider_id IN
        (SELECT provider_id FROM message_inbound WHERE company_id = ?1
         AND received_at < (SELECT ?2 - messages_days * 86400000000 FROM company WHERE company_id = ?1)
         ORDER BY received_at LIMIT ?3)",
    "DELETE FROM message_day WHERE company_id = ?1 AND day IN
        (SELECT day FROM message_day WHERE company_id = ?1
         AND day < (SELECT date(?2 / 1000000 - messages_days * 86400, 'unixepoch') FROM company WHERE company_id = ?1)
         ORDER BY day LIMIT ?3)",
    "DELETE FROM session WHERE company_id = ?1 AND hash IN
        (SELECT hash FROM session WHERE company_id = ?1 AND expires_at <= ?2 ORDER BY expires_at LIMIT ?3)",
    "DELETE FROM oauth_consent WHERE state_hash IN
        (SELECT state_hash FROM oauth_consent WHERE company_id = ?1 AND expires_at <= ?2 LIMIT ?3)",
    "DELETE FROM lane WHERE company_id = ?1 AND lane IN
        (SELECT lane FROM lane WHERE company_id = ?1 AND lease_until <= ?2
         AND NOT EXISTS (SELECT 1 FROM work WHERE work.company_id = ?1 AND work.lane = lane.lane) LIMIT ?3)",
    "DELETE FROM limiter WHERE scope IN (SELECT scope FROM limiter WHERE full_at < ?2 - 3600000000 LIMIT ?3)",
];

#[async_trait]
impl DataStore for SqliteStore {
    async fn retention(&self, company: &CompanyId) -> Result<Retention, StoreError> {
        let row = sqlx::query(
            "SELECT history_days, events_days, audit_days, messages_days FROM company WHERE company_id = ?",
        )
        .bind(company.as_str())
        .fetch_optional(&self.readers)
        .await
        .map_err(store_error)?;
        let Some(row) = row else { return Ok(Retention::default()) };
        Ok(Retention {
            history: get(&row, "history_days")?,
            events: get(&row, "events_days")?,
            audit: get(&row, "audit_days")?,
            messages: get(&row, "messages_days")?,
        })
    }

    async fn set_retention(&self, company: &CompanyId, retention: Retention) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE company SET history_days = ?, events_days = ?, audit_days = ?, messages_days = ? WHERE company_id = ?",
        )
        .bind(retention.history)
        .bind(retention.events)
        .bind(retention.audit)
        .bind(retention.messages)
        .bind(company.as_str())
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn prune(&self, company: &CompanyId, now: Timestamp, limit: u32) -> Result<bool, StoreError> {
        let mut more = prune_messages(self, company, now, limit).await?;
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

    async fn erase(
        &self,
        company: &CompanyId,
        person: Option<&UserId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<bool, StoreError> {
        erasure::erase(self, company, person, now, limit).await
    }
}

/// Those that are at an end: settled or handed over, and nothing waits to be done for them.
async fn prune_messages(
    store: &SqliteStore,
    company: &CompanyId,
    now: Timestamp,
    limit: u32,
) -> Result<bool, StoreError> {
    let mut tx = store.begin().await?;
    let rows = sqlx::query(
        "SELECT message_id, batch_id FROM message WHERE company_id = ?1
         AND created_at < (SELECT ?2 - messages_days * 86400000000 FROM company WHERE company_id = ?1)
         AND NOT (status IN ('scheduled', 'queued') AND provider_id IS NULL)
         AND NOT EXISTS (SELECT 1 FROM work WHERE work.company_id = ?1 AND work.owner = message.batch_id
                         AND work.work_key = message.message_id)
         ORDER BY created_at LIMIT ?3",
    )
    .bind(company.as_str())
    .bind(micros(now))
    .bind(limit)
    .fetch_all(&mut *tx)
    .await
    .map_err(store_error)?;
    messages::forget(&mut tx, company, &rows).await?;
    tx.commit().await.map_err(store_error)?;
    Ok(rows.len() as u64 == u64::from(limit))
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
