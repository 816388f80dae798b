use async_trait::async_trait;
use kopru_domain::{CompanyId, ConfigId, RowId};
use kopru_ports::StoreError;
use kopru_ports::delivery::NewWork;
use kopru_ports::sync::{Accepted, HistoryEntry, RowsQuery, SheetEvent, SyncRow, SyncStore, SyncSummary};
use sqlx::postgres::PgRow;

use crate::convert::{
    at, get, get_count, get_json, get_moment, get_optional_json, get_optional_moment, get_parsed, get_word,
    store_error, text,
};
use crate::database::PostgresStore;
use crate::sight::Sight;
use crate::{lanes, rows};

/// A configuration's rows that meet a condition.
macro_rules! rows_where {
    ($condition:literal) => {
        concat!(
            "SELECT row_id, place, record_id, desired, acked, refusals, rejected, state, error, revision, scan
             FROM kopru.sync_row WHERE company_id = $1 AND config_id = $2 AND ",
            $condition
        )
    };
}

#[async_trait]
impl SyncStore for PostgresStore {
    async fn accept(
        &self,
        company: &CompanyId,
        config: ConfigId,
        event: SheetEvent,
        work: NewWork,
    ) -> Result<Accepted, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let done = sqlx::query(
            "INSERT INTO kopru.webhook_event (company_id, config_id, event_id, first_row, end_row, received_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(company.as_str())
        .bind(config.0)
        .bind(text(&event.id))
        .bind(event.rows.map(|(first, _)| i64::from(first)))
        .bind(event.rows.map(|(_, end)| i64::from(end)))
        .bind(at(event.received))
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        if done.rows_affected() == 0 {
            return Ok(Accepted::Duplicate);
        }
        lanes::enqueue(&mut tx, &[work], Some(event.received)).await?;
        tx.commit().await.map_err(store_error)?;
        Ok(Accepted::Stored)
    }

