use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx;
use kopru_domain::CompanyId;
use kopru_domain::message::{Address, Channel, OptOutCause, OptWord};
use kopru_ports::StoreError;
use kopru_ports::outbox::{Contact, ContactStore, CountedDay, KeptBatch, KnownAddress, OptOut, Tally};
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::convert::{
    at, get, get_count, get_moment, get_optional_moment, get_optional_word, get_word, store_error, word,
};
use crate::database::PostgresStore;
use crate::sight::Sight;

#[async_trait]
impl ContactStore for PostgresStore {
    async fn contact(&self, company: &CompanyId, channel: Channel, address: &Address) -> Result<Contact, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let row =
            sqlx::query("SELECT * FROM kopru.message_contact WHERE company_id = $1 AND channel = $2 AND number = $3")
                .bind(company.as_str())
                .bind(word(&channel)?)
                .bind(address.as_str())
                .fetch_optional(&mut *tx)
                .await
                .map_err(store_error)?;
        row.as_ref().map_or_else(|| Ok(Contact::default()), contact)
    }

    async fn set_opt_out(&self, company: &CompanyId, out: &OptOut, is_out: bool) -> Result<(), StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        opt_out(&mut tx, company, (out.channel, &out.address), out.since, out.cause).await?;
        if !is_out {
            sqlx::query(
                "UPDATE kopru.message_contact SET opted_out_at = NULL, opt_out_cause = NULL
                 WHERE company_id = $1 AND channel = $2 AND number = $3",
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
        let mut tx = self.begin(Sight::Of(company)).await?;
        let rows = sqlx::query(
            "SELECT * FROM kopru.message_contact WHERE company_id = $1 AND opted_out_at IS NOT NULL
                    AND (channel, number) > (coalesce($2, ''), coalesce($3, '')) ORDER BY channel, number LIMIT $4",
        )
        .bind(company.as_str())
        .bind(channel.as_ref().map(word).transpose()?)
        .bind(address.as_ref().map(Address::as_str))
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
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
        let mut tx = self.begin(Sight::Of(company)).await?;
        let rows = sqlx::query(
            "SELECT * FROM kopru.message_contact WHERE company_id = $1
                    AND (channel, number) > (coalesce($2, ''), coalesce($3, '')) ORDER BY channel, number LIMIT $4",
        )
        .bind(company.as_str())
        .bind(channel.as_ref().map(word).transpose()?)
        .bind(address.as_ref().map(Address::as_str))
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
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
        let mut tx = self.begin(Sight::Of(company)).await?;
        let rows = sqlx::query(
            "SELECT * FROM kopru.message_batch WHERE company_id = $1 AND ($2::uuid IS NULL OR batch_id > $2)
             ORDER BY batch_id LIMIT $3",
        )
        .bind(company.as_str())
        .bind(after)
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await
        .map_err(store_error)?;
        rows.iter().map(batch).collect()
    }

    async fn days(&self, company: &CompanyId, after: Option<Date>, limit: u32) -> Result<Vec<CountedDay>, StoreError> {
        let mut tx = self.begin(Sight::Of(company)).await?;
        let rows = sqlx::query(
            "SELECT * FROM kopru.message_day WHERE company_id = $1 AND ($2::date IS NULL OR day > $2)
             ORDER BY day LIMIT $3",
        )
        .bind(company.as_str())
        .bind(after.map(ToSqlx::to_sqlx))
        .bind(i64::from(limit))
        .fetch_all(&mut *tx)
        .await
        .map_err(store_error)?;
        rows.iter().map(counted).collect()
    }
}

/// Ends messages to an address; the first moment and cause stay.
pub(crate) async fn opt_out(
    connection: &mut PgConnection,
    company: &CompanyId,
    (channel, address): (Channel, &Address),
    since: Timestamp,
    cause: OptOutCause,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO kopru.message_contact AS known
                (company_id, channel, number, opted_out_at, opt_out_cause) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (company_id, channel, number) DO UPDATE SET
                opted_out_at = coalesce(known.opted_out_at, excluded.opted_out_at),
                opt_out_cause = CASE WHEN known.opted_out_at IS NULL THEN excluded.opt_out_cause
                                     ELSE known.opt_out_cause END",
    )
    .bind(company.as_str())
    .bind(word(&channel)?)
    .bind(address.as_str())
    .bind(at(since))
    .bind(word(&cause)?)
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// A person wrote.
pub(crate) async fn heard(
    connection: &mut PgConnection,
    company: &CompanyId,
    (channel, from, asks): (Channel, &Address, Option<OptWord>),
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO kopru.message_contact AS known (company_id, channel, number, opted_out_at, last_inbound_at)
         VALUES ($1, $2, $3, CASE WHEN $5 = 'stop' THEN $4 END, $4)
         ON CONFLICT (company_id, channel, number) DO UPDATE SET
                last_inbound_at = greatest(known.last_inbound_at, excluded.last_inbound_at),
                opted_out_at = CASE WHEN $5 = 'start' THEN NULL
                                    ELSE coalesce(known.opted_out_at, excluded.opted_out_at) END,
                opt_out_cause = CASE WHEN $5 = 'start' THEN NULL ELSE known.opt_out_cause END",
    )
    .bind(company.as_str())
    .bind(word(&channel)?)
    .bind(from.as_str())
    .bind(at(now))
    .bind(asks.as_ref().map(word).transpose()?)
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(())
}

pub(crate) fn contact(row: &PgRow) -> Result<Contact, StoreError> {
    Ok(Contact {
        opted_out: get_optional_moment(row, "opted_out_at")?.map(|since| Ok((since, cause(row)?))).transpose()?,
        last_inbound: get_optional_moment(row, "last_inbound_at")?,
    })
}

fn out(row: &PgRow) -> Result<OptOut, StoreError> {
    Ok(OptOut {
        channel: get_word(row, "channel")?,
        address: get_word(row, "number")?,
        since: get_moment(row, "opted_out_at")?,
        cause: cause(row)?,
    })
}

fn known(row: &PgRow) -> Result<KnownAddress, StoreError> {
    Ok(KnownAddress { channel: get_word(row, "channel")?, address: get_word(row, "number")?, contact: contact(row)? })
}

fn batch(row: &PgRow) -> Result<KeptBatch, StoreError> {
    let (id, created) = (get(row, "batch_id")?, get_moment(row, "created_at")?);
    Ok(KeptBatch { id, key: get(row, "idempotency_key")?, created })
}

fn counted(row: &PgRow) -> Result<CountedDay, StoreError> {
    let tally = Tally { messages: get_count(row, "messages")?, segments: get_count(row, "segments")? };
    Ok(CountedDay { day: get::<jiff_sqlx::Date>(row, "day")?.to_jiff(), tally })
}

/// Who opted out before there were other causes had asked for it.
fn cause(row: &PgRow) -> Result<OptOutCause, StoreError> {
    Ok(get_optional_word(row, "opt_out_cause")?.unwrap_or_default())
}
