//! `spreadsheets.batchUpdate`: all requests or none.
//! <https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/request>

use serde_json::{Map, Value, json};

use super::{
    errors::{ApiError, invalid},
    grid::{Area, Cell, Dimension, Tab},
    mask::Mask,
    requests::{
        BatchUpdate, CellData, DimensionRange, ExtendedValue, RepeatCell, Request, UpdateCells,
        UpdateDimensionProperties, UpdateSheetProperties,
    },
    sheets_read::tab_index,
    state::Spreadsheet,
};

/// Works on a copy, which takes the original's place only when all went well.
pub(super) fn run(spreadsheet: &mut Spreadsheet, asked: BatchUpdate) -> Result<Value, ApiError> {
    if asked.requests.is_empty() {
        return Err(invalid("Must specify at least one request."));
    }
    let mut draft = spreadsheet.clone();
    let mut replies = Vec::new();
    for (index, request) in asked.requests.into_iter().enumerate() {
        let reply = request.apply(&mut draft.tabs);
        replies.push(reply.map_err(|error| error.within(&format!("Invalid requests[{index}]: ")))?);
    }
    *spreadsheet = draft;
    Ok(json!({"spreadsheetId": spreadsheet.id, "replies": replies}))
}

fn tab(tabs: &mut [Tab], gid: i64) -> Result<&mut Tab, ApiError> {
    let index = tab_index(tabs, gid)?;
    Ok(&mut tabs[index])
}

/// The mask must name something, and nothing that is not simulated.
fn checked(fields: &str, known: &[&str]) -> Result<(), ApiError> {
    let mask = Mask::parse(fields).filter(|_| !fields.is_empty());
    if fields == "*" || mask.is_some_and(|mask| mask.names().all(|name| known.contains(&name))) {
        Ok(())
    } else {
        Err(invalid(format!("Invalid field mask: {fields}")))
    }
}

impl Request {
    fn apply(self, tabs: &mut [Tab]) -> Result<Value, ApiError> {
        match self {
            Self::UpdateCells(request) => update_cells(tabs, request),
            Self::RepeatCell(request) => repeat_cell(tabs, &request),
            Self::UpdateSheetProperties(request) => sheet_properties(tabs, &request),
            Self::UpdateDimensionProperties(request) => dimension_properties(tabs, &request),
            Self::InsertDimension(request) => {
                let (tab, dimension, range) = dimension(tabs, &request.range)?;
                tab.insert(dimension, range.start, range.len());
                Ok(json!({}))
            }
            Self::AppendDimension(request) => {
                let tab = tab(tabs, request.sheet_id)?;
                match dimension_of(&request.dimension)? {
                    Dimension::Rows => tab.row_count += request.length,
                    Dimension::Columns => tab.column_count += request.length,
                }
                Ok(json!({}))
            }
            Self::DeleteDimension(request) => {
                let (tab, dimension, range) = dimension(tabs, &request.range)?;
                let count = if dimension == Dimension::Rows { tab.row_count } else { tab.column_count };
                if range.end > count || range.len() >= count {
                    return Err(invalid("You can't delete all the rows or columns on the sheet."));
                }
                tab.delete(dimension, &range);
                Ok(json!({}))
            }
            Self::AddProtectedRange(request) => {
                let mut range = request.protected_range;
                let tab = tab(tabs, gid_of(&range))?;
                range.insert("protectedRangeId".to_owned(), json!(tab.protected.len() + 1));
                tab.protected.push(Value::Object(range.clone()));
                Ok(json!({"addProtectedRange": {"protectedRange": range}}))
            }
            Self::AddBanding(request) => add_banding(tabs, request.banded_range),
        }
    }
}

fn gid_of(ranged: &Map<String, Value>) -> i64 {
    let range = ranged.get("range").and_then(|range| range.get("sheetId"));
    range.and_then(Value::as_i64).unwrap_or_default()
}

fn update_cells(tabs: &mut [Tab], request: UpdateCells) -> Result<Value, ApiError> {
    checked(&request.fields, &["userEnteredValue", "userEnteredFormat", "note"])?;
    let (tab, area) = match (request.start, request.range) {
        (Some(start), _) => {
            let width = request.rows.iter().map(|row| row.values.len()).max().unwrap_or_default();
            let rows = start.row_index..start.row_index + request.rows.len();
            let columns = start.column_index..start.column_index + width;
            (tab(tabs, start.sheet_id)?, Area { rows, columns })
        }
        (None, Some(range)) => {
            let tab = tab(tabs, range.sheet_id)?;
            let area = range.area(tab, true)?;
            (tab, area)
        }
        (None, None) => return Err(invalid("Must specify a start or a range.")),
    };
    tab.must_hold(&area)?;
    // Cells of the range for which no data is given are cleared by the mask.
    let blank = CellData::default();
    for (row, r) in area.rows.clone().enumerate() {
        for (column, c) in area.columns.clone().enumerate() {
            let data = request.rows.get(row).and_then(|row| row.values.get(column));
            set(tab.cell_mut(r, c), data.unwrap_or(&blank), &request.fields);
        }
    }
    Ok(json!({}))
}

