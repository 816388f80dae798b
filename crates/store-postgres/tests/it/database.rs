//! A database for each test, on the server that `scripts/with-pg` started.

use std::io::Write;
use std::sync::{Arc, Once};

use jiff::Timestamp;
use kopru_domain::message::{Channel, MessageStatus};
use kopru_ports::delivery::{Gather, NewWork, Urgency};
use kopru_ports::messages::Content;
use kopru_ports::outbox::{Body, Message};
use kopru_store_postgres::PostgresStore;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

static SKIPPED: Once = Once::new();

/// A moment at which tests begin.
pub const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);

/// The address of a new, empty database; says that the test is skipped where there is no server.
pub async fn fresh_url() -> Option<String> {
    let Some(server) = std::env::var_os("KOPRU_TEST_DATABASE_URL").and_then(|url| url.into_string().ok()) else {
        SKIPPED.call_once(|| {
            // Past the test harness, which shows nothing of tests that pass.
            let text = b"\nSKIPPED: no PostgreSQL, since KOPRU_TEST_DATABASE_URL is not set; use scripts/with-pg\n";
            std::io::stderr().write_all(text).unwrap();
        });
        return None;
    };
    let name = format!("test_{}", Uuid::now_v7().simple());
    let mut connection = PgConnection::connect(&server).await.unwrap();
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
    let (address, _) = server.rsplit_once('/').unwrap();
    Some(format!("{address}/{name}"))
}

/// One more instance on the database.
pub async fn open(url: &str) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::open(url, 4).await.unwrap())
}

/// A store on a new database.
pub async fn fresh() -> Option<Arc<PostgresStore>> {
    Some(open(&fresh_url().await?).await)
}

/// Work that is due now.
pub fn work(lane: &str, key: &str) -> NewWork {
    NewWork {
        company: "acme".parse().unwrap(),
        lane: lane.into(),
        kind: "k",
        key: key.into(),
        owner: "o".into(),
        payload: Value::Null,
        due: NOW,
        gather: Gather::Earliest,
        urgency: Urgency::Bulk,
    }
}

/// A message to one number.
pub fn message() -> Message {
    Message {
        id: Uuid::from_u128(1),
        batch: Uuid::from_u128(1),
        lane: "message:sms".into(),
        channel: Channel::Sms,
        given: "0532 123 4567".into(),
        to: Some("+905321234567".parse().unwrap()),
        content: Body::Phone(Content::Text("x".into())),
        media: vec![],
        segments: 1,
        urgent: false,
        send_at: None,
        user: None,
        status: MessageStatus::Queued,
        hold: None,
        trouble: None,
        code: None,
        provider_id: None,
        tries: Vec::new(),
        created: NOW,
        updated: NOW,
    }
}
