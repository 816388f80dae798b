//! Statements on messages, inside a caller's transaction. Messages are locked in the order of their ids, and what is
//! known of numbers and days after them.

use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_ports::StoreError;
use kopru_ports::outbox::{Message, MessageChange, NewBatch};
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::contacts;
use crate::convert::{
    at, get, get_count, get_json, get_moment, get_optional_json, get_optional_moment, get_optional_word, get_word,
    json, store_error, text, word,
};

/// Stores a batch's messages.
pub(crate) async fn insert(connection: &mut PgConnection, batch: &NewBatch) -> Result<(), StoreError> {
    let of = Columns(&batch.messages);
    sqlx::query(
        "INSERT INTO kopru.message (company_id, batch_id, message_id, lane, channel, given, number, content, media,
                segments, urgent, send_at, user_id, status, hold, trouble, code, provider_id, created_at, updated_at)
         SELECT $1, $2, * FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::bigint[], $11::boolean[], $12::timestamptz[], $13::text[], $14::text[], $15::text[],
                $16::text[], $17::text[], $18::text[], $19::timestamptz[], $20::timestamptz[])",
    )
    .bind(batch.company.as_str())
    .bind(batch.id)
    .bind(of.each(|message| message.id))
    .bind(of.each(|message| message.lane.as_str()))
    .bind(of.all(|message| word(&message.channel))?)
    .bind(of.each(|message| text(&message.given)))
    .bind(of.all(|message| message.to.as_ref().map(word).transpose())?)
    .bind(of.all(|message| json(&message.content))?)
    .bind(of.all(|message| json(&message.media))?)
    .bind(of.each(|message| i64::from(message.segments)))
    .bind(of.each(|message| message.urgent))
    .bind(of.each(|message| message.send_at.map(at)))
    .bind(of.all(|message| message.user.as_ref().map(word).transpose())?)
    .bind(of.all(|message| word(&message.status))?)
    .bind(of.all(|message| message.hold.as_ref().map(word).transpose())?)
    .bind(of.all(|message| message.trouble.as_ref().map(json).transpose())?)
    .bind(of.each(|message| message.code.as_deref().map(text)))
    .bind(of.each(|message| message.provider_id.as_deref().map(text)))
    .bind(of.each(|message| at(message.created)))
    .bind(of.each(|message| at(message.updated)))
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// Messages, column by column.
struct Columns<'a>(&'a [Message]);

impl<'a> Columns<'a> {
    fn each<T>(&self, of: impl Fn(&'a Message) -> T) -> Vec<T> {
        self.0.iter().map(of).collect()
    }

    fn all<T>(&self, of: impl Fn(&'a Message) -> Result<T, StoreError>) -> Result<Vec<T>, StoreError> {
        self.0.iter().map(of).collect()
    }
}

/// One message.
pub(crate) async fn find(
    connection: &mut PgConnection,
    company: &CompanyId,
    id: Uuid,
) -> Result<Option<Message>, StoreError> {
    let row = sqlx::query("SELECT * FROM kopru.message WHERE company_id = $1 AND message_id = $2")
        .bind(company.as_str())
        .bind(id)
        .fetch_optional(connection)
        .await
        .map_err(store_error)?;
    row.as_ref().map(message).transpose()
}

/// Locks those of the messages that are there, and gives them in the order of their ids.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    company: &CompanyId,
    ids: &[Uuid],
) -> Result<Vec<Message>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM kopru.message WHERE company_id = $1 AND message_id = ANY ($2) ORDER BY message_id
         FOR NO KEY UPDATE",
    )
    .bind(company.as_str())
    .bind(ids)
    .fetch_all(connection)
    .await
    .map_err(store_error)?;
    rows.iter().map(message).collect()
}

