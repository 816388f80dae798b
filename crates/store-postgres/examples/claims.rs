//! What a turn costs on a database with nothing in it, with a million finished deliveries behind it, and while
//! somebody holds a snapshot open, so that nothing that was deleted can be cleaned away.
//!
//! `scripts/with-pg cargo run --release -p kopru-store-postgres --example claims -- [TURNS]`

use std::io::Write as _;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kopru_ports::delivery::{
    Claim, DeliveryStore, Gather, Lease, LeaseAnswer, NewAttempt, NewWork, Outcome, Settlement, Urgency, Work,
};
use kopru_store_postgres::PostgresStore;
use serde_json::json;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqlSafeStr};

const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);
/// Keys of a turn: a batch of Bitrix24.
const KEYS: u32 = 50;
const FINISHED: u32 = 1_000_000;

type Failed = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    #[expect(clippy::disallowed_methods, reason = "an example's own setting")]
    let server = std::env::var("KOPRU_TEST_DATABASE_URL")?;
    let turns = std::env::args().nth(1).map_or(Ok(400), |text| text.parse())?;
    let mut admin = PgConnection::connect(&server).await?;
    let mut out = std::io::stdout();

    let (empty, _) = database(&mut admin, &server, "claims_empty", 0).await?;
    writeln!(out, "empty:                        {}", cost(&empty, turns).await?)?;

    let (full, migrated) = database(&mut admin, &server, "claims_full", FINISHED).await?;
    writeln!(out, "{FINISHED} finished deliveries:  {}; migrated in {migrated:.1?}", cost(&full, turns).await?)?;

    let mut holder = PgConnection::connect(&address(&server, "claims_full")).await?;
    holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM kopru.work").await?;
    for part in ["first", "second", "third"] {
        writeln!(out, "a snapshot held, {part} part: {}", cost(&full, turns).await?)?;
    }
    Ok(())
}

fn address(server: &str, name: &str) -> String {
    let (address, _) = server.rsplit_once('/').unwrap_or((server, ""));
    format!("{address}/{name}")
}

/// A database with so many finished deliveries; how long it took to bring it up to date from the first schema.
async fn database(
    admin: &mut PgConnection,
    server: &str,
    name: &str,
    finished: u32,
) -> Result<(PostgresStore, Duration), Failed> {
    admin.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).await?;
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
    let url = address(server, name);
    let mut owner = PgConnection::connect(&url).await?;
    first_schema().run(&mut owner).await?;
    owner.execute(AssertSqlSafe(HISTORY.replace("{finished}", &finished.to_string()))).await?;
    let begun = Instant::now();
    let store = PostgresStore::open(&url, 4).await?;
    Ok((store, begun.elapsed()))
}

/// What the first version made of a new database.
fn first_schema() -> Migrator {
    let text = include_str!("../migrations/0001_first.sql").into_sql_str();
    Migrator {
        migrations: vec![Migration::new(1, "first".into(), MigrationType::Simple, text, false)].into(),
        table_name: "kopru.schema_migration".into(),
        create_schemas: vec!["kopru".into()].into(),
        ..Migrator::DEFAULT
    }
}

const HISTORY: &str = "
    INSERT INTO kopru.company VALUES ('acme', 'Acme', now());
    INSERT INTO kopru.sheet_sync_config (company_id, config_id, user_id, name, spreadsheet_id, gid, entity, portal,
           title_from, language, quiet_ms, enabled, webhook_key_hash, sealed_secret, created_at)
    VALUES ('acme', '01890000-0000-7000-8000-000000000000', 'ayse', '', 'sheet', 0, 'lead', 'p', '[]', 'tr', 0, true,
            'hash', '', now());
    INSERT INTO kopru.reverse_sync_log (company_id, config_id, row_id, row_number, fields, status, refusals, at)
    SELECT company_id, config_id, 'r' || number % 10000, 2, '{}', 'completed', '[]', now()
    FROM kopru.sheet_sync_config, generate_series(1, {finished}) AS number;
    INSERT INTO kopru.webhook_event
    SELECT company_id, config_id, 'e' || number, 0, 1, now(), now()
    FROM kopru.sheet_sync_config, generate_series(1, {finished}) AS number;
    ANALYZE;";

/// The mean and the slowest of so many turns: 50 keys made due, leased, claimed, frozen, settled, given back.
async fn cost(store: &PostgresStore, turns: u32) -> Result<String, Failed> {
    let (mut leases, mut claims) = (Duration::ZERO, Vec::new());
    for turn in 0..turns {
        store.enqueue((0..KEYS).map(|key| work(turn, key)).collect()).await?;
        let begun = Instant::now();
        let LeaseAnswer::Granted(lease) = store.lease(NOW, NOW + Duration::from_secs(30)).await? else {
            return Err("no lane is due".into());
        };
        leases += begun.elapsed();
        let claim = Claim { urgency: None, limit: KEYS, skip: Vec::new() };
        let claimed = store.claim(&lease, NOW, claim).await?;
        claims.push(begun.elapsed());
        finish(store, &lease, claimed).await?;
    }
    claims.sort_unstable();
    let mean = claims.iter().sum::<Duration>() / turns;
    let late = claims[claims.len() * 99 / 100];
    let lease = leases / turns;
    Ok(format!("{mean:.2?} to lease ({lease:.2?}) and claim, 99 of 100 within {late:.2?}"))
}

async fn finish(store: &PostgresStore, lease: &Lease, claimed: Vec<Work>) -> Result<(), Failed> {
    let attempt = |work: &Work| NewAttempt {
        key: work.key.clone(),
        generation: work.generation,
        payload: json!({}),
        deadline: NOW,
    };
    store.freeze(lease, claimed.iter().map(attempt).collect()).await?;
    let outcomes = claimed.into_iter().map(|work| (work.key, work.generation, Outcome::Done)).collect();
    store.settle(lease, NOW, Settlement { outcomes, ..Settlement::default() }).await?;
    Ok(store.release(lease, NOW).await?)
}

fn work(turn: u32, key: u32) -> NewWork {
    NewWork {
        company: kopru_domain::CompanyId::of_the_service(),
        lane: "crm:lane".into(),
        kind: "k",
        key: format!("{turn}.{key}"),
        owner: "o".into(),
        payload: json!({}),
        due: NOW + Duration::from_micros(turn.into()) - Duration::from_hours(1),
        gather: Gather::Earliest,
        urgency: Urgency::Bulk,
    }
}
