use async_trait::async_trait;
use kopru_domain::{CompanyId, UserId};
use kopru_ports::StoreError;
use kopru_ports::audit::{Actor, AuditEntry, AuditLog};
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::convert::{at, get, get_moment, get_parsed, get_word, store_error, text, unreadable, word};
use crate::database::PostgresStore;
use crate::sight::Sight;

#[async_trait]
impl AuditLog for PostgresStore {
    async fn record(&self, entry: &AuditEntry) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(&entry.company)).await?;
        sqlx::query(
            "INSERT INTO kopru.audit_log (company_id, entry_id, at, key_id, user_id, action, subject)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(entry.company.as_str())
        .bind(entry.id)
        .bind(at(entry.at))
        .bind(entry.actor.key)
        .bind(entry.actor.user.as_ref().map(UserId::as_str))
        .bind(word(&entry.action)?)
        .bind(text(&entry.subject))
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
        let mut tx = self.begin(Sight::Of(company)).await?;
        let rows = sqlx::query(
            "SELECT * FROM kopru.audit_log WHERE company_id = $1 AND ($2::uuid IS NULL OR entry_id < $2)
             ORDER BY entry_id DESC LIMIT $3",
        )
        .bind(company.as_str())
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await
        .map_err(store_error)?;
        rows.iter().map(entry).collect()
    }
}

fn entry(row: &PgRow) -> Result<AuditEntry, StoreError> {
    let user: Option<String> = get(row, "user_id")?;
    let user = user.map(|user| user.parse().map_err(unreadable)).transpose()?;
    Ok(AuditEntry {
        id: get(row, "entry_id")?,
        company: get_parsed(row, "company_id")?,
        at: get_moment(row, "at")?,
        actor: Actor { key: get(row, "key_id")?, user },
        action: get_word(row, "action")?,
        subject: get(row, "subject")?,
    })
}
