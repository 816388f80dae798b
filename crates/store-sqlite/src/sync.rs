use async_trait::async_trait;
use kopru_domain::{CompanyId, ConfigId, RowId};
use kopru_ports::StoreError;
use kopru_ports::delivery::NewWork;
use kopru_ports::sync::{Accepted, HistoryEntry, RowsQuery, SheetEvent, SyncRow, SyncStore, SyncSummary};
use sqlx::sqlite::SqliteRow;

use crate::convert::{
    count, get, get_json, get_moment, get_optional_json, get_parsed, get_word, json, micros, moment, store_error,
};
use crate::database::SqliteStore;
use crate::rows::sync_row;
use crate::work;

#[async_trait]
impl SyncStore for SqliteStore {
    async fn accept(
        &self,
        company: &CompanyId,
        config: ConfigId,
        event: SheetEvent,
        new: NewWork,
    ) -> Result<Accepted, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "INSERT INTO webhook_event (company_id, config_id, event_id, first_row, end_row, received_at)
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(company.as_str())
        .bind(config.to_string())
        .bind(&event.id)
        .bind(event.rows.map(|(first, _)| first))
        .bind(event.rows.map(|(_, end)| end))
        .bind(micros(event.received))
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        if done.rows_affected() == 0 {
            return Ok(Accepted::Duplicate);
        }
        work::enqueue(&mut tx, &[new], Some(event.received)).await?;
        tx.commit().await.map_err(store_error)?;
        Ok(Accepted::Stored)
    }

    async fn events(&self, company: &CompanyId, config: ConfigId, limit: u32) -> Result<Vec<SheetEvent>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM webhook_event WHERE company_id = ? AND config_id = ? AND processed_at IS NULL
             ORDER BY received_at LIMIT ?",
        )
        .bind(company.as_str())
        .bind(config.to_string())
        .bind(limit)
        .fetch_all(&self.readers)
        .await
        .map_err(store_error)?;
        rows.iter().map(event).collect()
    }

    async fn rows(&self, company: &CompanyId, config: ConfigId, query: RowsQuery) -> Result<Vec<SyncRow>, StoreError> {
        let (sql, first, second) = match query {
            RowsQuery::Ids(ids) => ("row_id IN (SELECT value FROM json_each(?3)) AND ?4 = 0", ids_json(&ids)?, 0),
            RowsQuery::StatusDue(limit) => (
                "shown_revision < revision AND state <> 'pending' AND ?3 = '' ORDER BY place LIMIT ?4",
                String::new(),
                limit,
            ),
            RowsQuery::Refused(limit) => {
                ("state IN ('partly', 'failed') AND ?3 = '' ORDER BY place LIMIT ?4", String::new(), limit)
            }
            RowsQuery::After(after, limit) => (
                "row_id > ?3 ORDER BY row_id LIMIT ?4",
                after.map_or_else(String::new, |after| after.to_string()),
                limit,
            ),
            RowsQuery::Places(first, end) => {
                ("place >= CAST(?3 AS INTEGER) AND place < ?4 ORDER BY place", first.to_string(), end)
            }
        };
        let sql =
            sqlx::AssertSqlSafe(format!("SELECT * FROM sync_row WHERE company_id = ?1 AND config_id = ?2 AND {sql}"));
        let rows = sqlx::query(sql)
            .bind(company.as_str())
            .bind(config.to_string())
            .bind(first)
            .bind(second)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        rows.iter().map(sync_row).collect()
    }

    async fn history(
        &self,
        company: &CompanyId,
        config: ConfigId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, HistoryEntry)>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM reverse_sync_log WHERE company_id = ? AND config_id = ? AND entry_id < ?
             ORDER BY entry_id DESC LIMIT ?",
        )
        .bind(company.as_str())
        .bind(config.to_string())
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(&self.readers)
        .await
        .map_err(store_error)?;
        rows.iter().map(|row| Ok((get(row, "entry_id")?, history_entry(row)?))).collect()
    }

    async fn summary(&self, company: &CompanyId, config: ConfigId) -> Result<SyncSummary, StoreError> {
        let row = sqlx::query(
            "SELECT
               (SELECT scan FROM sheet_sync_config WHERE company_id = ?1 AND config_id = ?2) AS scan,
               (SELECT count(*) FROM sync_row WHERE company_id = ?1 AND config_id = ?2) AS rows,
               (SELECT count(*) FROM sync_row WHERE company_id = ?1 AND config_id = ?2 AND state = 'completed') AS completed,
               (SELECT count(*) FROM sync_row WHERE company_id = ?1 AND config_id = ?2 AND state = 'partly') AS partly,
               (SELECT count(*) FROM sync_row WHERE company_id = ?1 AND config_id = ?2 AND state = 'pending') AS pending,
               (SELECT count(*) FROM sync_row WHERE company_id = ?1 AND config_id = ?2 AND state = 'failed') AS failed,
               (SELECT count(*) FROM webhook_event WHERE company_id = ?1 AND config_id = ?2 AND processed_at IS NULL) AS events,
               (SELECT count(*) FROM work WHERE company_id = ?1 AND owner = ?2 AND parked = 0) AS work,
               (SELECT count(*) FROM work WHERE company_id = ?1 AND owner = ?2 AND parked = 1) AS parked,
               (SELECT min(since) FROM work WHERE company_id = ?1 AND owner = ?2 AND parked = 0) AS oldest",
        )
        .bind(company.as_str())
        .bind(config.to_string())
        .fetch_one(&self.readers)
        .await
        .map_err(store_error)?;
        summary(&row)
    }

    async fn replay(&self, company: &CompanyId, config: ConfigId) -> Result<u32, StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "UPDATE sync_row SET rejected = '{}', error = NULL, state = 'pending', revision = revision + 1
             WHERE company_id = ? AND config_id = ? AND state IN ('partly', 'failed')",
        )
        .bind(company.as_str())
        .bind(config.to_string())
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        Ok(u32::try_from(done.rows_affected()).unwrap_or(u32::MAX))
    }
}

fn ids_json(ids: &[RowId]) -> Result<String, StoreError> {
    json(&ids.iter().map(RowId::as_str).collect::<Vec<_>>())
}

pub(crate) fn event(row: &SqliteRow) -> Result<SheetEvent, StoreError> {
    let first: Option<u32> = get(row, "first_row")?;
    let end: Option<u32> = get(row, "end_row")?;
    Ok(SheetEvent { id: get(row, "event_id")?, rows: first.zip(end), received: get_moment(row, "received_at")? })
}

fn history_entry(row: &SqliteRow) -> Result<HistoryEntry, StoreError> {
    Ok(HistoryEntry {
        row: get_parsed(row, "row_id")?,
        number: get(row, "row_number")?,
        record: get(row, "record_id")?,
        fields: get_json(row, "fields")?,
        state: get_word(row, "status")?,
        refusals: get_json(row, "refusals")?,
        at: get_moment(row, "at")?,
    })
}

fn summary(row: &SqliteRow) -> Result<SyncSummary, StoreError> {
    let number = |column| get::<i64>(row, column).map(count);
    let oldest: Option<i64> = get(row, "oldest")?;
    Ok(SyncSummary {
        rows: number("rows")?,
        completed: number("completed")?,
        partly: number("partly")?,
        pending: number("pending")?,
        failed: number("failed")?,
        events: number("events")?,
        work: number("work")?,
        parked: number("parked")?,
        oldest: oldest.map(moment).transpose()?,
        scan: get_optional_json(row, "scan")?,
    })
}
