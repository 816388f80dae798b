use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use kopru_domain::CompanyId;
use kopru_domain::message::MessageStatus;
use kopru_ports::StoreError;
use kopru_ports::inbound::InboundMessage;
use kopru_ports::messages::Report;
use kopru_ports::outbox::{
    BatchAccepted, Caps, Message, MessageChange, MessageQuery, NewBatch, OutboxStore, Outgoing, Tally, Told,
};
use sqlx::{PgConnection, QueryBuilder};
use uuid::Uuid;

use crate::convert::{at, get, get_count, store_error, text, word};
use crate::database::PostgresStore;
use crate::sight::Sight;
use crate::{contacts, lanes, messages, work};

#[async_trait]
impl OutboxStore for PostgresStore {
    async fn accept(&self, batch: NewBatch) -> Result<BatchAccepted, StoreError> {
        let mut tx = self.begin(Sight::Of(&batch.company)).await?;
        if let Some(known) = begin_batch(&mut tx, &batch).await? {
            return Ok(known);
        }
        messages::insert(&mut tx, &batch).await?;
        lanes::enqueue(&mut tx, &batch.work, Some(batch.created)).await?;
        tx.commit().await.map_err(store_error)?;
        Ok(BatchAccepted::Stored)
    }

    async fn known(
        &self,
        company: &CompanyId,
        key: &str,
        fingerprint: &str,
    ) -> Result<Option<BatchAccepted>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        known(&mut tx, company, key, fingerprint).await
    }

    async fn messages(&self, company: &CompanyId, query: MessageQuery) -> Result<Vec<Message>, StoreError> {
        let mut sql = QueryBuilder::new("SELECT * FROM kopru.message WHERE company_id = ");
        sql.push_bind(company.as_str());
        if let Some(batch) = query.batch {
            sql.push(" AND batch_id = ").push_bind(batch);
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
            sql.push(" AND message_id < ").push_bind(before);
        }
        sql.push(" ORDER BY message_id DESC LIMIT ").push_bind(i64::from(query.limit));
        let mut tx = self.begin(Sight::Of(company)).await?;
        let rows = sql.build().fetch_all(&mut *tx).await.map_err(store_error)?;
        rows.iter().map(messages::message).collect()
    }

    async fn message(&self, company: &CompanyId, id: Uuid) -> Result<Option<Message>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        messages::find(&mut tx, company, id).await
    }

    async fn outgoing(&self, company: &CompanyId, ids: &[Uuid]) -> Result<Vec<Outgoing>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let rows = sqlx::query(
            "SELECT message.*, opted_out_at, opt_out_cause, last_inbound_at
             FROM kopru.message LEFT JOIN kopru.message_contact USING (company_id, channel, number)
             WHERE company_id = $1 AND message_id = ANY ($2) AND number IS NOT NULL ORDER BY message_id",
        )
        .bind(company.as_str())
        .bind(ids)
        .fetch_all(&mut *tx)
        .await
        .map_err(store_error)?;
        let outgoing = rows.iter().map(|row| {
            let (message, contact) = (messages::message(row)?, contacts::contact(row)?);
            Ok(message.to.clone().map(|to| Outgoing { message, to, contact }))
        });
        outgoing.filter_map(Result::transpose).collect()
    }

    async fn count(&self, company: &CompanyId, day: Date, caps: Caps, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let parts = lock_parts(&mut tx, company, ids).await?;
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        let mut tally = lock_day(&mut tx, company, day).await?;
        let (may_go, counted) = tally.grant(caps, ids, parts);
        if !counted.is_empty() {
            record(&mut tx, company, day, tally, &counted).await?;
            tx.commit().await.map_err(store_error)?;
        }
        Ok(may_go)
    }

    async fn told(&self, company: &CompanyId, told: Told, now: Timestamp) -> Result<Option<Message>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
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

    /// Its lane is locked before it: nobody freezes it meanwhile.
    async fn cancel(&self, company: &CompanyId, id: Uuid, now: Timestamp) -> Result<Option<Message>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let Some(seen) = messages::find(&mut tx, company, id).await? else { return Ok(None) };
        lanes::hold(&mut tx, company, &seen.lane).await?;
        let Some(mut message) = messages::lock(&mut tx, company, &[id]).await?.pop() else { return Ok(None) };
        if message.waits_here() && !work::has_attempt(&mut tx, (company, &message.lane), &id.to_string()).await? {
            let change = MessageChange::to(id, MessageStatus::Canceled);
            messages::step(&mut tx, company, &mut message, &change, now).await?;
            tx.commit().await.map_err(store_error)?;
        }
        Ok(Some(message))
    }

    async fn is_in_doubt(&self, company: &CompanyId, id: Uuid) -> Result<bool, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let Some(message) = messages::find(&mut tx, company, id).await? else { return Ok(false) };
        work::has_attempt(&mut tx, (company, &message.lane), &id.to_string()).await
    }
}