fn repeat_cell(tabs: &mut [Tab], request: &RepeatCell) -> Result<Value, ApiError> {
    checked(&request.fields, &["userEnteredValue", "userEnteredFormat", "note"])?;
    let tab = tab(tabs, request.range.sheet_id)?;
    let area = request.range.area(tab, true)?;
    for row in area.rows {
        for column in area.columns.clone() {
            set(tab.cell_mut(row, column), &request.cell, &request.fields);
        }
    }
    Ok(json!({}))
}

fn set(cell: &mut Cell, data: &CellData, fields: &str) {
    let named = |name: &str| fields == "*" || fields.contains(name);
    if named("userEnteredValue") {
        cell.value = match &data.user_entered_value {
            Some(ExtendedValue::Number(number)) => json!(number),
            Some(ExtendedValue::Text(text)) if !text.is_empty() => json!(text),
            Some(ExtendedValue::Bool(flag)) => json!(flag),
            _ => Value::Null,
        };
    }
    if named("userEnteredFormat") {
        cell.format.extend(data.user_entered_format.clone());
    }
    if named("note") {
        cell.note = data.note.clone().filter(|note| !note.is_empty());
    }
}

fn sheet_properties(tabs: &mut [Tab], request: &UpdateSheetProperties) -> Result<Value, ApiError> {
    checked(&request.fields, &["title", "hidden", "gridProperties"])?;
    let properties = &request.properties;
    let tab = tab(tabs, properties["sheetId"].as_i64().unwrap_or_default())?;
    let grid = &properties["gridProperties"];
    let count = |name: &str| usize::try_from(grid[name].as_u64().unwrap_or_default()).unwrap_or_default();
    for field in request.fields.split(',').map(str::trim) {
        match field {
            "title" => properties["title"].as_str().unwrap_or_default().clone_into(&mut tab.title),
            "hidden" => tab.hidden = properties["hidden"].as_bool().unwrap_or_default(),
            "gridProperties.frozenRowCount" => tab.frozen_rows = count("frozenRowCount"),
            "gridProperties.frozenColumnCount" => tab.frozen_columns = count("frozenColumnCount"),
            "gridProperties.rowCount" => tab.row_count = count("rowCount"),
            "gridProperties.columnCount" => tab.column_count = count("columnCount"),
            _ => return Err(invalid(format!("Invalid field mask: {field}"))),
        }
    }
    Ok(json!({}))
}

fn dimension_of(name: &str) -> Result<Dimension, ApiError> {
    match name {
        "ROWS" => Ok(Dimension::Rows),
        "COLUMNS" => Ok(Dimension::Columns),
        other => Err(invalid(format!("Invalid dimension: {other}"))),
    }
}

fn dimension<'a>(
    tabs: &'a mut [Tab],
    asked: &DimensionRange,
) -> Result<(&'a mut Tab, Dimension, std::ops::Range<usize>), ApiError> {
    let dimension = dimension_of(&asked.dimension)?;
    let tab = tab(tabs, asked.sheet_id)?;
    let count = if dimension == Dimension::Rows { tab.row_count } else { tab.column_count };
    let range = asked.start_index..asked.end_index.unwrap_or(count);
    if range.is_empty() || range.start > count {
        return Err(invalid(format!("{}[{}] doesn't exist.", asked.dimension, range.start)));
    }
    Ok((tab, dimension, range))
}

fn dimension_properties(tabs: &mut [Tab], request: &UpdateDimensionProperties) -> Result<Value, ApiError> {
    checked(&request.fields, &["hiddenByUser", "pixelSize"])?;
    let (tab, dimension, range) = dimension(tabs, &request.range)?;
    if request.fields == "*" || request.fields.contains("hiddenByUser") {
        let set = if dimension == Dimension::Rows { &mut tab.hidden_rows } else { &mut tab.hidden_columns };
        if request.properties["hiddenByUser"] == json!(true) {
            set.extend(range);
        } else {
            set.retain(|index| !range.contains(index));
        }
    }
    Ok(json!({}))
}

fn add_banding(tabs: &mut [Tab], mut range: Map<String, Value>) -> Result<Value, ApiError> {
    let tab = tab(tabs, gid_of(&range))?;
    if !tab.bandings.is_empty() {
        let text =
            "You cannot add alternating background colors to a range that already has alternating background colors.";
        return Err(invalid(text));
    }
    range.insert("bandedRangeId".to_owned(), json!(1));
    tab.bandings.push(Value::Object(range.clone()));
    Ok(json!({"addBanding": {"bandedRange": range}}))
}
