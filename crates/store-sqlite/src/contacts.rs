use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use kopru_domain::CompanyId;
use kopru_domain::message::{Address, Channel, OptOutCause, OptWord};
use kopru_ports::StoreError;
use kopru_ports::outbox::{Contact, ContactStore, CountedDay, KeptBatch, KnownAddress, OptOut, Tally};
use sqlx::sqlite::SqliteRow;
use sqlx::{Sqlite, Transaction};
use uuid::Uuid;

use crate::convert::{
    count, get, get_moment, get_optional_moment, get_optional_word, get_parsed, get_word, micros, store_error, word,
};
use crate::database::SqliteStore;

type Tx = Transaction<'static, Sqlite>;

#[async_trait]
impl ContactStore for SqliteStore {
    async fn contact(&self, company: &CompanyId, channel: Channel, address: &Address) -> Result<Contact, StoreError> {
        let row = sqlx::query("SELECT * FROM message_contact WHERE company_id = ? AND channel = ? AND number = ?")
            .bind(company.as_str())
            .bind(word(&channel)?)
            .bind(address.as_str())
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        row.as_ref().map_or_else(|| Ok(Contact::default()), contact)
    }

    async fn set_opt_out(&self, company: &CompanyId, out: &OptOut, is_out: bool) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        opt_out(&mut tx, company, (out.channel, &out.address), out.since, out.cause).await?;
        if !is_out {
            sqlx::query(
                "UPDATE message_contact SET opted_out_at = NULL, opt_out_cause = NULL WHERE company_id = ? AND channel = ? AND number = ?",
            )
            .bind(company.as_str())
            .bind(word(&out.channel)?)
            .bind(out.address.as_str())
            .execute(&mut *tx)
            .await
            .map_err(store_error)?;
        }
        tx.commit().await.map_err(store_error)
    }

    async fn opt_outs(
        &self,
        company: &CompanyId,
        after: Option<(Channel, Address)>,
        limit: u32,
    ) -> Result<Vec<OptOut>, StoreError> {
        let (channel, address) = after.unzip();
        let rows = sqlx::query(
            "SELECT * FROM message_contact WHERE company_id = ?1 AND opted_out_at IS NOT NULL
             AND (channel, number) > (coalesce(?2, ''), coalesce(?3, '')) ORDER BY channel, number LIMIT ?4",
        )
        .bind(company.as_str())
        .bind(channel.as_ref().map(word).transpose()?)
        .bind(address.as_ref().map(Address::as_str))
        .bind(limit)
        .fetch_all(&self.readers)
        .await
        .map_err(store_error)?;
        rows.iter().map(out).collect()
    }

    async fn contacts(
        &self,
        company: &CompanyId,
        after: Option<(Channel, Address)>,
        limit: u32,
    ) -> Result<Vec<KnownAddress>, StoreError> {
        let (channel, address) = after.unzip();
        let rows = sqlx::query(
            "SELECT * FROM message_contact WHERE company_id = ?1
             AND (channel, number) > (coalesce(?2, ''), coalesce(?3, '')) ORDER BY channel, number LIMIT ?4",
        )
        .bind(company.as_str())
        .bind(channel.as_ref().map(word).transpose()?)
        .bind(address.as_ref().map(Address::as_str))
        .bind(limit)
        .fetch_all(&self.readers)
        .await
        .map_err(store_error)?;
        rows.iter().map(known).collect()
    }

    async fn batches(
        &self,
        company: &CompanyId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<KeptBatch>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM message_batch WHERE company_id = ? AND batch_id > ? ORDER BY batch_id LIMIT ?")
                .bind(company.as_str())
                .bind(after.map(|after| after.to_string()).unwrap_or_default())
                .bind(limit)
                .fetch_all(&self.readers)
                .await
                .map_err(store_error)?;
        rows.iter().map(batch).collect()
    }

    async fn days(&self, company: &CompanyId, after: Option<Date>, limit: u32) -> Result<Vec<CountedDay>, StoreError> {
        let rows = sqlx::query("SELECT * FROM message_day WHERE company_id = ? AND day > ? ORDER BY day LIMIT ?")
            .bind(company.as_str())
            .bind(after.map(|after| after.to_string()).unwrap_or_default())
            .bind(limit)
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?;
        rows.iter().map(counted).collect()
    }
}

/// Ends messages to an address; the first moment and cause stay.
pub(crate) async fn opt_out(
    tx: &mut Tx,
    company: &CompanyId,
    (channel, address): (Channel, &Address),
    since: Timestamp,
    cause: OptOutCause,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO message_contact (company_id, channel, number, opted_out_at, opt_out_cause) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET opted_out_at = coalesce(opted_out_at, excluded.opted_out_at),
                opt_out_cause = iif(opted_out_at IS NULL, excluded.opt_out_cause, opt_out_cause)",
    )
    .bind(company.as_str())
    .bind(word(&channel)?)
    .bind(address.as_str())
    .bind(micros(since))
    .bind(word(&cause)?)
    .execute(&mut **tx)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// A person wrote.
pub(crate) async fn heard(
    tx: &mut Tx,
    company: &CompanyId,
    (channel, from, asks): (Channel, &Address, Option<OptWord>),
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO message_contact (company_id, channel, number, opted_out_at, last_inbound_at)
         VALUES (?1, ?2, ?3, iif(?5 = 'stop', ?4, NULL), ?4)
         ON CONFLICT DO UPDATE SET last_inbound_at = max(coalesce(last_inbound_at, ?4), ?4),
                opted_out_at = CASE WHEN ?5 = 'start' THEN NULL ELSE coalesce(opted_out_at, excluded.opted_out_at) END,
                opt_out_cause = iif(?5 = 'start', NULL, opt_out_cause)",
    )
    .bind(company.as_str())
    .bind(word(&channel)?)
    .bind(from.as_str())
    .bind(micros(now))
    .bind(asks.as_ref().map(word).transpose()?)
    .execute(&mut **tx)
    .await
    .map_err(store_error)?;
    Ok(())
}

pub(crate) fn contact(row: &SqliteRow) -> Result<Contact, StoreError> {
    Ok(Contact {
        opted_out: get_optional_moment(row, "opted_out_at")?.map(|since| Ok((since, cause(row)?))).transpose()?,
        last_inbound: get_optional_moment(row, "last_inbound_at")?,
    })
}

fn out(row: &SqliteRow) -> Result<OptOut, StoreError> {
    Ok(OptOut {
        channel: get_word(row, "channel")?,
        address: get_word(row, "number")?,
        since: get_moment(row, "opted_out_at")?,
        cause: cause(row)?,
    })
}

fn known(row: &SqliteRow) -> Result<KnownAddress, StoreError> {
    Ok(KnownAddress { channel: get_word(row, "channel")?, address: get_word(row, "number")?, contact: contact(row)? })
}

fn batch(row: &SqliteRow) -> Result<KeptBatch, StoreError> {
    let (id, created) = (get_parsed(row, "batch_id")?, get_moment(row, "created_at")?);
    Ok(KeptBatch { id, key: get(row, "idempotency_key")?, created })
}

fn counted(row: &SqliteRow) -> Result<CountedDay, StoreError> {
    let tally = Tally { messages: count(get(row, "messages")?), segments: count(get(row, "segments")?) };
    Ok(CountedDay { day: get_parsed(row, "day")?, tally })
}

/// Who opted out before there were other causes had asked for it.
fn cause(row: &SqliteRow) -> Result<OptOutCause, StoreError> {
    Ok(get_optional_word(row, "opt_out_cause")?.unwrap_or_default())
}
