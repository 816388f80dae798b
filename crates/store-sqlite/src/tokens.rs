use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::tokens::{ConnectionStatus, Saved, StoredToken, TokenKey, TokenStore};
use secrecy::{ExposeSecret, SecretString};
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};

use crate::convert::{count, get, get_json, get_moment, get_word, json, micros, store_error, word};
use crate::database::SqliteStore;

type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

fn bind_key<'q>(query: Query<'q>, key: &TokenKey) -> Query<'q> {
    query.bind(key.company.to_string()).bind(key.user.to_string()).bind(key.service.name())
}

#[async_trait]
impl TokenStore for SqliteStore {
    async fn load(&self, key: &TokenKey) -> Result<Option<StoredToken>, StoreError> {
        let query =
            sqlx::query("SELECT * FROM user_integration WHERE company_id = ? AND user_id = ? AND integration = ?");
        let row = bind_key(query, key).fetch_optional(&self.readers).await.map_err(store_error)?;
        row.as_ref().map(token).transpose()
    }

    async fn save(&self, key: &TokenKey, token: StoredToken) -> Result<Saved, StoreError> {
        let mut tx = self.begin().await?;
        let query = bind_key(
            sqlx::query(
                "INSERT INTO user_integration (company_id, user_id, integration, version, access_token, refresh_token,
                        expires_at, scopes, account_id, account_email, status, last_error)
                 SELECT ?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
                 WHERE ?12 = 0 OR EXISTS (SELECT 1 FROM user_integration
                        WHERE company_id = ?1 AND user_id = ?2 AND integration = ?3)
                 ON CONFLICT DO UPDATE SET version = version + 1, access_token = excluded.access_token,
                        refresh_token = excluded.refresh_token, expires_at = excluded.expires_at, scopes = excluded.scopes,
                        account_id = excluded.account_id, account_email = excluded.account_email, status = excluded.status,
                        last_error = excluded.last_error, refresh_until = 0
                 WHERE ?12 = 0 OR version = ?12
                 RETURNING version",
            ),
            key,
        );
        let row = query
            .bind(token.access.expose_secret())
            .bind(token.refresh.as_ref().map(|secret| secret.expose_secret().to_owned()))
            .bind(micros(token.expires_at))
            .bind(json(&token.scopes)?)
            .bind(token.account_id)
            .bind(token.account_email)
            .bind(word(&token.status)?)
            .bind(token.last_error)
            .bind(token.version)
            .fetch_optional(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        row.map_or(Ok(Saved::Conflict), |row| Ok(Saved::At(get(&row, "version")?)))
    }

    async fn begin_refresh(
        &self,
        key: &TokenKey,
        version: i64,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let query = sqlx::query(
            "UPDATE user_integration SET refresh_until = ?4
             WHERE company_id = ?1 AND user_id = ?2 AND integration = ?3 AND version = ?5 AND refresh_until <= ?6",
        );
        let done = bind_key(query, key)
            .bind(micros(until))
            .bind(version)
            .bind(micros(now))
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }

    async fn set_status(
        &self,
        key: &TokenKey,
        status: ConnectionStatus,
        error: Option<String>,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let query = sqlx::query(
            "UPDATE user_integration SET status = ?4, last_error = ?5 WHERE company_id = ?1 AND user_id = ?2 AND integration = ?3",
        );
        bind_key(query, key).bind(word(&status)?).bind(error).execute(&mut *tx).await.map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn delete(&self, key: &TokenKey) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let query =
            sqlx::query("DELETE FROM user_integration WHERE company_id = ? AND user_id = ? AND integration = ?");
        bind_key(query, key).execute(&mut *tx).await.map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn count_for_account(&self, account_id: &str) -> Result<u32, StoreError> {
        let row = sqlx::query("SELECT count(*) AS n FROM user_integration WHERE account_id = ?")
            .bind(account_id)
            .fetch_one(&self.readers)
            .await
            .map_err(store_error)?;
        Ok(count(get(&row, "n")?))
    }
}

fn token(row: &SqliteRow) -> Result<StoredToken, StoreError> {
    let refresh: Option<String> = get(row, "refresh_token")?;
    Ok(StoredToken {
        version: get(row, "version")?,
        access: SecretString::from(get::<String>(row, "access_token")?),
        refresh: refresh.map(SecretString::from),
        expires_at: get_moment(row, "expires_at")?,
        scopes: get_json(row, "scopes")?,
        account_id: get(row, "account_id")?,
        account_email: get(row, "account_email")?,
        status: get_word(row, "status")?,
        last_error: get(row, "last_error")?,
    })
}
