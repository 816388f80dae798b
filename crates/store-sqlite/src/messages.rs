//! Statements on messages, inside a caller's transaction.

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::outbox::{Message, MessageChange, NewBatch};
use serde_json::json;
use sqlx::sqlite::{SqliteExecutor, SqliteRow};
use sqlx::{Sqlite, Transaction};
use uuid::Uuid;

use crate::contacts;
use crate::convert::{
    count, get, get_json, get_moment, get_optional_json, get_optional_moment, get_optional_word, get_parsed, get_word,
    json, micros, moment, store_error, word,
};

type Tx = Transaction<'static, Sqlite>;

/// Stores a batch's messages.
pub(crate) async fn insert(tx: &mut Tx, batch: &NewBatch) -> Result<(), StoreError> {
    let rows: Vec<_> = batch.messages.iter().map(columns).collect::<Result<_, _>>()?;
    sqlx::query(
        "INSERT INTO message (company_id, batch_id, message_id, lane, channel, given, number, content, media, segments,
                              urgent, send_at, user_id, status, hold, trouble, code, provider_id, created_at, updated_at)
         SELECT ?1, ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
                value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13,
                value ->> 14, value ->> 15, value ->> 16, value ->> 17
         FROM jsonb_each(?3)",
    )
    .bind(batch.company.as_str())
    .bind(batch.id.to_string())
    .bind(json(&rows)?)
    .execute(&mut **tx)
    .await
    .map_err(store_error)?;
    Ok(())
}

fn columns(of: &Message) -> Result<serde_json::Value, StoreError> {
    Ok(json!([
        of.id,
        of.lane,
        of.channel,
        of.given,
        of.to,
        json(&of.content)?,
        json(&of.media)?,
        of.segments,
        of.urgent,
        of.send_at.map(micros),
        of.user,
        of.status,
        of.hold,
        of.trouble.as_ref().map(json).transpose()?,
        of.code,
        of.provider_id,
        micros(of.created),
        micros(of.updated),
    ]))
}

/// One message.
pub(crate) async fn find(
    connection: impl SqliteExecutor<'_>,
    company: &CompanyId,
    id: Uuid,
) -> Result<Option<Message>, StoreError> {
    let row = sqlx::query("SELECT * FROM message WHERE company_id = ? AND message_id = ?")
        .bind(company.as_str())
        .bind(id.to_string())
        .fetch_optional(connection)
        .await
        .map_err(store_error)?;
    row.as_ref().map(message).transpose()
}

/// The message that has the vendor's id.
pub(crate) async fn find_by_provider(
    tx: &mut Tx,
    company: &CompanyId,
    provider_id: &str,
) -> Result<Option<Message>, StoreError> {
    let row = sqlx::query("SELECT * FROM message WHERE company_id = ? AND provider_id = ? ORDER BY message_id LIMIT 1")
        .bind(company.as_str())
        .bind(provider_id)
        .fetch_optional(&mut **tx)
        .await
        .map_err(store_error)?;
    row.as_ref().map(message).transpose()
}

/// Records a turn's steps; a message that is gone has none to take.
pub(crate) async fn apply(
    tx: &mut Tx,
    company: &CompanyId,
    now: Timestamp,
    changes: &[MessageChange],
) -> Result<(), StoreError> {
    for change in changes {
        if let Some(mut message) = find(&mut **tx, company, change.id).await? {
            step(tx, company, &mut message, change, now).await?;
        }
    }
    Ok(())
}

/// Takes a message's step, and what it tells of the recipient.
pub(crate) async fn step(
    tx: &mut Tx,
    company: &CompanyId,
    message: &mut Message,
    change: &MessageChange,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !message.step(change, moment(micros(now))?) {
        return Ok(());
    }
    save(tx, company, message).await?;
    match (&message.to, change.opt_out()) {
        (Some(to), Some(cause)) => contacts::opt_out(tx, company, (message.channel, to), now, cause).await,
        _ => Ok(()),
    }
}

/// Deletes messages, given with their requests, with what waits for them; and the requests of which none is left.
pub(crate) async fn forget(tx: &mut Tx, company: &CompanyId, rows: &[SqliteRow]) -> Result<(), StoreError> {
    let all = |column| rows.iter().map(|row| get::<&str>(row, column)).collect::<Result<Vec<_>, _>>();
    let (ids, batches) = (json(&all("message_id")?)?, json(&all("batch_id")?)?);
    for sql in [
        "DELETE FROM attempt WHERE company_id = ?1 AND work_key IN (SELECT value FROM json_each(?2))",
        "DELETE FROM work WHERE company_id = ?1 AND owner IN (SELECT value FROM json_each(?3))
                AND work_key IN (SELECT value FROM json_each(?2))",
        "DELETE FROM message WHERE company_id = ?1 AND message_id IN (SELECT value FROM json_each(?2))",
        "DELETE FROM message_batch WHERE company_id = ?1 AND batch_id IN (SELECT value FROM json_each(?3))
                AND NOT EXISTS (SELECT 1 FROM message WHERE message.company_id = ?1 AND message.batch_id = message_batch.batch_id)",
    ] {
        let query = sqlx::query(sql).bind(company.as_str()).bind(&ids).bind(&batches);
        query.execute(&mut **tx).await.map_err(store_error)?;
    }
    Ok(())
}

async fn save(tx: &mut Tx, company: &CompanyId, message: &Message) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE message SET status = ?3, hold = ?4, trouble = ?5, code = ?6, provider_id = ?7, updated_at = ?8, tries = ?9
         WHERE company_id = ?1 AND message_id = ?2",
    )
    .bind(company.as_str())
    .bind(message.id.to_string())
    .bind(word(&message.status)?)
    .bind(message.hold.as_ref().map(word).transpose()?)
    .bind(message.trouble.as_ref().map(json).transpose()?)
    .bind(&message.code)
    .bind(&message.provider_id)
    .bind(micros(message.updated))
    .bind(json(&message.tries)?)
    .execute(&mut **tx)
    .await
    .map_err(store_error)?;
    Ok(())
}

pub(crate) fn message(row: &SqliteRow) -> Result<Message, StoreError> {
    Ok(Message {
        id: get_parsed(row, "message_id")?,
        batch: get_parsed(row, "batch_id")?,
        lane: get(row, "lane")?,
        channel: get_word(row, "channel")?,
        given: get(row, "given")?,
        to: get_optional_word(row, "number")?,
        content: get_json(row, "content")?,
        media: get_json(row, "media")?,
        segments: count(get(row, "segments")?),
        urgent: get(row, "urgent")?,
        send_at: get_optional_moment(row, "send_at")?,
        user: get_optional_word(row, "user_id")?,
        status: get_word(row, "status")?,
        hold: get_optional_word(row, "hold")?,
        trouble: get_optional_json(row, "trouble")?,
        code: get(row, "code")?,
        provider_id: get(row, "provider_id")?,
        tries: get_json(row, "tries")?,
        created: get_moment(row, "created_at")?,
        updated: get_moment(row, "updated_at")?,
    })
}
