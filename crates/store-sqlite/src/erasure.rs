//! What is kept of a company or of one of its people, deleted bite by bite.

use jiff::Timestamp;
use kopru_domain::{CompanyId, UserId};
use kopru_ports::StoreError;
use kopru_ports::audit::AuditAction;
use kopru_ports::data::HOUSE;
use kopru_ports::oauth::PendingConsent;

use crate::convert::{get, get_json, json, micros, store_error};
use crate::database::SqliteStore;
use crate::messages;

/// Deletes so many rows of a table, which its key tells apart. `?1` is the company, `?2` the person, `?3` how many, `?4`
/// the present moment, `?5` the actions that are about people, `?6` the lane that is left.
macro_rules! bite {
    ($table:literal, $key:literal, $which:expr) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE company_id = ?1 AND (",
            $key,
            ") IN (SELECT ",
            $key,
            " FROM ",
            $table,
            " WHERE company_id = ?1 AND ",
            $which,
            " LIMIT ?3)"
        )
    };
    ($table:literal, $key:literal) => {
        bite!($table, $key, "true")
    };
}

/// The rows of a person's configurations.
macro_rules! of_configs {
    ($table:literal, $key:literal, $owner:literal) => {
        bite!(
            $table,
            $key,
            concat!($owner, " IN (SELECT config_id FROM sheet_sync_config WHERE company_id = ?1 AND user_id = ?2)")
        )
    };
}

/// An attempt belongs to the work of its key.
const ATTEMPTS: &str = bite!(
    "attempt",
    "lane, work_key",
    "NOT EXISTS (SELECT 1 FROM work WHERE work.company_id = ?1 AND work.lane = attempt.lane AND work.work_key = attempt.work_key)"
);

/// Access first, so that less is put back meanwhile; then what configurations hold, before these themselves.
const OF_PERSON: [&str; 8] = [
    "UPDATE sheet_sync_config SET enabled = 0 WHERE company_id = ?1 AND user_id = ?2 AND enabled = 1",
    bite!("session", "hash", "user_id = ?2"),
    of_configs!("work", "lane, work_key", "owner"),
    ATTEMPTS,
    of_configs!("reverse_sync_log", "entry_id", "config_id"),
    of_configs!("webhook_event", "config_id, event_id", "config_id"),
    of_configs!("sync_row", "config_id, row_id", "config_id"),
    bite!("audit_log", "entry_id", "(user_id = ?2 OR subject = ?2 AND action IN (SELECT value FROM json_each(?5)))"),
];

/// What is left of a person when there is no more to bite off, and lanes on which nothing waits: they can be named after
/// the person's things.
const END_OF_PERSON: [&str; 4] = [
    "DELETE FROM work WHERE company_id = ?1 AND owner IN
        (SELECT config_id FROM sheet_sync_config WHERE company_id = ?1 AND user_id = ?2)",
    ATTEMPTS,
    "DELETE FROM sheet_sync_config WHERE company_id = ?1 AND user_id = ?2",
    bite!(
        "lane",
        "lane",
        "lease_until <= ?4 AND NOT EXISTS (SELECT 1 FROM work WHERE work.company_id = ?1 AND work.lane = lane.lane)"
    ),
];

const OF_COMPANY: [&str; 12] = [
    "UPDATE api_key SET revoked_at = ?4 WHERE company_id = ?1 AND revoked_at IS NULL",
    "UPDATE sheet_sync_config SET enabled = 0 WHERE company_id = ?1 AND enabled = 1",
    bite!("session", "hash"),
    bite!("work", "lane, work_key", "lane <> ?6"),
    ATTEMPTS,
    bite!("reverse_sync_log", "entry_id"),
    bite!("webhook_event", "config_id, event_id"),
    bite!("sync_row", "config_id, row_id"),
    bite!("message_contact", "channel, number"),
    bite!("message_inbound", "provider_id"),
    bite!("message_template", "name"),
    bite!("audit_log", "entry_id"),
];

/// The rest goes with the company: keys, configurations that are empty by now, and what there is few of.
const END_OF_COMPANY: [&str; 5] = [
    "DELETE FROM limiter WHERE instr(scope || ':', ':' || ?1 || ':') > 0",
    "DELETE FROM attempt WHERE company_id = ?1",
    "DELETE FROM work WHERE company_id = ?1",
    "DELETE FROM lane WHERE company_id = ?1",
    "DELETE FROM company WHERE company_id = ?1",
];

