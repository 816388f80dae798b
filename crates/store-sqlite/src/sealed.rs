use async_trait::async_trait;
use kopru_domain::{CompanyId, ConfigId};
use kopru_ports::StoreError;
use kopru_ports::oauth::PendingConsent;
use kopru_ports::seal::{SealedPlace, SealedTexts};
use kopru_ports::tokens::TokenKey;
use sqlx::sqlite::SqliteRow;

use crate::convert::{get, get_json, get_parsed, get_word, store_error};
use crate::database::SqliteStore;

#[async_trait]
impl SealedTexts for SqliteStore {
    async fn sealed(&self, company: &CompanyId) -> Result<Vec<(SealedPlace, String)>, StoreError> {
        let mut found = Vec::new();
        for row in self.all("SELECT * FROM user_integration WHERE company_id = ?", company).await? {
            let key = TokenKey {
                company: company.clone(),
                user: get_parsed(&row, "user_id")?,
                service: get_word(&row, "integration")?,
            };
            let refresh: Option<String> = get(&row, "refresh_token")?;
            found.extend(refresh.map(|refresh| (SealedPlace::Refresh(key.clone()), refresh)));
            found.push((SealedPlace::Access(key), get(&row, "access_token")?));
        }
        for row in self.all("SELECT * FROM company_integration WHERE company_id = ?", company).await? {
            let place = SealedPlace::Settings(company.clone(), get_word(&row, "integration")?);
            found.push((place, get(&row, "settings")?));
        }
        for row in self.all("SELECT * FROM sheet_sync_config WHERE company_id = ?", company).await? {
            let place = SealedPlace::WebhookSecret(company.clone(), get_parsed::<ConfigId>(&row, "config_id")?);
            found.push((place, get(&row, "sealed_secret")?));
        }
        for row in self.all("SELECT * FROM oauth_consent WHERE company_id = ?", company).await? {
            found.extend(get_json::<PendingConsent>(&row, "consent")?.sealed(get(&row, "state_hash")?));
        }
        Ok(found)
    }

    async fn reseal(&self, place: &SealedPlace, old: &str, new: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin().await?;
        let query = match place {
            SealedPlace::Access(key) => of_key(
                "UPDATE user_integration SET access_token = ?1
                 WHERE access_token = ?2 AND company_id = ?3 AND user_id = ?4 AND integration = ?5",
                key,
                (old, new),
            ),
            SealedPlace::Refresh(key) => of_key(
                "UPDATE user_integration SET refresh_token = ?1
                 WHERE refresh_token = ?2 AND company_id = ?3 AND user_id = ?4 AND integration = ?5",
                key,
                (old, new),
            ),
            SealedPlace::Settings(company, kind) => sqlx::query(
                "UPDATE company_integration SET settings = ? WHERE settings = ? AND company_id = ? AND integration = ?",
            )
            .bind(new)
            .bind(old)
            .bind(company.as_str())
            .bind(kind.name()),
            SealedPlace::WebhookSecret(company, id) => sqlx::query(
                "UPDATE sheet_sync_config SET sealed_secret = ?
                 WHERE sealed_secret = ? AND company_id = ? AND config_id = ?",
            )
            .bind(new)
            .bind(old)
            .bind(company.as_str())
            .bind(id.to_string()),
            SealedPlace::Verifier(key, hash) => of_consent(key, hash, "$.sealed_verifier", (old, new)),
            SealedPlace::Code(key, hash) => of_consent(key, hash, "$.sealed_code", (old, new)),
            SealedPlace::Probe => sqlx::query("UPDATE vault_probe SET sealed = ? WHERE sealed = ?").bind(new).bind(old),
        };
        let done = query.execute(&mut *tx).await.map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }

    async fn vault_probe(&self, sealed: &str) -> Result<String, StoreError> {
        let mut tx = self.begin().await?;
        sqlx::query("INSERT INTO vault_probe (only_one, sealed) VALUES (1, ?) ON CONFLICT DO NOTHING")
            .bind(sealed)
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        let row = sqlx::query("SELECT sealed FROM vault_probe").fetch_one(&mut *tx).await.map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        get(&row, "sealed")
    }
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>;

fn of_key<'q>(sql: &'static str, key: &'q TokenKey, (old, new): (&'q str, &'q str)) -> Query<'q> {
    sqlx::query(sql).bind(new).bind(old).bind(key.company.as_str()).bind(key.user.as_str()).bind(key.service.name())
}

fn of_consent<'q>(key: &'q TokenKey, hash: &'q str, path: &'static str, (old, new): (&'q str, &'q str)) -> Query<'q> {
    sqlx::query(
        "UPDATE oauth_consent SET consent = json_set(consent, ?5, ?1)
         WHERE consent ->> ?5 = ?2 AND company_id = ?3 AND state_hash = ?4",
    )
    .bind(new)
    .bind(old)
    .bind(key.company.as_str())
    .bind(hash)
    .bind(path)
}

impl SqliteStore {
    async fn all(&self, sql: &'static str, company: &CompanyId) -> Result<Vec<SqliteRow>, StoreError> {
        sqlx::query(sql).bind(company.as_str()).fetch_all(&self.readers).await.map_err(store_error)
    }
}
