use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{CompanyId, ConfigId};
use kopru_ports::StoreError;
use kopru_ports::data::{Connection, DataStore, LoggedEvent, Retention};
use kopru_ports::sessions::Session;
use sqlx::postgres::PgRow;

use crate::convert::{at, get, get_json, get_optional_moment, get_parsed, get_word, store_error};
use crate::database::PostgresStore;
use crate::sessions::session;
use crate::sight::Sight;
use crate::sync::event;

/// What is older than a company keeps it, by age: `NULL` days keep everything. A bite at a time, each in a transaction of
/// its own. Ids of the audit log grow with time: its oldest entries are its first.
const PRUNE: [&str; 5] = [
    "DELETE FROM kopru.reverse_sync_log WHERE entry_id = ANY (ARRAY
        (SELECT entry_id FROM kopru.reverse_sync_log WHERE company_id = $1
         AND at < (SELECT $2 - history_days * interval '24 hours' FROM kopru.company WHERE company_id = $1)
         ORDER BY at LIMIT $3))",
    "DELETE FROM kopru.webhook_event WHERE company_id = $1 AND (config_id, event_id) IN
        (SELECT config_id, event_id FROM kopru.webhook_event WHERE company_id = $1 AND processed_at IS NOT NULL
         AND processed_at < (SELECT $2 - events_days * interval '24 hours' FROM kopru.company WHERE company_id = $1)
         ORDER BY processed_at LIMIT $3)",
    "DELETE FROM kopru.audit_log WHERE company_id = $1 AND entry_id = ANY (ARRAY
        (SELECT entry_id FROM kopru.audit_log WHERE company_id = $1 ORDER BY entry_id LIMIT $3))
     AND at < (SELECT $2 - audit_days * interval '24 hours' FROM kopru.company WHERE company_id = $1)",
    "DELETE FROM kopru.session WHERE company_id = $1 AND hash IN
        (SELECT hash FROM kopru.session WHERE company_id = $1 AND expires_at <= $2 ORDER BY expires_at LIMIT $3)",
    "DELETE FROM kopru.oauth_consent WHERE company_id = $1 AND state_hash IN
        (SELECT state_hash FROM kopru.oauth_consent WHERE company_id = $1 AND expires_at <= $2 LIMIT $3)",
];

#[async_trait]
impl DataStore for PostgresStore {
    async fn retention(&self, company: &CompanyId) -> Result<Retention, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let row = sqlx::query("SELECT history_days, events_days, audit_days FROM kopru.company WHERE company_id = $1")
            .bind(company.as_str())
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error)?;
        let Some(row) = row else { return Ok(Retention::default()) };
        Ok(Retention {
            history: days(&row, "history_days")?,
            events: days(&row, "events_days")?,
            audit: days(&row, "audit_days")?,
        })
    }

    async fn set_retention(&self, company: &CompanyId, retention: Retention) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        sqlx::query(
            "UPDATE kopru.company SET history_days = $2, events_days = $3, audit_days = $4 WHERE company_id = $1",
        )
        .bind(company.as_str())
        .bind(retention.history.map(i32::from))
        .bind(retention.events.map(i32::from))
        .bind(retention.audit.map(i32::from))
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn prune(&self, company: &CompanyId, now: Timestamp, limit: u32) -> Result<bool, StoreError> {
        let mut more = false;
        for sql in PRUNE {
            let mut tx = self.begin(Sight::Of(company)).await?;
            let query = sqlx::query(sql).bind(company.as_str()).bind(at(now)).bind(i64::from(limit));
            let done = query.execute(&mut *tx).await.map_err(store_error)?;
            tx.commit().await.map_err(store_error)?;
            more |= done.rows_affected() == u64::from(limit);
        }
        Ok(more)
    }

    async fn connections(&self, company: &CompanyId) -> Result<Vec<Connection>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let rows = sqlx::query(
            "SELECT user_id, integration, account_email, scopes, status, last_error FROM kopru.user_integration
             WHERE company_id = $1 ORDER BY user_id COLLATE \"C\", integration COLLATE \"C\"",
        )
        .bind(company.as_str())
        .fetch_all(&mut *tx)
        .await
        .map_err(store_error)?;
        rows.iter().map(connection).collect()
    }

    async fn sessions(&self, company: &CompanyId) -> Result<Vec<Session>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let rows = sqlx::query(
            "SELECT company_id, key_id, user_id, kind, scopes, expires_at FROM kopru.session
             WHERE company_id = $1 ORDER BY user_id COLLATE \"C\", expires_at, hash",
        )
        .bind(company.as_str())
        .fetch_all(&mut *tx)
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
        let mut tx = self.begin(Sight::Of(company)).await?;
        let rows = sqlx::query(
            "SELECT event_id, first_row, end_row, received_at, processed_at FROM kopru.webhook_event
             WHERE company_id = $1 AND config_id = $2 AND event_id > $3 ORDER BY event_id LIMIT $4",
        )
        .bind(company.as_str())
        .bind(config.0)
        .bind(after.unwrap_or_default())
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await
        .map_err(store_error)?;
        rows.iter()
            .map(|row| Ok(LoggedEvent { event: event(row)?, processed: get_optional_moment(row, "processed_at")? }))
            .collect()
    }
}

fn connection(row: &PgRow) -> Result<Connection, StoreError> {
    Ok(Connection {
        user: get_parsed(row, "user_id")?,
        service: get_word(row, "integration")?,
        account_email: get(row, "account_email")?,
        scopes: get_json(row, "scopes")?,
        status: get_word(row, "status")?,
        last_error: get(row, "last_error")?,
    })
}

fn days(row: &PgRow, column: &str) -> Result<Option<u16>, StoreError> {
    let days: Option<i32> = get(row, column)?;
    Ok(days.and_then(|days| u16::try_from(days).ok()))
}
