use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use kopru_domain::CompanyId;
use kopru_domain::message::MessageStatus;
use kopru_ports::StoreError;
use kopru_ports::inbound::InboundMessage;
use kopru_ports::messages::Report;
use kopru_ports::outbox::{
    BatchAccepted, Caps, Message, MessageChange, MessageQuery, NewBatch, OutboxStore, Outgoing, Tally, Told,
};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, Transaction};
use uuid::Uuid;

use crate::convert::{count, get, get_parsed, json, micros, store_error, word};
use crate::database::SqliteStore;
use crate::{contacts, messages, work};

type Tx = Transaction<'static, Sqlite>;

#[async_trait]
impl OutboxStore for SqliteStore {
    async fn accept(&self, batch: NewBatch) -> Result<BatchAccepted, StoreError> {
        let mut tx = self.begin().await?;
        if let Some(known) = begin_batch(&mut tx, &batch).await? {
            return Ok(known);
        }
        messages::insert(&mut tx, &batch).await?;
        work::enqueue(&mut tx, &batch.work, Some(batch.created)).await?;
        tx.commit().await.map_err(store_error)?;
        Ok(BatchAccepted::Stored)
    }

    async fn known(
        &self,
        company: &CompanyId,
        key: &str,
        fingerprint: &str,
    ) -> Result<Option<BatchAccepted>, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(store_error)?;
        known(&mut connection, company, key, fingerprint).await
    }

    async fn messages(&self, company: &CompanyId, query: MessageQuery) -> Result<Vec<Message>, StoreError> {
        let mut sql = QueryBuilder::new("SELECT * FROM message WHERE company_id = ");
        sql.push_bind(company.as_str());
        if let Some(batch) = query.batch {
            sql.push(" AND batch_id = ").push_bind(batch.to_string());
        }
        if let Some(channel) = query.channel {
            sql.push(" AND channel = ").push_bind(word(&channel)?);
        }
        if let Some(status) = query.status {
            sql.push(" AND status = ").push_bind(word(&status)?);
        }
        if let Some(to) = query.to {
            sql.push(" AND number = ").push_bind(to.to_string());
        }
        if let Some(user) = query.user {
            sql.push(" AND user_id = ").push_bind(word(&user)?);
        }
        if let Some(before) = query.before {
            sql.push(" AND message_id < ").push_bind(before.to_string());
        }
        sql.push(" ORDER BY message_id DESC LIMIT ").push_bind(query.limit);
        let rows = sql.build().fetch_all(&self.readers).await.map_err(store_error)?;
        rows.iter().map(messages::message).collect()
    }

    async fn message(&self, company: &CompanyId, id: Uuid) -> Result<Option<Message>, StoreError> {
        messages::find(&self.readers, company, id).await
    }

    async fn outgoing(&self, company: &CompanyId, ids: &[Uuid]) -> Result<Vec<Outgoing>, StoreError> {
        let rows = sqlx::query(
            "SELECT message.*, opted_out_at, opt_out_cause, last_inbound_at
             FROM message LEFT JOIN message_contact USING (company_id, channel, number)
             WHERE company_id = ? AND message_id IN (SELECT value FROM json_each(?)) AND number IS NOT NULL
             ORDER BY message_id",
        )
        .bind(company.as_str())
        .bind(json(&ids)?)
        .fetch_all(&self.readers)
        .await
        .map_err(store_error)?;
        let outgoing = rows.iter().map(|row| {
            let (message, contact) = (messages::message(row)?, contacts::contact(row)?);
            Ok(message.to.clone().map(|to| Outgoing { message, to, contact }))
        });
        outgoing.filter_map(Result::transpose).collect()
    }

    async fn count(&self, company: &CompanyId, day: Date, caps: Caps, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        let mut tx = self.begin().await?;
        let parts = parts(&mut tx, company, ids).await?;
        let mut tally = tally(&mut tx, company, day).await?;
        let (may_go, counted) = tally.grant(caps, ids, parts);
        if !counted.is_empty() {
            record(&mut tx, company, day, tally, &counted).await?;
            tx.commit().await.map_err(store_error)?;
        }
        Ok(may_go)
    }

    async fn told(&self, company: &CompanyId, told: Told, now: Timestamp) -> Result<Option<Message>, StoreError> {
        let mut tx = self.begin().await?;
        let about = match told {
            Told::Report { id, report } => reported(&mut tx, company, id, report, now).await?,
            Told::Message(InboundMessage { provider_id, channel, from, .. }, asks) => {
                if is_news(&mut tx, company, &provider_id, now).await? {
                    contacts::heard(&mut tx, company, (channel, &from.into(), asks), now).await?;
                }
                None
            }
        };
        tx.commit().await.map_err(store_error)?;
        Ok(about)
    }

    async fn cancel(&self, company: &CompanyId, id: Uuid, now: Timestamp) -> Result<Option<Message>, StoreError> {
        let mut tx = self.begin().await?;
        let Some(mut message) = messages::find(&mut *tx, company, id).await? else { return Ok(None) };
        if message.waits_here() && !work::has_attempt(&mut tx, (company, &message.lane), &id.to_string()).await? {
            let change = MessageChange::to(id, MessageStatus::Canceled);
            messages::step(&mut tx, company, &mut message, &change, now).await?;
            tx.commit().await.map_err(store_error)?;
        }
        Ok(Some(message))
    }

    async fn is_in_doubt(&self, company: &CompanyId, id: Uuid) -> Result<bool, StoreError> {
        let mut connection = self.readers.acquire().await.map_err(store_error)?;
        let Some(message) = messages::find(&mut *connection, company, id).await? else { return Ok(false) };
        work::has_attempt(&mut connection, (company, &message.lane), &id.to_string()).await
    }
}

