//! What a turn changes in the rows, inside the settlement's transaction.

use jiff::Timestamp;
use kopru_domain::{CompanyId, RowState};
use kopru_ports::StoreError;
use kopru_ports::sync::{HistoryEntry, RowSeen, RowWritten, ScanProgress, SyncChanges, SyncRow};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};

use crate::convert::{count, get, get_json, get_optional_json, get_parsed, get_word, json, micros, store_error, word};

type Tx = Transaction<'static, Sqlite>;

pub(crate) async fn apply(
    tx: &mut Tx,
    company: &CompanyId,
    now: Timestamp,
    changes: &SyncChanges,
) -> Result<(), StoreError> {
    Of { company, config: changes.config.to_string(), tx }.apply(now, changes).await
}

/// One configuration's rows within a transaction.
struct Of<'a> {
    company: &'a CompanyId,
    config: String,
    tx: &'a mut Tx,
}

impl Of<'_> {
    async fn apply(mut self, now: Timestamp, changes: &SyncChanges) -> Result<(), StoreError> {
        if !self.exists().await? {
            return Ok(());
        }
        for event in &changes.events {
            self.close_event(event, now).await?;
        }
        for seen in &changes.seen {
            self.see(seen).await?;
        }
        for written in &changes.written {
            self.write(written).await?;
        }
        for (row, revision) in &changes.shown {
            self.show(row.as_str(), *revision).await?;
        }
        for row in &changes.unshown {
            self.unshow(row.as_str()).await?;
        }
        for entry in &changes.history {
            self.remember(entry).await?;
        }
        if let Some(scan) = &changes.scan {
            self.progress(scan).await?;
        }
        Ok(())
    }

    /// A configuration that was deleted while a turn ran has nothing to record.
    async fn exists(&mut self) -> Result<bool, StoreError> {
        let query = sqlx::query("SELECT 1 FROM sheet_sync_config WHERE company_id = ? AND config_id = ?")
            .bind(self.company.as_str())
            .bind(self.config.clone());
        Ok(query.fetch_optional(&mut **self.tx).await.map_err(store_error)?.is_some())
    }

    /// A scan that was begun anew meanwhile is not set back; one that ends lets go of what was held for it.
    async fn progress(&mut self, scan: &ScanProgress) -> Result<(), StoreError> {
        let query = sqlx::query(
            "UPDATE sheet_sync_config SET scan = ?3, held = held AND NOT ?5
             WHERE company_id = ?1 AND config_id = ?2 AND coalesce(scan ->> 'id', ?4) <= ?4",
        )
        .bind(self.company.as_str())
        .bind(self.config.clone())
        .bind(json(scan)?)
        .bind(scan.id)
        .bind(scan.finished);
        let done = query.execute(&mut **self.tx).await.map_err(store_error)?;
        if !scan.finished || done.rows_affected() == 0 {
            return Ok(());
        }
        // A row that no scan has seen yet came while this one ran: the next one decides about it.
        let query = sqlx::query(
            "UPDATE sync_row SET shown_revision = CASE WHEN scan < ?3 THEN revision ELSE shown_revision END, scan = coalesce(scan, ?3)
             WHERE company_id = ?1 AND config_id = ?2 AND (scan < ?3 OR scan IS NULL)",
        );
        self.run(query.bind(self.company.as_str()).bind(self.config.clone()).bind(scan.id)).await
    }

    async fn run(
        &mut self,
        query: sqlx::query::Query<'_, Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<(), StoreError> {
        query.execute(&mut **self.tx).await.map_err(store_error)?;
        Ok(())
    }

    async fn close_event(&mut self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let query = sqlx::query(
            "UPDATE webhook_event SET processed_at = ? WHERE company_id = ? AND config_id = ? AND event_id = ?",
        )
        .bind(micros(now))
        .bind(self.company.as_str())
        .bind(self.config.clone())
        .bind(id);
        self.run(query).await
    }

    /// A reading that says nothing new changes neither state nor revision: nothing is written for it.
    async fn see(&mut self, seen: &RowSeen) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO sync_row (company_id, config_id, row_id, place, desired, refusals, state, scan)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?8, ?7)
             ON CONFLICT DO UPDATE SET place = excluded.place, scan = coalesce(excluded.scan, scan),
                    state = CASE WHEN desired = excluded.desired AND refusals = excluded.refusals THEN state ELSE ?8 END,
                    revision = revision + (desired <> excluded.desired OR refusals <> excluded.refusals),
                    desired = excluded.desired, refusals = excluded.refusals",
        )
        .bind(self.company.as_str())
        .bind(self.config.clone())
        .bind(seen.id.as_str())
        .bind(seen.place)
        .bind(json(&seen.desired)?)
        .bind(json(&seen.refusals)?)
        .bind(seen.scan)
        .bind(word(&RowState::Pending)?);
        self.run(query).await
    }

    async fn write(&mut self, written: &RowWritten) -> Result<(), StoreError> {
        let query = sqlx::query(
            "UPDATE sync_row SET record_id = ?4, acked = ?5, rejected = ?6, error = ?8, revision = revision + 1,
                    state = CASE WHEN revision = ?9 THEN ?7 ELSE 'pending' END
             WHERE company_id = ?1 AND config_id = ?2 AND row_id = ?3",
        )
        .bind(self.company.as_str())
        .bind(self.config.clone())
        .bind(written.id.as_str())
        .bind(written.record.as_deref())
        .bind(json(&written.acked)?)
        .bind(json(&written.rejected)?)
        .bind(word(&written.state)?)
        .bind(written.error.as_ref().map(json).transpose()?)
        .bind(written.revision);
        self.run(query).await
    }

    async fn show(&mut self, row: &str, revision: i64) -> Result<(), StoreError> {
        let query = sqlx::query(
            "UPDATE sync_row SET shown_revision = max(shown_revision, ?4) WHERE company_id = ?1 AND config_id = ?2 AND row_id = ?3",
        )
        .bind(self.company.as_str())
        .bind(self.config.clone())
        .bind(row)
        .bind(revision);
        self.run(query).await
    }

    async fn unshow(&mut self, row: &str) -> Result<(), StoreError> {
        let query = sqlx::query(
            "UPDATE sync_row SET shown_revision = 0 WHERE company_id = ?1 AND config_id = ?2 AND row_id = ?3",
        )
        .bind(self.company.as_str())
        .bind(self.config.clone())
        .bind(row);
        self.run(query).await
    }

    async fn remember(&mut self, entry: &HistoryEntry) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO reverse_sync_log (company_id, config_id, row_id, row_number, record_id, fields, status, refusals, at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.company.as_str())
        .bind(self.config.clone())
        .bind(entry.row.as_str())
        .bind(entry.number)
        .bind(entry.record.as_deref())
        .bind(json(&entry.fields)?)
        .bind(word(&entry.state)?)
        .bind(json(&entry.refusals)?)
        .bind(micros(entry.at));
        self.run(query).await
    }
}

pub(crate) fn sync_row(row: &SqliteRow) -> Result<SyncRow, StoreError> {
    Ok(SyncRow {
        id: get_parsed(row, "row_id")?,
        place: count(get(row, "place")?),
        record: get(row, "record_id")?,
        desired: get_json(row, "desired")?,
        acked: get_json(row, "acked")?,
        refusals: get_json(row, "refusals")?,
        rejected: get_json(row, "rejected")?,
        state: get_word(row, "state")?,
        error: get_optional_json(row, "error")?,
        revision: get(row, "revision")?,
        scan: get(row, "scan")?,
    })
}
