//! What is kept of a company or of one of its people, deleted bite by bite.

use jiff::Timestamp;
use kopru_domain::{CompanyId, UserId};
use kopru_ports::StoreError;
use kopru_ports::audit::AuditAction;
use kopru_ports::data::HOUSE;
use kopru_ports::oauth::PendingConsent;
use sqlx::{Postgres, Transaction};

use crate::convert::{at, get, get_json, store_error, word};
use crate::database::PostgresStore;
use crate::sight::{Sight, look};
use crate::{lanes, messages};

/// Deletes so many rows of a table, which its key tells apart. `$1` is the company, `$2` the person, `$3` how many, `$4`
/// the present moment, `$5` the actions that are about people, `$6` the lane that is left.
macro_rules! bite {
    ($table:literal, $key:literal, $which:expr) => {
        concat!(
            "DELETE FROM kopru.",
            $table,
            " WHERE company_id = $1 AND (",
            $key,
            ") IN (SELECT ",
            $key,
            " FROM kopru.",
            $table,
            " WHERE company_id = $1 AND ",
            $which,
            " LIMIT $3)"
        )
    };
    ($table:literal, $key:literal) => {
        bite!($table, $key, "true")
    };
}

/// The rows of a person's configurations.
macro_rules! of_configs {
    ($table:literal, $key:literal) => {
        bite!(
            $table,
            $key,
            "config_id IN (SELECT config_id FROM kopru.sheet_sync_config WHERE company_id = $1 AND user_id = $2)"
        )
    };
}

/// An attempt belongs to the work of its key.
const ATTEMPTS: &str = bite!(
    "attempt",
    "lane, work_key",
    "NOT EXISTS (SELECT 1 FROM kopru.work WHERE work.company_id = $1 AND work.lane = attempt.lane AND work.work_key = attempt.work_key)"
);

/// Access first, so that less is put back meanwhile; then what configurations hold, before these themselves.
const OF_PERSON: [&str; 8] = [
    "UPDATE kopru.sheet_sync_config SET enabled = false WHERE company_id = $1 AND user_id = $2 AND enabled",
    bite!("session", "hash", "user_id = $2"),
    bite!(
        "work",
        "lane, work_key",
        "owner IN (SELECT config_id::text FROM kopru.sheet_sync_config WHERE company_id = $1 AND user_id = $2)"
    ),
    ATTEMPTS,
    of_configs!("reverse_sync_log", "entry_id"),
    of_configs!("webhook_event", "config_id, event_id"),
    of_configs!("sync_row", "config_id, row_id"),
    bite!("audit_log", "entry_id", "(user_id = $2 OR subject = $2 AND action = ANY ($5))"),
];

/// What is left of a person when there is no more to bite off, and lanes on which nothing waits: they can be named after
/// the person's things.
const END_OF_PERSON: [&str; 4] = [
    "DELETE FROM kopru.work WHERE company_id = $1 AND owner IN
        (SELECT config_id::text FROM kopru.sheet_sync_config WHERE company_id = $1 AND user_id = $2)",
    ATTEMPTS,
    "DELETE FROM kopru.sheet_sync_config WHERE company_id = $1 AND user_id = $2",
    bite!(
        "lane",
        "lane",
        "lease_until <= $4 AND NOT EXISTS (SELECT 1 FROM kopru.work WHERE work.company_id = $1 AND work.lane = lane.lane)"
    ),
];

const OF_COMPANY: [&str; 12] = [
    "UPDATE kopru.api_key SET revoked_at = $4 WHERE company_id = $1 AND revoked_at IS NULL",
    "UPDATE kopru.sheet_sync_config SET enabled = false WHERE company_id = $1 AND enabled",
    bite!("session", "hash"),
    bite!("work", "lane, work_key", "lane <> $6"),
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
const END_OF_COMPANY: [&str; 4] = [
    "DELETE FROM kopru.attempt WHERE company_id = $1",
    "DELETE FROM kopru.work WHERE company_id = $1",
    "DELETE FROM kopru.lane WHERE company_id = $1",
    "DELETE FROM kopru.company WHERE company_id = $1",
];

const CONNECTIONS: [&str; 1] =
    ["DELETE FROM kopru.user_integration WHERE company_id = $1 AND ($2::text IS NULL OR user_id = $2)"];

/// The accounts of the connections that go, each with how many these are.
const ACCOUNTS: &str = "SELECT account_id, count(*) AS own FROM kopru.user_integration
    WHERE company_id = $1 AND ($2::text IS NULL OR user_id = $2) AND account_id <> '' GROUP BY account_id";

/// The limits that are named after something.
const LIMITS: &str = "DELETE FROM kopru.limiter WHERE position(':' || $1 || ':' IN scope || ':') > 0";

/// What is to be deleted.
struct Erasure<'a> {
    store: &'a PostgresStore,
    company: &'a CompanyId,
    person: Option<&'a UserId>,
    now: Timestamp,
    limit: u32,
}

