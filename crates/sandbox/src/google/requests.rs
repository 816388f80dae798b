//! The bodies of `spreadsheets.batchUpdate`. A kind or key that is not listed
//! here is refused.
//! <https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/request>

use serde::Deserialize;
use serde_json::{Map, Value};

use super::sheets_read::GridRange;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct BatchUpdate {
    pub requests: Vec<Request>,
    #[serde(default, rename = "includeSpreadsheetInResponse")]
    pub _include_spreadsheet: bool,
    #[serde(default, rename = "responseRanges")]
    pub _ranges: Vec<String>,
    #[serde(default, rename = "responseIncludeGridData")]
    pub _grid_data: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Request {
    UpdateCells(UpdateCells),
    RepeatCell(RepeatCell),
    UpdateSheetProperties(UpdateSheetProperties),
    UpdateDimensionProperties(UpdateDimensionProperties),
    InsertDimension(InsertDimension),
    AppendDimension(AppendDimension),
    DeleteDimension(DeleteDimension),
    AddProtectedRange(AddProtectedRange),
    AddBanding(AddBanding),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct UpdateCells {
    #[serde(default)]
    pub rows: Vec<RowData>,
    pub fields: String,
    pub start: Option<GridCoordinate>,
    pub range: Option<GridRange>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct GridCoordinate {
    pub sheet_id: i64,
    pub row_index: usize,
    pub column_index: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RowData {
    #[serde(default)]
    pub values: Vec<CellData>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct CellData {
    pub user_entered_value: Option<ExtendedValue>,
    pub user_entered_format: Map<String, Value>,
    pub note: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum ExtendedValue {
    #[serde(rename = "numberValue")]
    Number(serde_json::Number),
    #[serde(rename = "stringValue")]
    Text(String),
    #[serde(rename = "boolValue")]
    Bool(bool),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RepeatCell {
    pub range: GridRange,
    pub cell: CellData,
    pub fields: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateSheetProperties {
    pub properties: Value,
    pub fields: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DimensionRange {
    #[serde(default)]
    pub sheet_id: i64,
    pub dimension: String,
    #[serde(default)]
    pub start_index: usize,
    pub end_index: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateDimensionProperties {
    pub range: DimensionRange,
    pub properties: Value,
    pub fields: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct InsertDimension {
    pub range: DimensionRange,
    #[serde(default, rename = "inheritFromBefore")]
    pub _inherit: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AppendDimension {
    #[serde(default)]
    pub sheet_id: i64,
    pub dimension: String,
    pub length: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeleteDimension {
    pub range: DimensionRange,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AddProtectedRange {
    pub protected_range: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AddBanding {
    pub banded_range: Map<String, Value>,
}
