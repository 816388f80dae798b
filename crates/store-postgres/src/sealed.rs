use async_trait::async_trait;
use kopru_domain::{CompanyId, ConfigId};
use kopru_ports::StoreError;
use kopru_ports::oauth::PendingConsent;
use kopru_ports::seal::{SealedPlace, SealedTexts};
use kopru_ports::tokens::TokenKey;
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;

use crate::convert::{get, get_json, get_parsed, get_word, store_error};
use crate::database::PostgresStore;
use crate::sight::Sight;

const TOKENS: &str = "SELECT user_id, integration, access_token, refresh_token FROM kopru.user_integration
                      WHERE company_id = $1";
const SETTINGS: &str = "SELECT integration, settings FROM kopru.company_integration WHERE company_id = $1";
const CONSENTS: &str = "SELECT state_hash, consent FROM kopru.oauth_consent WHERE company_id = $1";
const SECRETS: &str = "SELECT config_id, sealed_secret FROM kopru.sheet_sync_config WHERE company_id = $1";

#[async_trait]
impl SealedTexts for PostgresStore {
    async fn sealed(&self, company: &CompanyId) -> Result<Vec<(SealedPlace, String)>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let of = |sql: &'static str| sqlx::query(sql).bind(company.as_str());
        let mut found = Vec::new();
        for row in of(TOKENS).fetch_all(&mut *tx).await.map_err(store_error)? {
            let key = TokenKey {
                company: company.clone(),
                user: get_parsed(&row, "user_id")?,
                service: get_word(&row, "integration")?,
            };
            let refresh: Option<String> = get(&row, "refresh_token")?;
            found.extend(refresh.map(|refresh| (SealedPlace::Refresh(key.clone()), refresh)));
            found.push((SealedPlace::Access(key), get(&row, "access_token")?));
        }
        for row in of(SETTINGS).fetch_all(&mut *tx).await.map_err(store_error)? {
            let place = SealedPlace::Settings(company.clone(), get_word(&row, "integration")?);
            found.push((place, get(&row, "settings")?));
        }
        for row in of(SECRETS).fetch_all(&mut *tx).await.map_err(store_error)? {
            let place = SealedPlace::WebhookSecret(company.clone(), ConfigId(get(&row, "config_id")?));
            found.push((place, get(&row, "sealed_secret")?));
        }
        for row in of(CONSENTS).fetch_all(&mut *tx).await.map_err(store_error)? {
            found.extend(get_json::<PendingConsent>(&row, "consent")?.sealed(get(&row, "state_hash")?));
        }
        Ok(found)
    }

    async fn reseal(&self, place: &SealedPlace, old: &str, new: &str) -> Result<bool, StoreError> {
        let mut tx = self.begin(Sight::Of(&place.context().company)).await?;
        let query = match place {
            SealedPlace::Access(key) => of_key(
                "UPDATE kopru.user_integration SET access_token = $1
                 WHERE access_token = $2 AND company_id = $3 AND user_id = $4 AND integration = $5",
                key,
                (old, new),
            ),
            SealedPlace::Refresh(key) => of_key(
                "UPDATE kopru.user_integration SET refresh_token = $1
                 WHERE refresh_token = $2 AND company_id = $3 AND user_id = $4 AND integration = $5",
                key,
                (old, new),
            ),
            SealedPlace::Settings(company, kind) => sqlx::query(
                "UPDATE kopru.company_integration SET settings = $1
                 WHERE settings = $2 AND company_id = $3 AND integration = $4",
            )
            .bind(new)
            .bind(old)
            .bind(company.as_str())
            .bind(kind.name()),
            SealedPlace::WebhookSecret(company, id) => sqlx::query(
                "UPDATE kopru.sheet_sync_config SET sealed_secret = $1
                 WHERE sealed_secret = $2 AND company_id = $3 AND config_id = $4",
            )
            .bind(new)
            .bind(old)
            .bind(company.as_str())
            .bind(id.0),
            SealedPlace::Verifier(key, hash) => of_consent(key, hash, "sealed_verifier", (old, new)),
            SealedPlace::Code(key, hash) => of_consent(key, hash, "sealed_code", (old, new)),
            SealedPlace::Probe => {
                sqlx::query("UPDATE kopru.vault_probe SET sealed = $1 WHERE sealed = $2").bind(new).bind(old)
            }
        };
        let done = query.execute(&mut *tx).await.map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        Ok(done.rows_affected() == 1)
    }

    async fn vault_probe(&self, sealed: &str) -> Result<String, StoreError> {
        sqlx::query("INSERT INTO kopru.vault_probe (only_one, sealed) VALUES (1, $1) ON CONFLICT DO NOTHING")
            .bind(sealed)
            .execute(&self.pool)
            .await
            .map_err(store_error)?;
        let row = sqlx::query("SELECT sealed FROM kopru.vault_probe").fetch_one(&self.pool).await;
        get(&row.map_err(store_error)?, "sealed")
    }
}

fn of_key<'q>(
    sql: &'static str,
    key: &'q TokenKey,
    (old, new): (&'q str, &'q str),
) -> Query<'q, Postgres, PgArguments> {
    sqlx::query(sql).bind(new).bind(old).bind(key.company.as_str()).bind(key.user.as_str()).bind(key.service.name())
}

fn of_consent<'q>(
    key: &'q TokenKey,
    hash: &'q str,
    field: &'static str,
    (old, new): (&'q str, &'q str),
) -> Query<'q, Postgres, PgArguments> {
    sqlx::query(
        "UPDATE kopru.oauth_consent SET consent = jsonb_set(consent::jsonb, ARRAY[$5::text], to_jsonb($1::text))::text
         WHERE consent::jsonb ->> $5::text = $2 AND company_id = $3 AND state_hash = $4",
    )
    .bind(new)
    .bind(old)
    .bind(key.company.as_str())
    .bind(hash)
    .bind(field)
}
