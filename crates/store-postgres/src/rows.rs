//! What a turn changes in the rows, inside the settlement's transaction.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kopru_domain::{CompanyId, ConfigId, RowState};
use kopru_ports::StoreError;
use kopru_ports::sync::{HistoryEntry, RowSeen, RowWritten, ScanProgress, SyncChanges, SyncRow};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{PgConnection, Postgres};

use crate::convert::{
    at, get, get_count, get_json, get_optional_json, get_parsed, get_word, json, store_error, text, word,
};

pub(crate) async fn apply(
    connection: &mut PgConnection,
    company: &CompanyId,
    now: Timestamp,
    list: &[SyncChanges],
) -> Result<(), StoreError> {
    let mut there = BTreeSet::new();
    for config in list.iter().map(|changes| changes.config).collect::<BTreeSet<_>>() {
        if lock(connection, company, config).await? {
            there.insert(config);
        }
    }
    // A configuration that was deleted while a turn ran has nothing to record.
    for changes in list.iter().filter(|changes| there.contains(&changes.config)) {
        Of { company, config: changes.config, connection: &mut *connection }.apply(now, changes).await?;
    }
    Ok(())
}

/// Locks a configuration's rows as a whole: two turns may change the same ones in different orders. False
/// where there is none.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    company: &CompanyId,
    config: ConfigId,
) -> Result<bool, StoreError> {
    let done =
        sqlx::query("SELECT 1 FROM kopru.sheet_sync_config WHERE company_id = $1 AND config_id = $2 FOR NO KEY UPDATE")
            .bind(company.as_str())
            .bind(config.0)
            .execute(connection)
            .await
            .map_err(store_error)?;
    Ok(done.rows_affected() == 1)
}

/// One configuration's rows within a transaction.
struct Of<'a> {
    company: &'a CompanyId,
    config: ConfigId,
    connection: &'a mut PgConnection,
}

impl Of<'_> {
    async fn apply(mut self, now: Timestamp, changes: &SyncChanges) -> Result<(), StoreError> {
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

    /// A statement whose first two arguments are the company and the configuration.
    fn query<'q>(&self, sql: &'static str) -> Query<'q, Postgres, PgArguments> {
        sqlx::query(sql).bind(self.company.to_string()).bind(self.config.0)
    }

    async fn run(&mut self, query: Query<'_, Postgres, PgArguments>) -> Result<(), StoreError> {
        query.execute(&mut *self.connection).await.map_err(store_error)?;
        Ok(())
    }

    /// A scan that was begun anew meanwhile is not set back; one that ends lets go of what was held for it.
    async fn progress(&mut self, scan: &ScanProgress) -> Result<(), StoreError> {
        let query = self.query(
            "UPDATE kopru.sheet_sync_config SET scan = $3, held = held AND NOT $5
             WHERE company_id = $1 AND config_id = $2 AND coalesce((scan::jsonb ->> 'id')::bigint, $4) <= $4",
        );
        let query = query.bind(json(scan)?).bind(scan.id).bind(scan.finished);
        let done = query.execute(&mut *self.connection).await.map_err(store_error)?;
        if !scan.finished || done.rows_affected() == 0 {
            return Ok(());
        }
        // A row that no scan has seen yet came while this one ran: the next one decides about it.
        let query = self.query(
            "UPDATE kopru.sync_row SET scan = coalesce(scan, $3),
                    shown_revision = CASE WHEN scan < $3 THEN revision ELSE shown_revision END
             WHERE company_id = $1 AND config_id = $2 AND (scan < $3 OR scan IS NULL)",
        );
        self.run(query.bind(scan.id)).await
    }

    async fn close_event(&mut self, id: &str, now: Timestamp) -> Result<(), StoreError> {
        let query = self.query(
            "UPDATE kopru.webhook_event SET processed_at = $3 WHERE company_id = $1 AND config_id = $2 AND event_id = $4",
        );
        self.run(query.bind(at(now)).bind(text(id))).await
    }

    /// A reading that says nothing new changes neither state nor revision.
    async fn see(&mut self, seen: &RowSeen) -> Result<(), StoreError> {
        let query = self.query(
            "INSERT INTO kopru.sync_row AS known (company_id, config_id, row_id, place, desired, refusals, scan, state)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (company_id, config_id, row_id) DO UPDATE SET
                    place = excluded.place, scan = coalesce(excluded.scan, known.scan),
                    state = CASE WHEN (known.desired, known.refusals) = (excluded.desired, excluded.refusals)
                                 THEN known.state ELSE excluded.state END,
                    revision = CASE WHEN (known.desired, known.refusals) = (excluded.desired, excluded.refusals)
                                    THEN known.revision ELSE known.revision + 1 END,
                    desired = excluded.desired, refusals = excluded.refusals",
        );
        let query = query.bind(seen.id.as_str()).bind(i64::from(seen.place));
        let query = query.bind(json(&seen.desired)?).bind(json(&seen.refusals)?);
        self.run(query.bind(seen.scan).bind(word(&RowState::Pending)?)).await
    }

    async fn write(&mut self, written: &RowWritten) -> Result<(), StoreError> {
        let query = self.query(
            "UPDATE kopru.sync_row SET record_id = $4, acked = $5, rejected = $6, error = $7, revision = revision + 1,
                    state = CASE WHEN revision = $9 THEN $8 ELSE 'pending' END
             WHERE company_id = $1 AND config_id = $2 AND row_id = $3",
        );
        let query = query.bind(written.id.as_str()).bind(written.record.as_deref().map(text));
        let query = query.bind(json(&written.acked)?).bind(json(&written.rejected)?);
        let query = query.bind(written.error.as_ref().map(json).transpose()?);
        self.run(query.bind(word(&written.state)?).bind(written.revision)).await
    }

    async fn show(&mut self, row: &str, revision: i64) -> Result<(), StoreError> {
        let query = self.query(
            "UPDATE kopru.sync_row SET shown_revision = greatest(shown_revision, $4)
             WHERE company_id = $1 AND config_id = $2 AND row_id = $3",
        );
        self.run(query.bind(row).bind(revision)).await
    }

    async fn unshow(&mut self, row: &str) -> Result<(), StoreError> {
        let query = self.query(
            "UPDATE kopru.sync_row SET shown_revision = 0 WHERE company_id = $1 AND config_id = $2 AND row_id = $3",
        );
        self.run(query.bind(row)).await
    }

    async fn remember(&mut self, entry: &HistoryEntry) -> Result<(), StoreError> {
        let query = self.query(
            "INSERT INTO kopru.reverse_sync_log
                    (company_id, config_id, row_id, row_number, record_id, fields, status, refusals, at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        );
        let query = query.bind(entry.row.as_str()).bind(i64::from(entry.number));
        let query = query.bind(entry.record.as_deref().map(text)).bind(json(&entry.fields)?);
        self.run(query.bind(word(&entry.state)?).bind(json(&entry.refusals)?).bind(at(entry.at))).await
    }
}

pub(crate) fn sync_row(row: &PgRow) -> Result<SyncRow, StoreError> {
    Ok(SyncRow {
        id: get_parsed(row, "row_id")?,
        place: get_count(row, "place")?,
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
