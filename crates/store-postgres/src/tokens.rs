use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::StoreError;
use kopru_ports::tokens::{ConnectionStatus, Saved, StoredToken, TokenKey, TokenStore};
use secrecy::{ExposeSecret, SecretString};
use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;

use crate::convert::{at, get, get_count, get_json, get_moment, get_word, json, store_error, text, word};
use crate::database::PostgresStore;
use crate::sight::Sight;

/// A statement whose first three arguments are the key.
fn of_key<'q>(sql: &'static str, key: &TokenKey) -> Query<'q, Postgres, PgArguments> {
    sqlx::query(sql).bind(key.company.to_string()).bind(key.user.to_string()).bind(key.service.name())
}

#[async_trait]
impl TokenStore for PostgresStore {
    async fn load(&self, key: &TokenKey) -> Result<Option<StoredToken>, StoreError> {
        let mut tx = self.begin(Sight::Of(&key.company)).await?;
        let query = of_key(
            "SELECT version, access_token, refresh_token, expires_at, scopes, account_id, account_email, status, last_error
             FROM kopru.user_integration WHERE company_id = $1 AND user_id = $2 AND integration = $3",
            key,
        );
        let row = query.fetch_optional(&mut *tx).await.map_err(store_error)?;
        row.as_ref().map(token).transpose()
    }

    async fn save(&self, key: &TokenKey, token: StoredToken) -> Result<Saved, StoreError> {
        let mut tx = self.begin(Sight::Of(&key.company)).await?;
        let query = of_key(
            "INSERT INTO kopru.user_integration AS known (company_id, user_id, integration, version, access_token,
                    refresh_token, expires_at, scopes, account_id, account_email, status, last_error)
             SELECT $1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11
             WHERE $12 = 0 OR EXISTS (SELECT 1 FROM kopru.user_integration
                    WHERE company_id = $1 AND user_id = $2 AND integration = $3)
             ON CONFLICT (company_id, user_id, integration) DO UPDATE SET version = known.version + 1,
                    access_token = excluded.access_token, refresh_token = excluded.refresh_token,
                    expires_at = excluded.expires_at, scopes = excluded.scopes, account_id = excluded.account_id,
                    account_email = excluded.account_email, status = excluded.status,
                    last_error = excluded.last_error, refresh_until = 'epoch'
             WHERE $12 = 0 OR known.version = $12
             RETURNING version",
            key,
        );
        let row = query
            .bind(token.access.expose_secret().to_owned())
            .bind(token.refresh.as_ref().map(|secret| secret.expose_secret().to_owned()))
            .bind(at(token.expires_at))
            .bind(json(&token.scopes)?)
            .bind(token.account_id)
            .bind(token.account_email)
            .bind(word(&token.status)?)
            .bind(token.last_error.as_deref().map(text))
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
        let mut tx = self.begin(Sight::Of(&key.company)).await?;
        let query = of_key(
            "UPDATE kopru.user_integration SET refresh_until = $4
             WHERE company_id = $1 AND user_id = $2 AND integration = $3 AND version = $5 AND refresh_until <= $6",
            key,
        );
        let query = query.bind(at(until)).bind(version).bind(at(now));
        let done = query.execute(&mut *tx).await.map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }

    async fn set_status(
        &self,
        key: &TokenKey,
        status: ConnectionStatus,
        error: Option<String>,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(&key.company)).await?;
        let query = of_key(
            "UPDATE kopru.user_integration SET status = $4, last_error = $5
             WHERE company_id = $1 AND user_id = $2 AND integration = $3",
            key,
        );
        let query = query.bind(word(&status)?).bind(error.as_deref().map(text));
        query.execute(&mut *tx).await.map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn delete(&self, key: &TokenKey) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(&key.company)).await?;
        let delete = "DELETE FROM kopru.user_integration WHERE company_id = $1 AND user_id = $2 AND integration = $3";
        of_key(delete, key).execute(&mut *tx).await.map_err(store_error)?;
        tx.commit().await.map_err(store_error)
    }

    async fn count_for_account(&self, account_id: &str) -> Result<u32, StoreError> {
        let mut tx = self.begin(Sight::Account(account_id)).await?;
        let row = sqlx::query("SELECT count(*) AS n FROM kopru.user_integration WHERE account_id = $1")
            .bind(account_id)
            .fetch_one(&mut *tx)
            .await
            .map_err(store_error)?;
        get_count(&row, "n")
    }
}

fn token(row: &PgRow) -> Result<StoredToken, StoreError> {
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
