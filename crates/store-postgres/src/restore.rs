use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::{CompanyId, ConfigId};
use kopru_ports::StoreError;
use kopru_ports::restore::RestoreStore;
use kopru_ports::sync::ScanProgress;
use sqlx::{PgConnection, Postgres, Transaction};

use crate::convert::{at, get, get_parsed, json, store_error};
use crate::database::PostgresStore;
use crate::sight::{Sight, look};

/// Whoever asks first answers for all, however long it takes.
const PATIENCE: &str = "SELECT set_config('lock_timeout', '0', true), set_config('statement_timeout', '0', true)";

/// Another timeline alone may be a failover, which is no restore: a restore to a moment has a target too. The row is
/// locked: of many that ask at once, one finds it elsewhere.
/// <https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES>
const IS_HERE: &str = "
    SELECT database = (SELECT oid::text FROM pg_database WHERE datname = current_database())
           AND written = mark.xmin::text
           AND (timeline = left(pg_walfile_name(pg_current_wal_lsn()), 8)
                OR NOT EXISTS (SELECT FROM pg_settings WHERE setting <> '' AND name IN ('recovery_target',
                    'recovery_target_lsn', 'recovery_target_name', 'recovery_target_time', 'recovery_target_xid')))
           AS is_here
    FROM kopru.mark FOR UPDATE";

const MARK: &str = "
    INSERT INTO kopru.mark (only_one, database, written, timeline)
    SELECT 1, oid::text, pg_current_xact_id()::xid::text, left(pg_walfile_name(pg_current_wal_lsn()), 8)
    FROM pg_database WHERE datname = current_database()
    ON CONFLICT (only_one) DO UPDATE SET database = excluded.database, written = excluded.written,
                                         timeline = excluded.timeline";

/// Of a company: its lanes are locked first, in the order of their names.
const ENDED: [&str; 3] = [
    "SELECT 1 FROM kopru.lane WHERE company_id = $1 ORDER BY lane FOR UPDATE",
    "DELETE FROM kopru.session WHERE company_id = $1",
    "DELETE FROM kopru.oauth_consent WHERE company_id = $1",
];

/// Of a company, at a moment. On a lane of messages there is nothing but what sends them.
const IN_DOUBT: [&str; 3] = [
    "INSERT INTO kopru.attempt (company_id, lane, work_key, payload, deadline, generation)
     SELECT $1, lane, work_key, 'null', $2, generation FROM kopru.work
     WHERE company_id = $1 AND lane IN (SELECT lane FROM kopru.message WHERE company_id = $1
                                        AND status IN ('scheduled', 'queued'))
     ON CONFLICT DO NOTHING",
    "UPDATE kopru.work SET due = $2, parked = false
     WHERE company_id = $1 AND lane IN (SELECT lane FROM kopru.message WHERE company_id = $1
                                        AND status IN ('scheduled', 'queued'))",
    "UPDATE kopru.lane SET epoch = greatest(epoch + 1, (extract(epoch FROM $2) * 1000000)::bigint),
            lease_until = 'epoch', first_due = 'epoch',
            next_due = CASE WHEN EXISTS (SELECT FROM kopru.work WHERE work.company_id = $1 AND work.lane = lane.lane)
                       THEN $2 ELSE next_due END
     WHERE company_id = $1",
];

#[async_trait]
impl RestoreStore for PostgresStore {
    async fn notice(&self, now: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.begin(Sight::Companies).await?;
        run(&mut tx, PATIENCE).await?;
        let row = sqlx::query(IS_HERE).fetch_optional(&mut *tx).await.map_err(store_error)?;
        let is_here = row.map(|row| get::<bool>(&row, "is_here")).transpose()?;
        if is_here == Some(true) {
            return Ok(false);
        }
        let restored = is_here.is_some();
        if restored {
            hold(&mut tx, now).await?;
        }
        run(&mut tx, MARK).await?;
        tx.commit().await.map_err(store_error)?;
        Ok(restored)
    }

    async fn restored(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Companies).await?;
        run(&mut tx, PATIENCE).await?;
        hold(&mut tx, now).await?;
        run(&mut tx, MARK).await?;
        tx.commit().await.map_err(store_error)
    }

    async fn held(&self) -> Result<Vec<(CompanyId, ConfigId)>, StoreError> {
        let mut tx = self.begin(Sight::Held).await?;
        let rows = sqlx::query("SELECT company_id, config_id FROM kopru.sheet_sync_config WHERE held ORDER BY 1, 2")
            .fetch_all(&mut *tx)
            .await
            .map_err(store_error)?;
        rows.iter().map(|row| Ok((get_parsed(row, "company_id")?, ConfigId(get(row, "config_id")?)))).collect()
    }
}

async fn run(connection: &mut PgConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::query(sql).execute(connection).await.map_err(store_error)?;
    Ok(())
}

/// One company after the other: a transaction sees one at a time, and the list of them.
async fn hold(tx: &mut Transaction<'static, Postgres>, now: Timestamp) -> Result<(), StoreError> {
    let query = sqlx::query("SELECT company_id FROM kopru.company ORDER BY company_id");
    for row in query.fetch_all(&mut **tx).await.map_err(store_error)? {
        let company: CompanyId = get_parsed(&row, "company_id")?;
        look(tx, Sight::Of(&company)).await?;
        hold_company(tx, &company, now).await?;
    }
    Ok(())
}

async fn hold_company(connection: &mut PgConnection, company: &CompanyId, now: Timestamp) -> Result<(), StoreError> {
    for sql in ENDED {
        sqlx::query(sql).bind(company.as_str()).execute(&mut *connection).await.map_err(store_error)?;
    }
    for sql in IN_DOUBT {
        let query = sqlx::query(sql).bind(company.as_str()).bind(at(now));
        query.execute(&mut *connection).await.map_err(store_error)?;
    }
    sqlx::query("UPDATE kopru.sheet_sync_config SET held = true, restored_at = $2, scan = $3 WHERE company_id = $1")
        .bind(company.as_str())
        .bind(at(now))
        .bind(json(&ScanProgress::begun(now.as_microsecond()))?)
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}
