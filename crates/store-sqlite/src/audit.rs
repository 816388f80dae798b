use async_trait::async_trait;
use kopru_domain::{CompanyId, UserId};
use kopru_ports::StoreError;
use kopru_ports::audit::{Actor, AuditEntry, AuditLog};
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::convert::{get, get_moment, get_parsed, get_word, micros, store_error, unreadable, word};
use crate::database::SqliteStore;

#[async_trait]
impl AuditLog for SqliteStore {
    async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO audit_log (company_id, entry_id, at, key_id, user_id, action, subject) VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(entry.company.as_str())
            .bind(entry.id.to_string())
            .bind(micros(entry.at))
            .bind(entry.actor.key.map(|key| key.to_string()))
            .bind(entry.actor.user.as_ref().map(UserId::as_str))
            .bind(word(&entry.action)?)
            .bind(&entry.subject)
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn audit_log(
        &self,
        company: &CompanyId,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM audit_log WHERE company_id = ?1 AND (?2 IS NULL OR entry_id < ?2) ORDER BY entry_id DESC LIMIT ?3",
        )
        .bind(company.as_str())
        .bind(before.map(|before| before.to_string()))
        .bind(limit)
        .fetch_all(&self.readers)
        .await
        .map_err(store_error)?;
        rows.iter().map(entry).collect()
    }
}

fn entry(row: &SqliteRow) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        id: get_parsed(row, "entry_id")?,
        company: get_parsed(row, "company_id")?,
        at: get_moment(row, "at")?,
        actor: Actor { key: optional(row, "key_id")?, user: optional(row, "user_id")? },
        action: get_word(row, "action")?,
        subject: get(row, "subject")?,
    })
}

fn optional<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    row: &SqliteRow,
    column: &str,
) -> Result<Option<T>, StoreError> {
    let text: Option<String> = get(row, column)?;
    text.map(|text| text.parse().map_err(unreadable)).transpose()
}