/// As [`kopru_ports::data::DataStore::erase`] says. Each bite in a transaction of its own, so that nobody waits long.
pub(crate) async fn erase(
    store: &PostgresStore,
    company: &CompanyId,
    person: Option<&UserId>,
    now: Timestamp,
    limit: u32,
) -> Result<bool, StoreError> {
    let erasure = Erasure { store, company, person, now, limit };
    erasure.limits().await?;
    erasure.together(&CONNECTIONS).await?;
    erasure.consents().await?;
    let bites = if person.is_some() { &OF_PERSON[..] } else { &OF_COMPANY };
    let mut more = erasure.messages().await?;
    for sql in bites {
        more |= erasure.together(&[*sql]).await? == u64::from(limit);
    }
    if !more {
        erasure.together(if person.is_some() { &END_OF_PERSON[..] } else { &END_OF_COMPANY }).await?;
    }
    Ok(more)
}

impl Erasure<'_> {
    /// A transaction in which no turn of the company's lanes is recorded: locked in the order in which a turn locks them.
    async fn begin(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        let mut tx = self.store.begin(Sight::Of(self.company)).await?;
        lanes::hold_all(&mut tx, self.company).await?;
        let sql = "SELECT 1 FROM kopru.sheet_sync_config WHERE company_id = $1 ORDER BY config_id FOR NO KEY UPDATE";
        sqlx::query(sql).bind(self.company.as_str()).execute(&mut *tx).await.map_err(store_error)?;
        Ok(tx)
    }

    /// Runs statements in one transaction; how many rows the last of them changed.
    async fn together(&self, statements: &[&'static str]) -> Result<u64, StoreError> {
        let (mut tx, mut changed) = (self.begin().await?, 0);
        let about_people: Vec<_> = AuditAction::OF_PEOPLE.iter().map(word).collect::<Result<_, _>>()?;
        for sql in statements {
            let query = sqlx::query(*sql).bind(self.company.as_str()).bind(self.person.map(UserId::as_str));
            let query = query.bind(i64::from(self.limit)).bind(at(self.now)).bind(&about_people).bind(HOUSE);
            changed = query.execute(&mut *tx).await.map_err(store_error)?.rows_affected();
        }
        tx.commit().await.map_err(store_error)?;
        Ok(changed)
    }

    /// The company's own limits, and those of the accounts whose connections go, unless somebody else has connected these too.
    async fn limits(&self) -> Result<(), StoreError> {
        let mut tx = self.store.begin(Sight::Of(self.company)).await?;
        let mut names = Vec::from_iter(self.person.is_none().then(|| self.company.to_string()));
        let query = sqlx::query(ACCOUNTS).bind(self.company.as_str()).bind(self.person.map(UserId::as_str));
        for row in query.fetch_all(&mut *tx).await.map_err(store_error)? {
            let account: String = get(&row, "account_id")?;
            look(&mut tx, Sight::Account(&account)).await?;
            let all = sqlx::query("SELECT count(*) AS n FROM kopru.user_integration WHERE account_id = $1");
            let all = all.bind(&account).fetch_one(&mut *tx).await.map_err(store_error)?;
            if get::<i64>(&all, "n")? == get::<i64>(&row, "own")? {
                names.push(account);
            }
        }
        for name in names {
            sqlx::query(LIMITS).bind(name).execute(&mut *tx).await.map_err(store_error)?;
        }
        tx.commit().await.map_err(store_error)
    }

    /// Those of the person, and of the company where its people are all meant. Few: they last ten minutes.
    async fn consents(&self) -> Result<(), StoreError> {
        let mut tx = self.store.begin(Sight::Of(self.company)).await?;
        let rows = sqlx::query("SELECT state_hash, consent FROM kopru.oauth_consent WHERE company_id = $1")
            .bind(self.company.as_str())
            .fetch_all(&mut *tx)
            .await
            .map_err(store_error)?;
        for row in rows {
            let consent: PendingConsent = get_json(&row, "consent")?;
            if self.person.is_none_or(|person| consent.is_of(person)) {
                let delete = sqlx::query("DELETE FROM kopru.oauth_consent WHERE company_id = $1 AND state_hash = $2");
                let delete = delete.bind(self.company.as_str()).bind(get::<&str>(&row, "state_hash")?);
                delete.execute(&mut *tx).await.map_err(store_error)?;
            }
        }
        tx.commit().await.map_err(store_error)
    }

    async fn messages(&self) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let sql = match self.person {
            Some(_) => "SELECT message_id, batch_id FROM kopru.message WHERE company_id = $1 AND user_id = $2 LIMIT $3",
            None => "SELECT message_id, batch_id FROM kopru.message WHERE company_id = $1 LIMIT $3",
        };
        let query = sqlx::query(sql).bind(self.company.as_str()).bind(self.person.map(UserId::as_str));
        let rows = query.bind(i64::from(self.limit)).fetch_all(&mut *tx).await.map_err(store_error)?;
        messages::forget(&mut tx, self.company, &rows).await?;
        tx.commit().await.map_err(store_error)?;
        Ok(rows.len() as u64 == u64::from(self.limit))
    }
}
