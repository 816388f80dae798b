//! Row-level security, looked at as the application's role with nothing but raw SQL.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::date;
use kopru_domain::CompanyId;
use kopru_domain::message::{Channel, Policy, Template};
use kopru_ports::audit::{Actor, AuditAction, AuditEntry, AuditLog};
use kopru_ports::data::DataStore;
use kopru_ports::delivery::DeliveryStore;
use kopru_ports::identity::{ApiKey, IdentityStore, Scope};
use kopru_ports::inbound::InboundMessage;
use kopru_ports::integrations::{IntegrationKind, IntegrationStore};
use kopru_ports::oauth::{ConsentStore, PendingConsent};
use kopru_ports::origins::OriginStore;
use kopru_ports::outbox::{Caps, NewBatch, OutboxStore, Told};
use kopru_ports::sessions::{Session, SessionKind, SessionStore};
use kopru_ports::texts::{NamedTemplate, TextStore};
use kopru_ports::tokens::{ConnectionStatus, Service, StoredToken, TokenKey, TokenStore};
use kopru_store_postgres::PostgresStore;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};
use uuid::Uuid;

use crate::database::{NOW, fresh_url, message, open, work};

/// A connection as the application's: its role, and one transaction for what it does.
async fn as_application(url: &str) -> PgConnection {
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute("SET ROLE kopru_app").await.unwrap();
    connection
}

