//! Sheets version 4: paths, scopes and quotas.
//! <https://developers.google.com/workspace/sheets/api/reference/rest>

use axum::{
    Json,
    body::Bytes,
    extract::{Path, RawQuery, State as Extracted},
    http::{HeaderMap, Method},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    access::{self, Query, authorise},
    batch_update,
    errors::{self, ApiError},
    sheets_read, sheets_write,
    state::{Spreadsheet, State},
};
use crate::{events::Event, server::Shared};

/// What the path asks for, after the spreadsheet's id.
#[derive(Debug, PartialEq)]
enum Operation<'a> {
    Get,
    BatchUpdate,
    ValuesGet(&'a str),
    ValuesBatchGet,
    ValuesBatchGetByFilter,
    ValuesUpdate(&'a str),
    ValuesAppend(&'a str),
    ValuesBatchUpdate,
    ValuesBatchUpdateByFilter,
}

fn operation<'a>(method: &Method, tail: &'a str) -> Option<Operation<'a>> {
    let range = tail.strip_prefix("/values/");
    Some(match (method.as_str(), tail) {
        ("GET", "") => Operation::Get,
        ("POST", ":batchUpdate") => Operation::BatchUpdate,
        ("GET", "/values:batchGet") => Operation::ValuesBatchGet,
        ("POST", "/values:batchGetByDataFilter") => Operation::ValuesBatchGetByFilter,
        ("POST", "/values:batchUpdate") => Operation::ValuesBatchUpdate,
        ("POST", "/values:batchUpdateByDataFilter") => Operation::ValuesBatchUpdateByFilter,
        ("GET", _) => Operation::ValuesGet(range?),
        ("PUT", _) => Operation::ValuesUpdate(range?),
        ("POST", _) => Operation::ValuesAppend(range?.strip_suffix(":append")?),
        _ => return None,
    })
}

impl Operation<'_> {
    fn is_read(&self) -> bool {
        use Operation::{Get, ValuesBatchGet, ValuesBatchGetByFilter, ValuesGet};
        matches!(self, Get | ValuesGet(_) | ValuesBatchGet | ValuesBatchGetByFilter)
    }

    fn query_keys(&self) -> &'static [&'static str] {
        match self {
            Self::Get => &["ranges", "includeGridData", "excludeTablesInBandedRanges", "commentsViewMode"],
            Self::ValuesGet(_) => &["majorDimension", "valueRenderOption", "dateTimeRenderOption"],
            Self::ValuesBatchGet => &["ranges", "majorDimension", "valueRenderOption", "dateTimeRenderOption"],
            Self::ValuesUpdate(_) | Self::ValuesAppend(_) => &[
                "valueInputOption",
                "insertDataOption",
                "includeValuesInResponse",
                "responseValueRenderOption",
                "responseDateTimeRenderOption",
            ],
            _ => &[],
        }
    }

    fn run(&self, spreadsheet: &mut Spreadsheet, query: &Query, body: &[u8]) -> Result<Value, ApiError> {
        match self {
            Self::Get => sheets_read::get(spreadsheet, query),
            Self::ValuesGet(range) => sheets_read::values(spreadsheet, range, query),
            Self::ValuesBatchGet => sheets_read::values_batch(spreadsheet, query),
            Self::ValuesBatchGetByFilter => sheets_read::values_by_filter(spreadsheet, &parsed(body)?),
            Self::ValuesUpdate(range) => sheets_write::update(spreadsheet, range, query, parsed(body)?),
            Self::ValuesAppend(range) => sheets_write::append(spreadsheet, range, query, parsed(body)?),
            Self::ValuesBatchUpdate => sheets_write::batch(spreadsheet, parsed(body)?),
            Self::ValuesBatchUpdateByFilter => sheets_write::batch_by_filter(spreadsheet, parsed(body)?),
            Self::BatchUpdate => batch_update::run(spreadsheet, parsed(body)?),
        }
    }
}

pub(super) async fn handle(
    Extracted(app): Extracted<Shared>,
    method: Method,
    headers: HeaderMap,
    Path(rest): Path<String>,
    RawQuery(query): RawQuery,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    let end = rest.find(['/', ':']).unwrap_or(rest.len());
    let (id, tail) = rest.split_at(end);
    let operation = operation(&method, tail).ok_or_else(errors::not_found)?;
    let query = Query::parse(query.as_deref(), operation.query_keys())?;
    let mask = query.mask()?;
    let answer = {
        let mut state = app.google();
        let scopes = if operation.is_read() { access::SPREADSHEETS_READ } else { access::SPREADSHEETS };
        let account = authorise(&state, &headers, scopes)?.account.clone();
        admit(&mut state, &account, operation.is_read())?;
        let spreadsheet = state.spreadsheets.get_mut(id).ok_or_else(errors::not_found)?;
        let answer = operation.run(spreadsheet, &query, &body)?;
        if !operation.is_read() {
            spreadsheet.modified_ms = app.clock.now_ms();
        }
        answer
    };
    if !operation.is_read() {
        app.tell(Event::google("spreadsheet", id));
    }
    Ok(Json(mask.prune(answer)))
}

fn admit(state: &mut State, account: &str, is_read: bool) -> Result<(), ApiError> {
    let now_ms = state.clock.now_ms();
    let (quota, kind) = if is_read { (&mut state.reads, "Read") } else { (&mut state.writes, "Write") };
    quota.admit(account, 1, now_ms).map_err(|whose| errors::quota(kind, whose))
}

/// A body with a key that the interface description lacks is refused.
fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| errors::invalid(format!("Invalid JSON payload received. {error}")))
}