    async fn events(&self, company: &CompanyId, config: ConfigId, limit: u32) -> Result<Vec<SheetEvent>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let rows = sqlx::query(
            "SELECT event_id, first_row, end_row, received_at FROM kopru.webhook_event
             WHERE company_id = $1 AND config_id = $2 AND processed_at IS NULL ORDER BY received_at, event_id LIMIT $3",
        )
        .bind(company.as_str())
        .bind(config.0)
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await
        .map_err(store_error)?;
        rows.iter().map(event).collect()
    }

    async fn rows(&self, company: &CompanyId, config: ConfigId, query: RowsQuery) -> Result<Vec<SyncRow>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let of = |sql: &'static str| sqlx::query(sql).bind(company.as_str()).bind(config.0);
        let query = match query {
            RowsQuery::Ids(ids) => {
                let ids: Vec<_> = ids.iter().map(RowId::to_string).collect();
                of(rows_where!("row_id = ANY ($3) ORDER BY row_id")).bind(ids)
            }
            RowsQuery::StatusDue(limit) => {
                of(rows_where!("shown_revision < revision AND state <> 'pending' ORDER BY place, row_id LIMIT $3"))
                    .bind(i64::from(limit))
            }
            RowsQuery::Refused(limit) => {
                of(rows_where!("state IN ('partly', 'failed') ORDER BY place, row_id LIMIT $3")).bind(i64::from(limit))
            }
            RowsQuery::After(after, limit) => of(rows_where!("row_id > $3 ORDER BY row_id LIMIT $4"))
                .bind(after.map_or_else(String::new, |after| after.to_string()))
                .bind(i64::from(limit)),
            RowsQuery::Places(first, end) => of(rows_where!("place >= $3 AND place < $4 ORDER BY place, row_id"))
                .bind(i64::from(first))
                .bind(i64::from(end)),
        };
        let rows = query.fetch_all(&mut *tx).await.map_err(store_error)?;
        rows.iter().map(rows::sync_row).collect()
    }

    async fn history(
        &self,
        company: &CompanyId,
        config: ConfigId,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(i64, HistoryEntry)>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let rows = sqlx::query(
            "SELECT entry_id, row_id, row_number, record_id, fields, status, refusals, at FROM kopru.reverse_sync_log
             WHERE company_id = $1 AND config_id = $2 AND entry_id < $3 ORDER BY entry_id DESC LIMIT $4",
        )
        .bind(company.as_str())
        .bind(config.0)
        .bind(before.unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await
        .map_err(store_error)?;
        rows.iter().map(|row| Ok((get(row, "entry_id")?, history_entry(row)?))).collect()
    }

    async fn summary(&self, company: &CompanyId, config: ConfigId) -> Result<SyncSummary, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let row = sqlx::query(
            "SELECT
               (SELECT scan FROM kopru.sheet_sync_config WHERE company_id = $1 AND config_id = $2) AS scan, tab.*, queue.*,
               (SELECT count(*) FROM kopru.webhook_event
                WHERE company_id = $1 AND config_id = $2 AND processed_at IS NULL) AS events
             FROM
               (SELECT count(*) AS total, count(*) FILTER (WHERE state = 'completed') AS completed,
                       count(*) FILTER (WHERE state = 'partly') AS partly,
                       count(*) FILTER (WHERE state = 'pending') AS pending,
                       count(*) FILTER (WHERE state = 'failed') AS failed
                FROM kopru.sync_row WHERE company_id = $1 AND config_id = $2) AS tab,
               (SELECT count(*) FILTER (WHERE NOT parked) AS work, count(*) FILTER (WHERE parked) AS parked,
                       min(since) FILTER (WHERE NOT parked) AS oldest
                FROM kopru.work WHERE company_id = $1 AND owner = $2::text) AS queue",
        )
        .bind(company.as_str())
        .bind(config.0)
        .fetch_one(&mut *tx)
        .await
        .map_err(store_error)?;
        summary(&row)
    }

    async fn replay(&self, company: &CompanyId, config: ConfigId) -> Result<u32, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        rows::lock(&mut tx, company, config).await?;
        let done = sqlx::query(
            "UPDATE kopru.sync_row SET rejected = '{}', error = NULL, state = 'pending', revision = revision + 1
             WHERE company_id = $1 AND config_id = $2 AND state IN ('partly', 'failed')",
        )
        .bind(company.as_str())
        .bind(config.0)
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        Ok(u32::try_from(done.rows_affected()).unwrap_or(u32::MAX))
    }
}

pub(crate) fn event(row: &PgRow) -> Result<SheetEvent, StoreError> {
    let place = |column| Ok(get::<Option<i64>>(row, column)?.and_then(|place| u32::try_from(place).ok()));
    let (first, end): (Option<u32>, Option<u32>) = (place("first_row")?, place("end_row")?);
    Ok(SheetEvent { id: get(row, "event_id")?, rows: first.zip(end), received: get_moment(row, "received_at")? })
}

fn history_entry(row: &PgRow) -> Result<HistoryEntry, StoreError> {
    Ok(HistoryEntry {
        row: get_parsed(row, "row_id")?,
        number: get_count(row, "row_number")?,
        record: get(row, "record_id")?,
        fields: get_json(row, "fields")?,
        state: get_word(row, "status")?,
        refusals: get_json(row, "refusals")?,
        at: get_moment(row, "at")?,
    })
}

fn summary(row: &PgRow) -> Result<SyncSummary, StoreError> {
    Ok(SyncSummary {
        rows: get_count(row, "total")?,
        completed: get_count(row, "completed")?,
        partly: get_count(row, "partly")?,
        pending: get_count(row, "pending")?,
        failed: get_count(row, "failed")?,
        events: get_count(row, "events")?,
        work: get_count(row, "work")?,
        parked: get_count(row, "parked")?,
        oldest: get_optional_moment(row, "oldest")?,
        scan: get_optional_json(row, "scan")?,
    })
}
