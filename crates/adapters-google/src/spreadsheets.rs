use std::sync::Arc;

use async_trait::async_trait;
use kopru_domain::{CellValue, Gid, SpreadsheetId};
use kopru_http_client::{HttpClient, Method};
use kopru_ports::Clock;
use kopru_ports::Retry;
use kopru_ports::delivery::Urgency;
use kopru_ports::gate::Gate;
use kopru_ports::spreadsheets::{
    Area, CellWrite, FilePage, NewColumn, SheetsError, SpreadsheetFile, SpreadsheetInfo, Spreadsheets, Tab, TabRef,
};
use kopru_ports::tokens::{AccessTokens, TokenKey};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::call::{Call, Caller, Quota};
use crate::config::{GoogleAddresses, GoogleConfig};
use crate::error::{Meaning, error, of_call, of_sheets};
use crate::map::{column_requests, file_query, read_body, tables, write_requests};
use crate::wire::{File, FileList, Sheet, Spreadsheet, ValueRanges};

const OUTLINE: &str =
    "properties(title,locale,timeZone),sheets.properties(sheetId,title,sheetType,gridProperties(rowCount,columnCount))";
const GUARDED: &str = "sheets(properties(sheetId,gridProperties(columnCount)),protectedRanges(range))";
const FILES: &str = "nextPageToken,files(id,name,modifiedTime,capabilities(canEdit))";

/// Google Sheets, and the list of a person's spreadsheets in Drive.
pub struct GoogleSheets {
    addresses: GoogleAddresses,
    caller: Caller,
}

impl GoogleSheets {
    /// Spreadsheets reached with people's own tokens.
    #[must_use]
    pub fn new(
        config: GoogleConfig,
        http: HttpClient,
        tokens: Arc<dyn AccessTokens>,
        gate: Arc<dyn Gate>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let caller = Caller { http, tokens, gate, clock, client_id: config.client_id };
        Self { addresses: config.addresses, caller }
    }

    /// A spreadsheet's address; its id is one segment of the path, whatever it holds.
    fn spreadsheet(&self, id: &SpreadsheetId, action: &str) -> String {
        let segment: String = url::form_urlencoded::byte_serialize(id.as_str().as_bytes()).collect();
        format!("{}/v4/spreadsheets/{segment}{action}", self.addresses.sheets)
    }

    async fn batch_update(&self, tab: &TabRef, requests: Vec<Value>) -> Result<(), SheetsError> {
        if requests.is_empty() {
            return Ok(());
        }
        let call = Call {
            connection: &tab.connection,
            urgency: tab.urgency,
            quota: Quota::Write,
            method: Method::POST,
            url: self.spreadsheet(&tab.spreadsheet, ":batchUpdate"),
            query: Vec::new(),
            body: Some(json!({ "requests": requests })),
            if_match: None,
        };
        self.caller.call(&call).await.map(drop).map_err(of_sheets)
    }

    async fn read_json<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, SheetsError> {
        let reply = self.caller.call(call).await.map_err(of_sheets)?;
        reply.json().map_err(|cause| of_sheets(of_call(cause)))
    }

    async fn outline(
        &self,
        connection: &TokenKey,
        spreadsheet: &SpreadsheetId,
        (fields, urgency): (&str, Urgency),
    ) -> Result<Spreadsheet, SheetsError> {
        let query = vec![("fields", fields.to_owned())];
        let url = self.spreadsheet(spreadsheet, "");
        let (quota, method) = (Quota::Read, Method::GET);
        let call = Call { connection, urgency, quota, method, url, query, body: None, if_match: None };
        self.read_json(&call).await
    }
}

#[async_trait]
impl Spreadsheets for GoogleSheets {
    async fn list(
        &self,
        connection: &TokenKey,
        name_contains: Option<&str>,
        page: Option<&str>,
    ) -> Result<FilePage, SheetsError> {
        let mut query = vec![
            ("q", file_query(name_contains)),
            ("pageSize", "100".to_owned()),
            ("orderBy", "modifiedTime desc".to_owned()),
            ("fields", FILES.to_owned()),
            ("supportsAllDrives", "true".to_owned()),
            ("includeItemsFromAllDrives", "true".to_owned()),
        ];
        let urgency = Urgency::Interactive;
        query.extend(page.map(|page| ("pageToken", page.to_owned())));
        let url = format!("{}/drive/v3/files", self.addresses.drive);
        let (quota, method) = (Quota::Files, Method::GET);
        let call = Call { connection, urgency, quota, method, url, query, body: None, if_match: None };
        let list: FileList = self.read_json(&call).await?;
        Ok(FilePage { files: list.files.into_iter().filter_map(file).collect(), next: list.next_page_token })
    }

    async fn describe(
        &self,
        connection: &TokenKey,
        spreadsheet: &SpreadsheetId,
        urgency: Urgency,
    ) -> Result<SpreadsheetInfo, SheetsError> {
        let found = self.outline(connection, spreadsheet, (OUTLINE, urgency)).await?;
        let properties = found.properties;
        let tabs = found.sheets.into_iter().filter_map(tab).collect();
        Ok(SpreadsheetInfo {
            title: properties.title,
            locale: properties.locale,
            time_zone: properties.time_zone,
            tabs,
        })
    }

    /// Google refuses an area that begins beyond the grid: its caller has to know the tab's size.
    async fn read(&self, tab: &TabRef, areas: &[Area]) -> Result<Vec<Vec<Vec<CellValue>>>, SheetsError> {
        let call = Call {
            connection: &tab.connection,
            urgency: tab.urgency,
            quota: Quota::Read,
            method: Method::POST,
            url: self.spreadsheet(&tab.spreadsheet, "/values:batchGetByDataFilter"),
            query: Vec::new(),
            body: Some(read_body(tab.gid, areas)),
            if_match: None,
        };
        let answer: ValueRanges = self.read_json(&call).await?;
        let missing = || of_sheets(error(Meaning::Unavailable, Retry::After(None)));
        tables(tab.gid, areas, answer).ok_or_else(missing)
    }

    async fn write(&self, tab: &TabRef, cells: &[CellWrite]) -> Result<(), SheetsError> {
        self.batch_update(tab, write_requests(tab.gid, cells)).await
    }

    async fn add_columns(&self, tab: &TabRef, columns: &[NewColumn]) -> Result<(), SheetsError> {
        let found = self.outline(&tab.connection, &tab.spreadsheet, (GUARDED, tab.urgency)).await?;
        let sheet = found.sheets.iter().find(|sheet| sheet.properties.sheet_id == tab.gid.0);
        let sheet = sheet.ok_or_else(|| of_sheets(error(Meaning::NotFound, Retry::Never)))?;
        self.batch_update(tab, column_requests(sheet, columns)).await
    }
}

fn file(file: File) -> Option<SpreadsheetFile> {
    let id = file.id.parse().ok()?;
    Some(SpreadsheetFile { id, name: file.name, modified: file.modified_time, editable: file.capabilities.can_edit })
}

/// Tabs with cells only: charts and connected data have tabs of their own.
fn tab(sheet: Sheet) -> Option<Tab> {
    let found = sheet.properties;
    let grid = found.sheet_type.as_deref().is_none_or(|kind| kind == "GRID");
    let size = found.grid_properties;
    grid.then_some(Tab {
        gid: Gid(found.sheet_id),
        title: found.title,
        rows: size.row_count,
        columns: size.column_count,
    })
}