/// Connections, and the limits that are named after their accounts, unless somebody else has connected these too.
const CONNECTIONS: [&str; 2] = [
    "DELETE FROM limiter WHERE EXISTS (SELECT 1 FROM user_integration AS own
        WHERE own.company_id = ?1 AND (?2 IS NULL OR own.user_id = ?2) AND own.account_id <> ''
              AND instr(scope || ':', ':' || own.account_id || ':') > 0
              AND NOT EXISTS (SELECT 1 FROM user_integration AS other WHERE other.account_id = own.account_id
                              AND NOT (other.company_id = ?1 AND (?2 IS NULL OR other.user_id = ?2))))",
    "DELETE FROM user_integration WHERE company_id = ?1 AND (?2 IS NULL OR user_id = ?2)",
];

/// What is to be deleted.
struct Erasure<'a> {
    store: &'a SqliteStore,
    company: &'a CompanyId,
    person: Option<&'a UserId>,
    now: Timestamp,
    limit: u32,
}

/// As [`kopru_ports::data::DataStore::erase`] says. Each bite on its own, so that the one writer is soon free again.
pub(crate) async fn erase(
    store: &SqliteStore,
    company: &CompanyId,
    person: Option<&UserId>,
    now: Timestamp,
    limit: u32,
) -> Result<bool, StoreError> {
    let erasure = Erasure { store, company, person, now, limit };
    erasure.together(&CONNECTIONS).await?;
    erasure.consents().await?;
    let bites = if person.is_some() { &OF_PERSON[..] } else { &OF_COMPANY };
    let mut more = erasure.messages().await?;
    for sql in bites {
        more |= erasure.together(&[*sql]).await? == u64::from(limit);
    }
    if !more {
        erasure.together(if person.is_some() { &END_OF_PERSON[..] } else { &END_OF_COMPANY }).await?;
        store.leave_nothing_in_the_log().await?;
    }
    Ok(more)
}

impl Erasure<'_> {
    /// Runs statements in one transaction; how many rows the last of them changed.
    async fn together(&self, statements: &[&'static str]) -> Result<u64, StoreError> {
        let (mut tx, mut changed) = (self.store.begin().await?, 0);
        for sql in statements {
            let query = sqlx::query(*sql).bind(self.company.as_str()).bind(self.person.map(UserId::as_str));
            let query = query.bind(self.limit).bind(micros(self.now)).bind(json(&AuditAction::OF_PEOPLE)?).bind(HOUSE);
            changed = query.execute(&mut *tx).await.map_err(store_error)?.rows_affected();
        }
        tx.commit().await.map_err(store_error)?;
        Ok(changed)
    }

    /// Those of the person, and of the company where its people are all meant. Few: they last ten minutes.
    async fn consents(&self) -> Result<(), StoreError> {
        let mut tx = self.store.begin().await?;
        let rows = sqlx::query("SELECT state_hash, consent FROM oauth_consent WHERE company_id = ?")
            .bind(self.company.as_str())
            .fetch_all(&mut *tx)
            .await
            .map_err(store_error)?;
        for row in rows {
            let consent: PendingConsent = get_json(&row, "consent")?;
            if self.person.is_none_or(|person| consent.is_of(person)) {
                let delete = sqlx::query("DELETE FROM oauth_consent WHERE state_hash = ?");
                delete.bind(get::<&str>(&row, "state_hash")?).execute(&mut *tx).await.map_err(store_error)?;
            }
        }
        tx.commit().await.map_err(store_error)
    }

    async fn messages(&self) -> Result<bool, StoreError> {
        let sql = match self.person {
            Some(_) => "SELECT message_id, batch_id FROM message WHERE company_id = ?1 AND user_id = ?2 LIMIT ?3",
            None => "SELECT message_id, batch_id FROM message WHERE company_id = ?1 LIMIT ?3",
        };
        let mut tx = self.store.begin().await?;
        let query = sqlx::query(sql).bind(self.company.as_str()).bind(self.person.map(UserId::as_str));
        let rows = query.bind(self.limit).fetch_all(&mut *tx).await.map_err(store_error)?;
        messages::forget(&mut tx, self.company, &rows).await?;
        tx.commit().await.map_err(store_error)?;
        Ok(rows.len() as u64 == u64::from(self.limit))
    }
}