/// Stores a request unless its key is known; what is known of the key. Waits for another request with the key that is
/// stored just now.
async fn begin_batch(connection: &mut PgConnection, batch: &NewBatch) -> Result<Option<BatchAccepted>, StoreError> {
    let key = batch.key.as_deref().map(text);
    let done = sqlx::query(
        "INSERT INTO kopru.message_batch (company_id, batch_id, idempotency_key, fingerprint, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (company_id, idempotency_key) DO NOTHING",
    )
    .bind(batch.company.as_str())
    .bind(batch.id)
    .bind(&key)
    .bind(&batch.fingerprint)
    .bind(at(batch.created))
    .execute(&mut *connection)
    .await
    .map_err(store_error)?;
    if done.rows_affected() == 1 {
        return Ok(None);
    }
    known(connection, &batch.company, batch.key.as_deref().unwrap_or_default(), &batch.fingerprint).await
}

/// What is known of a key.
async fn known(
    connection: &mut PgConnection,
    company: &CompanyId,
    key: &str,
    fingerprint: &str,
) -> Result<Option<BatchAccepted>, StoreError> {
    let row = sqlx::query(
        "SELECT batch_id, fingerprint FROM kopru.message_batch WHERE company_id = $1 AND idempotency_key = $2",
    )
    .bind(company.as_str())
    .bind(text(key))
    .fetch_optional(connection)
    .await
    .map_err(store_error)?;
    let Some(row) = row else { return Ok(None) };
    let same = get::<&str>(&row, "fingerprint")? == fingerprint;
    Ok(Some(if same { BatchAccepted::Known(get(&row, "batch_id")?) } else { BatchAccepted::KeyTaken }))
}

/// Locks the messages that are there; their parts, and none of what was counted before.
async fn lock_parts(
    connection: &mut PgConnection,
    company: &CompanyId,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Option<u32>>, StoreError> {
    let rows = sqlx::query(
        "SELECT message_id, segments, counted FROM kopru.message
         WHERE company_id = $1 AND message_id = ANY ($2) ORDER BY message_id FOR NO KEY UPDATE",
    )
    .bind(company.as_str())
    .bind(ids)
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    let parts = rows.iter().map(|row| {
        let parts = if get(row, "counted")? { None } else { Some(get_count(row, "segments")?) };
        Ok((get(row, "message_id")?, parts))
    });
    parts.collect()
}

async fn lock_day(connection: &mut PgConnection, company: &CompanyId, day: Date) -> Result<Tally, StoreError> {
    let row = sqlx::query(
        "INSERT INTO kopru.message_day AS known (company_id, day) VALUES ($1, $2)
         ON CONFLICT (company_id, day) DO UPDATE SET messages = known.messages
         RETURNING messages, segments",
    )
    .bind(company.as_str())
    .bind(day.to_sqlx())
    .fetch_one(connection)
    .await
    .map_err(store_error)?;
    Ok(Tally { messages: get_count(&row, "messages")?, segments: get_count(&row, "segments")? })
}

async fn record(
    connection: &mut PgConnection,
    company: &CompanyId,
    day: Date,
    tally: Tally,
    counted: &[Uuid],
) -> Result<(), StoreError> {
    sqlx::query("UPDATE kopru.message_day SET messages = $3, segments = $4 WHERE company_id = $1 AND day = $2")
        .bind(company.as_str())
        .bind(day.to_sqlx())
        .bind(i64::from(tally.messages))
        .bind(i64::from(tally.segments))
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    sqlx::query("UPDATE kopru.message SET counted = true WHERE company_id = $1 AND message_id = ANY ($2)")
        .bind(company.as_str())
        .bind(counted)
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

/// The message of our id, or else of the vendor's, after the report.
async fn reported(
    connection: &mut PgConnection,
    company: &CompanyId,
    id: Option<Uuid>,
    report: Report,
    now: Timestamp,
) -> Result<Option<Message>, StoreError> {
    let own = messages::lock(connection, company, id.as_slice()).await?.pop();
    let found = match own {
        Some(own) => Some(own),
        None => messages::lock_by_provider(connection, company, &report.provider_id).await?,
    };
    let Some(mut message) = found else { return Ok(None) };
    let change = MessageChange::reported(message.id, report);
    messages::step(connection, company, &mut message, &change, now).await?;
    Ok(Some(message))
}

/// Whether a person's message was not told of before.
async fn is_news(
    connection: &mut PgConnection,
    company: &CompanyId,
    provider_id: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO kopru.message_inbound (company_id, provider_id, received_at) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
    )
    .bind(company.as_str())
    .bind(text(provider_id))
    .bind(at(now))
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(done.rows_affected() == 1)
}