/// Stores a request unless its key is known; what is known of the key.
async fn begin_batch(tx: &mut Tx, batch: &NewBatch) -> Result<Option<BatchAccepted>, StoreError> {
    let done = sqlx::query(
        "INSERT INTO message_batch (company_id, batch_id, idempotency_key, fingerprint, created_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (company_id, idempotency_key) DO NOTHING",
    )
    .bind(batch.company.as_str())
    .bind(batch.id.to_string())
    .bind(&batch.key)
    .bind(&batch.fingerprint)
    .bind(micros(batch.created))
    .execute(&mut **tx)
    .await
    .map_err(store_error)?;
    if done.rows_affected() == 1 {
        return Ok(None);
    }
    known(tx, &batch.company, batch.key.as_deref().unwrap_or_default(), &batch.fingerprint).await
}

/// What is known of a key.
async fn known(
    connection: &mut SqliteConnection,
    company: &CompanyId,
    key: &str,
    fingerprint: &str,
) -> Result<Option<BatchAccepted>, StoreError> {
    let row =
        sqlx::query("SELECT batch_id, fingerprint FROM message_batch WHERE company_id = ? AND idempotency_key = ?")
            .bind(company.as_str())
            .bind(key)
            .fetch_optional(connection)
            .await
            .map_err(store_error)?;
    let Some(row) = row else { return Ok(None) };
    let same = get::<&str>(&row, "fingerprint")? == fingerprint;
    Ok(Some(if same { BatchAccepted::Known(get_parsed(&row, "batch_id")?) } else { BatchAccepted::KeyTaken }))
}

/// The parts of the messages that are there; none of what was counted before.
async fn parts(tx: &mut Tx, company: &CompanyId, ids: &[Uuid]) -> Result<HashMap<Uuid, Option<u32>>, StoreError> {
    let rows = sqlx::query(
        "SELECT message_id, iif(counted = 1, NULL, segments) AS segments FROM message
         WHERE company_id = ? AND message_id IN (SELECT value FROM json_each(?))",
    )
    .bind(company.as_str())
    .bind(json(&ids)?)
    .fetch_all(&mut **tx)
    .await
    .map_err(store_error)?;
    let known = rows.iter().map(|row| Ok((get_parsed(row, "message_id")?, get(row, "segments")?)));
    known.collect()
}

async fn tally(tx: &mut Tx, company: &CompanyId, day: Date) -> Result<Tally, StoreError> {
    let row = sqlx::query("SELECT messages, segments FROM message_day WHERE company_id = ? AND day = ?")
        .bind(company.as_str())
        .bind(day.to_string())
        .fetch_optional(&mut **tx)
        .await
        .map_err(store_error)?;
    let Some(row) = row else { return Ok(Tally::default()) };
    Ok(Tally { messages: count(get(&row, "messages")?), segments: count(get(&row, "segments")?) })
}

async fn record(tx: &mut Tx, company: &CompanyId, day: Date, tally: Tally, counted: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query("INSERT OR REPLACE INTO message_day (company_id, day, messages, segments) VALUES (?, ?, ?, ?)")
        .bind(company.as_str())
        .bind(day.to_string())
        .bind(tally.messages)
        .bind(tally.segments)
        .execute(&mut **tx)
        .await
        .map_err(store_error)?;
    sqlx::query(
        "UPDATE message SET counted = 1 WHERE company_id = ? AND message_id IN (SELECT value FROM json_each(?))",
    )
    .bind(company.as_str())
    .bind(json(&counted)?)
    .execute(&mut **tx)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// The message of our id, or else of the vendor's, after the report.
async fn reported(
    tx: &mut Tx,
    company: &CompanyId,
    id: Option<Uuid>,
    report: Report,
    now: Timestamp,
) -> Result<Option<Message>, StoreError> {
    let own = match id {
        Some(id) => messages::find(&mut **tx, company, id).await?,
        None => None,
    };
    let found = match own {
        Some(own) => Some(own),
        None => messages::find_by_provider(tx, company, &report.provider_id).await?,
    };
    let Some(mut message) = found else { return Ok(None) };
    let change = MessageChange::reported(message.id, report);
    messages::step(tx, company, &mut message, &change, now).await?;
    Ok(Some(message))
}

/// Whether a person's message was not told of before.
async fn is_news(tx: &mut Tx, company: &CompanyId, provider_id: &str, now: Timestamp) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO message_inbound (company_id, provider_id, received_at) VALUES (?, ?, ?)
         ON CONFLICT DO NOTHING",
    )
    .bind(company.as_str())
    .bind(provider_id)
    .bind(micros(now))
    .execute(&mut **tx)
    .await
    .map_err(store_error)?;
    Ok(done.rows_affected() == 1)
}
