//! How long a request with 10,000 messages takes to be accepted, with what there is to do for them: on SQLite and on
//! PostgreSQL, each with the earlier requests' messages in it.
//!
//! `scripts/with-pg cargo run --release -p kopru-store-postgres --example accept -- [REQUESTS]`

use std::io::Write as _;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_domain::message::{Channel, MessageStatus};
use kopru_ports::delivery::{Gather, NewWork, Urgency};
use kopru_ports::identity::IdentityStore;
use kopru_ports::messages::Content;
use kopru_ports::outbox::{Body, Message, NewBatch, OutboxStore};
use kopru_store_postgres::PostgresStore;
use kopru_store_sqlite::SqliteStore;
use serde_json::Value;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::constant(1_700_000_000, 0);
const RECIPIENTS: u32 = 10_000;

type Failed = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    #[expect(clippy::disallowed_methods, reason = "an example's own setting")]
    let server = std::env::var("KOPRU_TEST_DATABASE_URL")?;
    let requests = std::env::args().nth(1).map_or(Ok(40), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let mut out = std::io::stdout();
    let sqlite = SqliteStore::open(&folder.path().join("kopru.db")).await?;
    writeln!(out, "SQLite:     {}", cost(&sqlite, requests).await?)?;
    let postgres = PostgresStore::open(&server, 1).await?;
    writeln!(out, "PostgreSQL: {}", cost(&postgres, requests).await?)?;
    Ok(())
}

async fn cost(store: &(impl OutboxStore + IdentityStore), requests: u32) -> Result<String, Failed> {
    let company: CompanyId = "acme".parse()?;
    store.add_company(&company, "", NOW).await?;
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..requests {
        let batch = batch(&company)?;
        let begun = Instant::now();
        store.accept(batch).await?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    Ok(format!("half within {:.2?}, 95 % within {:.2?}", at(50), at(95)))
}

fn batch(company: &CompanyId) -> Result<NewBatch, Failed> {
    let id = Uuid::now_v7();
    let messages: Vec<_> = (0..RECIPIENTS).map(|recipient| message(id, recipient)).collect::<Result<_, _>>()?;
    Ok(NewBatch {
        id,
        company: company.clone(),
        key: Some(id.to_string()),
        fingerprint: String::new(),
        created: NOW,
        work: messages.iter().map(|message| work(company, message)).collect(),
        messages,
    })
}

fn message(batch: Uuid, recipient: u32) -> Result<Message, Failed> {
    let number = format!("+905321{recipient:06}");
    Ok(Message {
        id: Uuid::now_v7(),
        batch,
        lane: "message:sms:AC0/MG0".into(),
        channel: Channel::Sms,
        given: number.clone(),
        to: Some(number.parse()?),
        content: Body::Phone(Content::Text(
            "Sayın müşterimiz, yarınki randevunuz 14.30'dadır. Değiştirmek için bizi arayın.".into(),
        )),
        media: Vec::new(),
        segments: 2,
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
    })
}

fn work(company: &CompanyId, message: &Message) -> NewWork {
    NewWork {
        company: company.clone(),
        lane: message.lane.clone(),
        kind: "message.send",
        key: message.id.to_string(),
        owner: message.batch.to_string(),
        payload: Value::Null,
        due: NOW,
        gather: Gather::Earliest,
        urgency: Urgency::Bulk,
    }
}
