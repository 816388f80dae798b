use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::sessions::{Session, SessionStore};
use sqlx::sqlite::SqliteRow;

use crate::convert::{conflict, get_json, get_moment, get_parsed, get_word, json, micros, store_error, word};
use crate::database::SqliteStore;

#[async_trait]
impl SessionStore for SqliteStore {
    async fn begin_session(&self, hash: &str, session: &Session, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "INSERT INTO session (company_id, hash, key_id, user_id, kind, scopes, expires_at)
             SELECT company_id, ?, key_id, ?, ?, ?, ? FROM api_key WHERE company_id = ? AND key_id = ? AND revoked_at IS NULL",
        )
        .bind(hash)
        .bind(session.user.as_str())
        .bind(word(&session.kind)?)
        .bind(json(&session.scopes)?)
        .bind(micros(session.expires))
        .bind(session.company.as_str())
        .bind(session.key.to_string())
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        sqlx::query("DELETE FROM session WHERE company_id = ? AND expires_at <= ?")
            .bind(session.company.as_str())
            .bind(micros(now))
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(conflict()) }
    }

    async fn session(&self, hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let row = sqlx::query("SELECT * FROM session WHERE hash = ? AND expires_at > ?")
            .bind(hash)
            .bind(micros(now))
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        row.as_ref().map(session).transpose()
    }

    async fn end_session(&self, hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let mut tx = self.begin().await?;
        let row = sqlx::query("DELETE FROM session WHERE hash = ? RETURNING *")
            .bind(hash)
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error)?;
        let Some(ended) = row.as_ref().map(session).transpose()? else { return Ok(None) };
        tx.commit().await.map_err(store_error)?;
        Ok(Some(ended).filter(|ended| now < ended.expires))
    }
}

pub(crate) fn session(row: &SqliteRow) -> Result<Session, StoreError> {
    Ok(Session {
        company: get_parsed(row, "company_id")?,
        user: get_parsed(row, "user_id")?,
        kind: get_word(row, "kind")?,
        scopes: get_json(row, "scopes")?,
        key: get_parsed(row, "key_id")?,
        expires: get_moment(row, "expires_at")?,
    })
}