pub async fn tenant_tables(connection: &mut PgConnection) -> Vec<String> {
    let rows = sqlx::query(
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'kopru' AND column_name = 'company_id'
         ORDER BY table_name",
    );
    rows.fetch_all(connection).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn count(connection: &mut PgConnection, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM kopru.{table}");
    sqlx::query(AssertSqlSafe(sql)).fetch_one(connection).await.unwrap().get(0)
}

/// A table's only row.
async fn as_json(connection: &mut PgConnection, table: &str) -> String {
    let sql = format!("SELECT to_json(one)::text FROM kopru.{table} AS one");
    sqlx::query(AssertSqlSafe(sql)).fetch_one(connection).await.unwrap().get(0)
}

/// A row in every tenant table, of the company `acme`; whoever adds a table adds it here.
pub async fn fill(url: &str, store: &PostgresStore) {
    let company: CompanyId = "acme".parse().unwrap();
    store.add_company(&company, "Acme", NOW).await.unwrap();
    let key = ApiKey {
        id: Uuid::now_v7(),
        company: company.clone(),
        name: String::new(),
        last_four: "1234".into(),
        scopes: vec![Scope::Admin],
        created: NOW,
        revoked: None,
    };
    store.add_key(&key, "hash of a key").await.unwrap();
    store.set_origins(&company, &["https://acme.example".to_owned()]).await.unwrap();
    let entry = AuditEntry {
        id: Uuid::now_v7(),
        company: company.clone(),
        at: NOW,
        actor: Actor::default(),
        action: AuditAction::CompanyAdded,
        subject: String::new(),
    };
    store.record(&entry).await.unwrap();
    let session = Session {
        company: company.clone(),
        user: "ayse".parse().unwrap(),
        kind: SessionKind::Embedded,
        scopes: vec![],
        key: key.id,
        expires: NOW + Duration::from_mins(1),
    };
    store.begin_session("hash of a session", &session, NOW).await.unwrap();
    IntegrationStore::put(store, &company, IntegrationKind::Bitrix24, SecretString::from("sealed")).await.unwrap();
    let key = TokenKey { company, user: "ayse".parse().unwrap(), service: Service::GoogleSheets };
    store.save(&key, token()).await.unwrap();
    let consent = PendingConsent {
        key,
        sealed_verifier: "sealed".into(),
        return_to: "/".into(),
        session: None,
        by_code: false,
        sealed_code: Some("sealed code".into()),
        actor: Actor::default(),
    };
    ConsentStore::put(store, "hash of a state", consent, NOW..NOW).await.unwrap();
    store.enqueue(vec![work("lane", "key")]).await.unwrap();
    fill_messages(store).await;
    let mut owner = PgConnection::connect(url).await.unwrap();
    owner.execute(SHEET).await.unwrap();
}

async fn fill_messages(store: &PostgresStore) {
    let company: CompanyId = "acme".parse().unwrap();
    let message = message();
    let batch = NewBatch {
        id: message.batch,
        company: company.clone(),
        key: None,
        fingerprint: String::new(),
        created: NOW,
        messages: vec![message.clone()],
        work: vec![],
    };
    store.accept(batch).await.unwrap();
    store.count(&company, date(2026, 1, 1), Caps::default(), &[message.id]).await.unwrap();
    let wrote = InboundMessage {
        provider_id: "SM1".into(),
        channel: Channel::Sms,
        from: "+905321234567".parse().unwrap(),
        text: String::new(),
        word: None,
    };
    store.told(&company, Told::Message(wrote, None), NOW).await.unwrap();
    let template = NamedTemplate { name: "n".into(), template: Template::parse("t").unwrap(), changed: NOW };
    store.put_template(&company, &template).await.unwrap();
    store.set_policy(&company, &Policy::default()).await.unwrap();
}

/// A connection with nothing in it.
pub fn token() -> StoredToken {
    StoredToken {
        version: 0,
        access: SecretString::from("sealed"),
        refresh: None,
        expires_at: NOW,
        scopes: vec![],
        account_id: "account".into(),
        account_email: "ayse@example.com".into(),
        status: ConnectionStatus::Active,
        last_error: None,
    }
}

const SHEET: &str = "
    INSERT INTO kopru.sheet_sync_config (company_id, config_id, user_id, name, spreadsheet_id, gid, entity, portal,
           title_from, language, quiet_ms, enabled, webhook_key_hash, sealed_secret, created_at, held)
    SELECT 'acme', id, 'ayse', '', 'sheet', 0, 'lead', 'p', '[]', 'tr', 0, true, 'hash of a webhook key', '', now(), true
    FROM (SELECT '01890000-0000-7000-8000-000000000000'::uuid AS id) AS one;
    INSERT INTO kopru.field_mapping SELECT company_id, config_id, 0, 0, 'Ad', 'TITLE', '{}' FROM kopru.sheet_sync_config;
    INSERT INTO kopru.webhook_event SELECT company_id, config_id, 'e', 0, 1, now() FROM kopru.sheet_sync_config;
    INSERT INTO kopru.sync_row (company_id, config_id, row_id, place, desired, refusals, state)
    SELECT company_id, config_id, 'r', 0, '{}', '[]', 'pending' FROM kopru.sheet_sync_config;
    INSERT INTO kopru.reverse_sync_log (company_id, config_id, row_id, row_number, fields, status, refusals, at)
    SELECT company_id, config_id, 'r', 2, '{}', 'completed', '[]', now() FROM kopru.sheet_sync_config;
    INSERT INTO kopru.attempt VALUES ('acme', 'lane', 'key', '{}', now());";

#[tokio::test]
async fn every_tenant_table_hides_its_rows_from_other_companies() {
    let Some(url) = fresh_url().await else { return };
    fill(&url, &*open(&url).await).await;
    let mut owner = PgConnection::connect(&url).await.unwrap();
    let mut other = as_application(&url).await;
    let tables = tenant_tables(&mut owner).await;
    assert!(tables.len() >= 22, "{tables:?}");
    for table in &tables {
        assert_eq!(count(&mut owner, table).await, 1, "{table} needs a row for this test");
        let row = as_json(&mut owner, table).await;
        for company in ["", "umbrella"] {
            let mut tx = other.begin().await.unwrap();
            sqlx::query("SELECT set_config('kopru.company', $1, true)").bind(company).execute(&mut *tx).await.unwrap();
            assert_eq!(count(&mut tx, table).await, 0, "{table} shows its rows to {company:?}");
            for change in ["DELETE FROM", "UPDATE"] {
                let rest = if change == "UPDATE" { " SET company_id = 'umbrella'" } else { "" };
                let done = tx.execute(AssertSqlSafe(format!("{change} kopru.{table}{rest}"))).await.unwrap();
                assert_eq!(done.rows_affected(), 0, "{change} {table}");
            }
            let added = format!(
                "INSERT INTO kopru.{table} OVERRIDING SYSTEM VALUE
                 SELECT * FROM json_populate_record(NULL::kopru.{table}, $1::json)"
            );
            let refused = sqlx::query(AssertSqlSafe(added)).bind(&row).execute(&mut *tx).await.unwrap_err().to_string();
            assert!(refused.contains("row-level security"), "{table}: {refused}");
        }
        let mut tx = other.begin().await.unwrap();
        tx.execute("SELECT set_config('kopru.company', 'acme', true)").await.unwrap();
        assert_eq!(count(&mut tx, table).await, 1, "{table} hides its rows from their own company");
        let moved = format!("UPDATE kopru.{table} SET company_id = 'umbrella'");
        let refused = tx.execute(AssertSqlSafe(moved)).await.unwrap_err().to_string();
        assert!(refused.contains("row-level security") || refused.contains("foreign key"), "{table}: {refused}");
    }
}

#[tokio::test]
async fn a_hash_shows_one_row_and_the_scheduler_sees_lanes_alone() {
    let Some(url) = fresh_url().await else { return };
    fill(&url, &*open(&url).await).await;
    let mut other = as_application(&url).await;
    for (setting, value, seen) in [
        ("kopru.hash", "hash of a key", &["api_key"][..]),
        ("kopru.hash", "hash of a webhook key", &["sheet_sync_config"]),
        ("kopru.hash", "hash of a state", &["oauth_consent"]),
        ("kopru.hash", "", &[]),
        ("kopru.account", "account", &["user_integration"]),
        ("kopru.every", "lane", &["lane"]),
        ("kopru.every", "company", &["company"]),
        ("kopru.every", "held", &["sheet_sync_config"]),
    ] {
        let mut tx = other.begin().await.unwrap();
        sqlx::query("SELECT set_config($1, $2, true)").bind(setting).bind(value).execute(&mut *tx).await.unwrap();
        let mut found = Vec::new();
        for table in tenant_tables(&mut tx).await {
            if count(&mut tx, &table).await > 0 {
                found.push(table);
            }
        }
        assert_eq!(found, seen, "{setting} = {value:?}");
    }
}

#[tokio::test]
async fn a_connection_goes_back_to_the_pool_blind() {
    let Some(url) = fresh_url().await else { return };
    let store = PostgresStore::open(&url, 1).await.unwrap();
    fill(&url, &store).await;
    let company: CompanyId = "acme".parse().unwrap();
    assert_eq!(store.keys(&company).await.unwrap().len(), 1);
    let umbrella: CompanyId = "umbrella".parse().unwrap();
    store.add_company(&umbrella, "", Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(store.keys(&umbrella).await.unwrap().len(), 0);
    assert_eq!(store.key_by_hash("hash of another key").await.unwrap(), None);
    assert!(store.load(&TokenKey::of_company(&umbrella, Service::Bitrix24)).await.unwrap().is_none());
}

/// Every row of every table of the schema that says something of `acme` or its people.
async fn traces(owner: &mut PgConnection) -> Vec<String> {
    let tables = owner.fetch_all("SELECT table_name FROM information_schema.tables WHERE table_schema = 'kopru'");
    let mut traces = Vec::new();
    for table in tables.await.unwrap().iter().map(|row| row.get::<String, _>(0)) {
        let rows = format!("SELECT one::text FROM kopru.{table} AS one WHERE one::text ~ 'acme|ayse|sealed'");
        let rows = owner.fetch_all(AssertSqlSafe(rows)).await.unwrap();
        traces.extend(rows.iter().map(|row| format!("{table}: {}", row.get::<String, _>(0))));
    }
    traces
}

#[tokio::test]
async fn nothing_is_left_of_an_erased_company_in_any_table() {
    let Some(url) = fresh_url().await else { return };
    let store = open(&url).await;
    fill(&url, &store).await;
    let mut owner = PgConnection::connect(&url).await.unwrap();
    owner.execute("INSERT INTO kopru.limiter VALUES ('bitrix24-time:p:acme:m', 1, 1, now())").await.unwrap();
    assert!(traces(&mut owner).await.len() > 10);
    let (company, later) = ("acme".parse().unwrap(), NOW + Duration::from_mins(1));
    while store.erase(&company, None, later, 1).await.unwrap() {}
    assert_eq!(traces(&mut owner).await, Vec::<String>::new());
    for table in tenant_tables(&mut owner).await {
        assert_eq!(count(&mut owner, &table).await, 0, "{table}");
    }
}

/// The pool's own connections, not the test's: no statement of the application runs as the tables' owner.
#[tokio::test]
async fn the_application_is_neither_owner_nor_beyond_the_policies() {
    let Some(url) = fresh_url().await else { return };
    let store = PostgresStore::open(&url, 1).await.unwrap();
    let mut owner = PgConnection::connect(&url).await.unwrap();
    store.companies().await.unwrap();
    owner.execute("REVOKE SELECT ON kopru.company FROM kopru_app").await.unwrap();
    store.companies().await.unwrap_err();
    let row = sqlx::query(
        "SELECT bool_or(rolsuper OR rolbypassrls OR rolcanlogin) AS strong,
                bool_or(EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid)) AS owns
         FROM pg_roles WHERE rolname = 'kopru_app'",
    );
    let row = row.fetch_one(&mut owner).await.unwrap();
    assert_eq!((row.get("strong"), row.get("owns")), (false, false));
    let unforced = "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
                    WHERE relnamespace = 'kopru'::regnamespace AND relkind = 'r' AND attname = 'company_id'
                          AND NOT (relrowsecurity AND relforcerowsecurity)";
    assert!(owner.fetch_all(unforced).await.unwrap().is_empty());
}
