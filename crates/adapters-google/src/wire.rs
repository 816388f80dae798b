//! Google's JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Deserialize)]
pub(crate) struct UserInfo {
    pub sub: String,
    #[serde(default)]
    pub email: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FileList {
    #[serde(default)]
    pub files: Vec<File>,
    pub next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct File {
    pub id: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub modified_time: String,
    #[serde(default)]
    pub capabilities: Capabilities,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Capabilities {
    pub can_edit: bool,
}

#[derive(Deserialize)]
pub(crate) struct Spreadsheet {
    #[serde(default)]
    pub properties: SpreadsheetProperties,
    #[serde(default)]
    pub sheets: Vec<Sheet>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SpreadsheetProperties {
    pub title: String,
    pub locale: String,
    pub time_zone: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Sheet {
    pub properties: SheetProperties,
    #[serde(default)]
    pub protected_ranges: Vec<ProtectedRange>,
}

#[derive(Deserialize)]
pub(crate) struct ProtectedRange {
    pub range: Option<GridRange>,
}

/// An absent id or index is 0.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct SheetProperties {
    pub sheet_id: i32,
    pub title: String,
    pub sheet_type: Option<String>,
    pub grid_properties: GridProperties,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct GridProperties {
    pub row_count: u32,
    pub column_count: u32,
}

/// Absent ends mean the tab's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GridRange {
    #[serde(default)]
    pub sheet_id: i32,
    #[serde(default)]
    pub start_row_index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_row_index: Option<u32>,
    #[serde(default)]
    pub start_column_index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_column_index: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ValueRanges {
    #[serde(default)]
    pub value_ranges: Vec<MatchedRange>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MatchedRange {
    #[serde(default)]
    pub value_range: ValueRange,
    #[serde(default)]
    pub data_filters: Vec<DataFilter>,
}

#[derive(Deserialize, Default)]
pub(crate) struct ValueRange {
    #[serde(default)]
    pub values: Vec<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DataFilter {
    pub grid_range: Option<GridRange>,
}

/// Sheets' and Drive's errors: the former has its reasons in `details`, the latter in `errors`.
#[derive(Deserialize)]
pub(crate) struct ErrorBody {
    pub error: ErrorDetail,
}

#[derive(Deserialize)]
pub(crate) struct ErrorDetail {
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub errors: Vec<Reason>,
    #[serde(default)]
    pub details: Vec<Reason>,
}

#[derive(Deserialize)]
pub(crate) struct Reason {
    #[serde(default)]
    pub reason: String,
    #[serde(default)]
    pub metadata: ReasonMetadata,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct ReasonMetadata {
    pub quota_limit: String,
}
