//! Between the database's types and ours.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kopru_ports::{Retry, StoreError, StoreErrorKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::postgres::PgRow;

const STORE: &str = "postgres";

pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    let conflict =
        error.as_database_error().is_some_and(|error| error.is_unique_violation() || error.is_foreign_key_violation());
    let (kind, retry) = match &error {
        _ if conflict => (StoreErrorKind::Conflict, Retry::Never),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => (StoreErrorKind::Unreadable, Retry::Never),
        _ => (StoreErrorKind::Unavailable, Retry::After(None)),
    };
    StoreError::new(STORE, kind, retry).caused_by(error)
}

pub(crate) fn conflict() -> StoreError {
    StoreError::new(STORE, StoreErrorKind::Conflict, Retry::Never)
}

pub(crate) fn stale() -> StoreError {
    StoreError::new(STORE, StoreErrorKind::StaleLease, Retry::Never)
}

pub(crate) fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::new(STORE, StoreErrorKind::Unreadable, Retry::Never).caused_by(error)
}

/// A moment as the database keeps it: whole microseconds, cut off and not rounded.
pub(crate) fn at(moment: Timestamp) -> jiff_sqlx::Timestamp {
    Timestamp::from_microsecond(moment.as_microsecond()).unwrap_or(moment).to_sqlx()
}

/// Other people's text: PostgreSQL keeps every character but one.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { Cow::Borrowed(text) }
}

pub(crate) fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(unreadable)
}

/// A column's value, or the error that names the column.
pub(crate) fn get<'r, T>(row: &'r PgRow, column: &str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(column).map_err(store_error)
}

pub(crate) fn get_json<T: DeserializeOwned>(row: &PgRow, column: &str) -> Result<T, StoreError> {
    serde_json::from_str(get::<&str>(row, column)?).map_err(unreadable)
}

pub(crate) fn get_optional_json<T: DeserializeOwned>(row: &PgRow, column: &str) -> Result<Option<T>, StoreError> {
    let text: Option<&str> = get(row, column)?;
    text.map(|text| serde_json::from_str(text).map_err(unreadable)).transpose()
}

/// A value that is one word in JSON (`"active"`), stored as that word.
pub(crate) fn word<T: Serialize>(value: &T) -> Result<String, StoreError> {
    Ok(json(value)?.trim_matches('"').to_owned())
}

pub(crate) fn get_word<T: DeserializeOwned>(row: &PgRow, column: &str) -> Result<T, StoreError> {
    let text: &str = get(row, column)?;
    serde_json::from_value(serde_json::Value::from(text)).map_err(unreadable)
}

pub(crate) fn get_optional_word<T: DeserializeOwned>(row: &PgRow, column: &str) -> Result<Option<T>, StoreError> {
    let text: Option<&str> = get(row, column)?;
    text.map(|text| serde_json::from_value(serde_json::Value::from(text)).map_err(unreadable)).transpose()
}

pub(crate) fn get_moment(row: &PgRow, column: &str) -> Result<Timestamp, StoreError> {
    Ok(get::<jiff_sqlx::Timestamp>(row, column)?.to_jiff())
}

pub(crate) fn get_optional_moment(row: &PgRow, column: &str) -> Result<Option<Timestamp>, StoreError> {
    Ok(get::<Option<jiff_sqlx::Timestamp>>(row, column)?.map(jiff_sqlx::Timestamp::to_jiff))
}

pub(crate) fn get_parsed<T>(row: &PgRow, column: &str) -> Result<T, StoreError>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    get::<&str>(row, column)?.parse().map_err(|error: T::Err| unreadable(error))
}

/// A whole number that is never negative, and never too great for what it counts.
pub(crate) fn get_count(row: &PgRow, column: &str) -> Result<u32, StoreError> {
    Ok(u32::try_from(get::<i64>(row, column)?).unwrap_or(u32::MAX))
}
