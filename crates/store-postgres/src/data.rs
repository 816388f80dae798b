use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{CompanyId, ConfigId, UserId};
use kopru_ports::StoreError;
use kopru_ports::data::{Connection, DataStore, LoggedEvent, Retention};
use kopru_ports::sessions::Session;
use sqlx::postgres::PgRow;

use crate::convert::{at, get, get_json, get_optional_moment, get_parsed, get_word, store_error};
use crate::database::PostgresStore;
use crate::sessions::session;
use crate::sight::Sight;
use crate::sync::event;
use crate::{erasure, lanes, messages};

/// What is older than a company keeps it, by age: `NULL` days keep everything; and what says nothing any more. A bite at a
/// time, each in a transaction of its own. Ids of the audit log grow with time: its oldest entries are its first.
const PRUNE: [&str; 8] = [
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
    "DELETE FROM kopru.message_inbound WHERE company_id = $1 AND provider_id IN
        (SELECT provider_id FROM kopru.message_inbound WHERE company_id = $1
         AND received_at < (SELECT $2 - messages_days * interval '24 hours' FROM kopru.company WHERE company_id = $1)
         ORDER BY received_at LIMIT $3)",
    "DELETE FROM kopru.message_day WHERE company_id = $1 AND day IN
        (SELECT day FROM kopru.message_day WHERE company_id = $1
         AND day < (SELECT (($2 AT TIME ZONE 'UTC') - messages_days * interval '24 hours')::date
                    FROM kopru.company WHERE company_id = $1)
         ORDER BY day LIMIT $3)",
    "DELETE FROM kopru.session WHERE company_id = $1 AND hash IN
        (SELECT hash FROM kopru.session WHERE company_id = $1 AND expires_at <= $2 ORDER BY expires_at LIMIT $3)",
    "DELETE FROM kopru.oauth_consent WHERE company_id = $1 AND state_hash IN
        (SELECT state_hash FROM kopru.oauth_consent WHERE company_id = $1 AND expires_at <= $2 LIMIT $3)",
    "DELETE FROM kopru.limiter WHERE scope IN
        (SELECT scope FROM kopru.limiter WHERE full_at < $2 - interval '1 hour' LIMIT $3)",
];

/// Lanes on which nothing waits. They are locked before, so that nothing comes to one of them meanwhile.
const IDLE_LANES: &str = "DELETE FROM kopru.lane WHERE company_id = $1 AND lane IN
    (SELECT lane FROM kopru.lane WHERE company_id = $1 AND lease_until <= $2
     AND NOT EXISTS (SELECT 1 FROM kopru.work WHERE work.company_id = $1 AND work.lane = lane.lane) LIMIT $3)";

/// Messages that are at an end: settled or handed over, and nothing waits to be done for them.
const ENDED_MESSAGES: &str = "SELECT message_id, batch_id FROM kopru.message WHERE company_id = $1
    AND created_at < (SELECT $2 - messages_days * interval '24 hours' FROM kopru.company WHERE company_id = $1)
    AND NOT (status IN ('scheduled', 'queued') AND provider_id IS NULL)
    AND NOT EXISTS (SELECT 1 FROM kopru.work WHERE work.company_id = $1 AND work.owner = message.batch_id::text
                    AND work.work_key = message.message_id::text)
    ORDER BY created_at LIMIT $3";

#[async_trait]
impl DataStore for PostgresStore {
    async fn retention(&self, company: &CompanyId) -> Result<Retention, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let row = sqlx::query(
            "SELECT history_days, events_days, audit_days, messages_days FROM kopru.company WHERE company_id = $1",
        )
        .bind(company.as_str())
        .fetch_optional(&mut *tx)
        .await
        .map_err(store_error)?;
        let Some(row) = row else { return Ok(Retention::default()) };
        Ok(Retention {
            history: days(&row, "history_days")?,
            events: days(&row, "events_days")?,
            audit: days(&row, "audit_days")?,
            messages: days(&row, "messages_days")?,
        })
    }

    async fn set_retention(&self, company: &CompanyId, retention: Retention) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        sqlx::query(
            "UPDATE kopru.company SET history_days = $2, events_days = $3, audit_days = $4, messages_days = $5
             WHERE company_id = $1",
        )
        .bind(company.as_str())
        .bind(retention.history.map(i32::from))
        .bind(retention.events.map(i32::from))
        .bind(retention.audit.map(i32::from))
        .bind(retention.messages.map(i32::from))
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn prune(&self, company: &CompanyId, now: Timestamp, limit: u32) -> Result<bool, StoreError> {
        let mut more = prune_messages(self, company, now, limit).await?;
        for sql in PRUNE.into_iter().chain([IDLE_LANES]) {
            let mut tx = self.begin(Sight::Of(company)).await?;
            if sql == IDLE_LANES {
                lanes::hold_all(&mut tx, company).await?;
            }
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

async fn prune_messages(
    store: &PostgresStore,
    company: &CompanyId,
    now: Timestamp,
    limit: u32,
) -> Result<bool, StoreError> {
    let mut tx = store.begin(Sight::Of(company)).await?;
    let query = sqlx::query(ENDED_MESSAGES).bind(company.as_str()).bind(at(now)).bind(i64::from(limit));
    let rows = query.fetch_all(&mut *tx).await.map_err(store_error)?;
    messages::forget(&mut tx, company, &rows).await?;
    tx.commit().await.map_err(store_error)?;
    Ok(rows.len() as u64 == u64::from(limit))
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
