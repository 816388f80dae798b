use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::sessions::{Session, SessionStore};
use sqlx::postgres::PgRow;

use crate::convert::{at, conflict, get, get_json, get_moment, get_parsed, get_word, json, store_error, word};
use crate::database::PostgresStore;
use crate::sight::Sight;

#[async_trait]
impl SessionStore for PostgresStore {
    async fn begin_session(&self, hash: &str, session: &Session, now: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(&session.company)).await?;
        // Locked, so that no session slips in while the key is being revoked.
        let done = sqlx::query(
            "INSERT INTO kopru.session (company_id, hash, key_id, user_id, kind, scopes, expires_at)
             SELECT company_id, $1, key_id, $2, $3, $4, $5 FROM kopru.api_key
             WHERE company_id = $6 AND key_id = $7 AND revoked_at IS NULL FOR SHARE",
        )
        .bind(hash)
        .bind(session.user.as_str())
        .bind(word(&session.kind)?)
        .bind(json(&session.scopes)?)
        .bind(at(session.expires))
        .bind(session.company.as_str())
        .bind(session.key)
        .execute(&mut *tx)
        .await
        .map_err(store_error)?;
        sqlx::query("DELETE FROM kopru.session WHERE company_id = $1 AND expires_at <= $2")
            .bind(session.company.as_str())
            .bind(at(now))
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(conflict()) }
    }

    async fn session(&self, hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let mut tx = self.begin(Sight::Hash(hash)).await?;
        let row = sqlx::query("SELECT * FROM kopru.session WHERE hash = $1 AND expires_at > $2")
            .bind(hash)
            .bind(at(now))
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error)?;
        row.as_ref().map(session).transpose()
    }

    async fn end_session(&self, hash: &str, now: Timestamp) -> Result<Option<Session>, StoreError> {
        let mut tx = self.begin(Sight::Hash(hash)).await?;
        let row = sqlx::query("DELETE FROM kopru.session WHERE hash = $1 RETURNING *")
            .bind(hash)
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error)?;
        let Some(ended) = row.as_ref().map(session).transpose()? else { return Ok(None) };
        tx.commit().await.map_err(store_error)?;
        Ok(Some(ended).filter(|ended| now < ended.expires))
    }
}

pub(crate) fn session(row: &PgRow) -> Result<Session, StoreError> {
    Ok(Session {
        company: get_parsed(row, "company_id")?,
        user: get_parsed(row, "user_id")?,
        kind: get_word(row, "kind")?,
        scopes: get_json(row, "scopes")?,
        key: get(row, "key_id")?,
        expires: get_moment(row, "expires_at")?,
    })
}