/// Locks the message that has the vendor's id.
pub(crate) async fn lock_by_provider(
    connection: &mut PgConnection,
    company: &CompanyId,
    provider_id: &str,
) -> Result<Option<Message>, StoreError> {
    let row = sqlx::query(
        "SELECT * FROM kopru.message WHERE company_id = $1 AND provider_id = $2 ORDER BY message_id LIMIT 1
         FOR NO KEY UPDATE",
    )
    .bind(company.as_str())
    .bind(text(provider_id))
    .fetch_optional(connection)
    .await
    .map_err(store_error)?;
    row.as_ref().map(message).transpose()
}

/// Deletes messages, given with their requests, with what waits for them; and the requests of which none is left.
pub(crate) async fn forget(
    connection: &mut PgConnection,
    company: &CompanyId,
    rows: &[PgRow],
) -> Result<(), StoreError> {
    let all = |column| rows.iter().map(|row| get::<Uuid>(row, column)).collect::<Result<Vec<_>, _>>();
    let (ids, batches) = (all("message_id")?, all("batch_id")?);
    for sql in [
        "DELETE FROM kopru.attempt WHERE company_id = $1 AND work_key = ANY ($2::uuid[]::text[])",
        "DELETE FROM kopru.work WHERE company_id = $1 AND owner = ANY ($3::uuid[]::text[])
                AND work_key = ANY ($2::uuid[]::text[])",
        "DELETE FROM kopru.message WHERE company_id = $1 AND message_id = ANY ($2)",
        "DELETE FROM kopru.message_batch WHERE company_id = $1 AND batch_id = ANY ($3)
                AND NOT EXISTS (SELECT 1 FROM kopru.message
                                WHERE message.company_id = $1 AND message.batch_id = message_batch.batch_id)",
    ] {
        let query = sqlx::query(sql).bind(company.as_str()).bind(&ids).bind(&batches);
        query.execute(&mut *connection).await.map_err(store_error)?;
    }
    Ok(())
}

/// Records a turn's steps; a message that is gone has none to take.
pub(crate) async fn apply(
    connection: &mut PgConnection,
    company: &CompanyId,
    now: Timestamp,
    changes: &[MessageChange],
) -> Result<(), StoreError> {
    let ids: Vec<_> = changes.iter().map(|change| change.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    for mut message in lock(connection, company, &ids).await? {
        let id = message.id;
        for change in changes.iter().filter(|change| change.id == id) {
            step(connection, company, &mut message, change, now).await?;
        }
    }
    Ok(())
}

/// Takes the step of a message that is locked, and what it tells of the recipient.
pub(crate) async fn step(
    connection: &mut PgConnection,
    company: &CompanyId,
    message: &mut Message,
    change: &MessageChange,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !message.step(change, at(now).to_jiff()) {
        return Ok(());
    }
    save(connection, company, message).await?;
    match (&message.to, change.opt_out()) {
        (Some(to), Some(cause)) => contacts::opt_out(connection, company, (message.channel, to), now, cause).await,
        _ => Ok(()),
    }
}

async fn save(connection: &mut PgConnection, company: &CompanyId, message: &Message) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE kopru.message SET status = $3, hold = $4, trouble = $5, code = $6, provider_id = $7, updated_at = $8, tries = $9
         WHERE company_id = $1 AND message_id = $2",
    )
    .bind(company.as_str())
    .bind(message.id)
    .bind(word(&message.status)?)
    .bind(message.hold.as_ref().map(word).transpose()?)
    .bind(message.trouble.as_ref().map(json).transpose()?)
    .bind(message.code.as_deref().map(text))
    .bind(message.provider_id.as_deref().map(text))
    .bind(at(message.updated))
    .bind(json(&message.tries)?)
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(())
}

pub(crate) fn message(row: &PgRow) -> Result<Message, StoreError> {
    Ok(Message {
        id: get(row, "message_id")?,
        batch: get(row, "batch_id")?,
        lane: get(row, "lane")?,
        channel: get_word(row, "channel")?,
        given: get(row, "given")?,
        to: get_optional_word(row, "number")?,
        content: get_json(row, "content")?,
        media: get_json(row, "media")?,
        segments: get_count(row, "segments")?,
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
