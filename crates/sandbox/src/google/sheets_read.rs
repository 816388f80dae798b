//! Reading: metadata, grids and values.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    a1,
    access::Query,
    errors::{ApiError, invalid},
    grid::{Area, Cell, Tab},
    render::{Render, ValueRender, formatted},
    state::Spreadsheet,
};

/// Half-open, from 0; what is missing is unbounded.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct GridRange {
    pub sheet_id: i64,
    pub start_row_index: Option<usize>,
    pub end_row_index: Option<usize>,
    pub start_column_index: Option<usize>,
    pub end_column_index: Option<usize>,
}

impl GridRange {
    pub fn area(&self, tab: &Tab, exact: bool) -> Result<Area, ApiError> {
        let area = Area {
            rows: self.start_row_index.unwrap_or(0)..self.end_row_index.unwrap_or(tab.row_count),
            columns: self.start_column_index.unwrap_or(0)..self.end_column_index.unwrap_or(tab.column_count),
        };
        if area.rows.is_empty() || area.columns.is_empty() {
            return Err(invalid("Invalid GridRange: the end index must be greater than the start index."));
        }
        a1::within(tab, &area, exact)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct DataFilter {
    grid_range: Option<Value>,
    a1_range: Option<String>,
}

impl DataFilter {
    /// The index of the tab and the cells.
    pub fn resolve(&self, tabs: &[Tab], exact: bool) -> Result<(usize, Area), ApiError> {
        if let Some(text) = &self.a1_range {
            return a1::resolve(tabs, text, exact);
        }
        let range = self.grid_range.clone().ok_or_else(|| invalid("Must specify a data filter."))?;
        let range: GridRange = serde_json::from_value(range).map_err(|error| invalid(error.to_string()))?;
        let index = tab_index(tabs, range.sheet_id)?;
        Ok((index, range.area(&tabs[index], exact)?))
    }

    pub fn echo(&self) -> Value {
        match (&self.a1_range, &self.grid_range) {
            (Some(text), _) => json!({"a1Range": text}),
            (None, range) => json!({"gridRange": range}),
        }
    }
}

pub(super) fn tab_index(tabs: &[Tab], gid: i64) -> Result<usize, ApiError> {
    let index = tabs.iter().position(|tab| tab.gid == gid);
    index.ok_or_else(|| invalid(format!("No grid with id: {gid}")))
}

/// The options as the query or the body has them.
pub(super) fn render(
    locale: &str,
    value: Option<&str>,
    date: Option<&str>,
    dimension: Option<&str>,
) -> Result<Render, ApiError> {
    let refused = |name: &str, value: &str| Err(invalid(format!("Invalid value at '{name}': \"{value}\"")));
    Ok(Render {
        value: match value.unwrap_or("FORMATTED_VALUE") {
            "FORMATTED_VALUE" => ValueRender::Formatted,
            // There are no formulas here, so theirs are the values themselves.
            "UNFORMATTED_VALUE" | "FORMULA" => ValueRender::Unformatted,
            other => return refused("value_render_option", other),
        },
        dates_as_text: match date.unwrap_or("SERIAL_NUMBER") {
            "SERIAL_NUMBER" => false,
            "FORMATTED_STRING" => true,
            other => return refused("date_time_render_option", other),
        },
        by_columns: match dimension.unwrap_or("ROWS") {
            "ROWS" => false,
            "COLUMNS" => true,
            other => return refused("major_dimension", other),
        },
        locale: locale.to_owned(),
    })
}

/// `values` is left out where there are none.
pub(super) fn value_range(tab: &Tab, area: &Area, render: &Render) -> Value {
    let dimension = if render.by_columns { "COLUMNS" } else { "ROWS" };
    let mut range = json!({"range": a1::format(&tab.title, area), "majorDimension": dimension});
    let values = render.values(tab, area);
    if !values.is_empty() {
        range["values"] = json!(values);
    }
    range
}

fn render_of(spreadsheet: &Spreadsheet, query: &Query) -> Result<Render, ApiError> {
    let option = |name: &str| query.get(name);
    render(&spreadsheet.locale, option("valueRenderOption"), option("dateTimeRenderOption"), option("majorDimension"))
}

pub(super) fn values(spreadsheet: &Spreadsheet, range: &str, query: &Query) -> Result<Value, ApiError> {
    let render = render_of(spreadsheet, query)?;
    let (index, area) = a1::resolve(&spreadsheet.tabs, range, false)?;
    Ok(value_range(&spreadsheet.tabs[index], &area, &render))
}

pub(super) fn values_batch(spreadsheet: &Spreadsheet, query: &Query) -> Result<Value, ApiError> {
    let ranges: Result<Vec<Value>, ApiError> =
        query.all("ranges").map(|range| values(spreadsheet, range, query)).collect();
    Ok(json!({"spreadsheetId": spreadsheet.id, "valueRanges": ranges?}))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ByFilter {
    data_filters: Vec<DataFilter>,
    major_dimension: Option<String>,
    value_render_option: Option<String>,
    date_time_render_option: Option<String>,
}

pub(super) fn values_by_filter(spreadsheet: &Spreadsheet, asked: &ByFilter) -> Result<Value, ApiError> {
    let render = render(
        &spreadsheet.locale,
        asked.value_render_option.as_deref(),
        asked.date_time_render_option.as_deref(),
        asked.major_dimension.as_deref(),
    )?;
    let matched = |filter: &DataFilter| -> Result<Value, ApiError> {
        let (index, area) = filter.resolve(&spreadsheet.tabs, false)?;
        let range = value_range(&spreadsheet.tabs[index], &area, &render);
        Ok(json!({"valueRange": range, "dataFilters": [filter.echo()]}))
    };
    let ranges: Result<Vec<Value>, ApiError> = asked.data_filters.iter().map(matched).collect();
    Ok(json!({"spreadsheetId": spreadsheet.id, "valueRanges": ranges?}))
}

/// `spreadsheets.get`; cells come only when asked for by a mask or a flag.
pub(super) fn get(spreadsheet: &Spreadsheet, query: &Query) -> Result<Value, ApiError> {
    let fields = query.get("fields").unwrap_or_default();
    let with_data = query.is_true("includeGridData") || fields.contains("data");
    let ranges: Result<Vec<(usize, Area)>, ApiError> =
        query.all("ranges").map(|range| a1::resolve(&spreadsheet.tabs, range, false)).collect();
    let ranges = ranges?;
    let tabs = spreadsheet.tabs.iter().enumerate();
    let shown = tabs.filter(|(index, _)| ranges.is_empty() || ranges.iter().any(|(at, _)| at == index));
    let sheets: Vec<Value> = shown
        .map(|(index, tab)| {
            let mut sheet = json!({"properties": properties(tab, index)});
            for (name, list) in [("protectedRanges", &tab.protected), ("bandedRanges", &tab.bandings)] {
                if !list.is_empty() {
                    sheet[name] = json!(list);
                }
            }
            if with_data {
                let own = ranges.iter().filter(|(at, _)| *at == index).map(|(_, area)| area.clone());
                let mut areas: Vec<Area> = own.collect();
                if areas.is_empty() {
                    areas.push(tab.whole());
                }
                sheet["data"] = areas.iter().map(|area| grid_data(tab, area, &spreadsheet.locale)).collect();
            }
            sheet
        })
        .collect();
    Ok(json!({
        "spreadsheetId": spreadsheet.id,
        "properties": {"title": spreadsheet.title, "locale": spreadsheet.locale, "timeZone": spreadsheet.time_zone, "autoRecalc": "ON_CHANGE"},
        "sheets": sheets,
        "spreadsheetUrl": format!("https://docs.google.com/spreadsheets/d/{}/edit", spreadsheet.id),
    }))
}

pub(super) fn properties(tab: &Tab, index: usize) -> Value {
    let mut grid = json!({"rowCount": tab.row_count, "columnCount": tab.column_count});
    for (name, count) in [("frozenRowCount", tab.frozen_rows), ("frozenColumnCount", tab.frozen_columns)] {
        if count > 0 {
            grid[name] = json!(count);
        }
    }
    let mut about = json!({
        "sheetId": tab.gid, "title": tab.title, "index": index, "sheetType": "GRID", "gridProperties": grid,
    });
    if tab.hidden {
        about["hidden"] = json!(true);
    }
    about
}

fn grid_data(tab: &Tab, area: &Area, locale: &str) -> Value {
    let rows = area.rows.start..area.rows.end.min(tab.used_rows().max(area.rows.start));
    let row_data: Vec<Value> = rows
        .map(|row| {
            let columns = area.columns.start..area.columns.end.min(tab.row_len(row).max(area.columns.start));
            let cells: Vec<Value> = columns
                .map(|column| tab.cell(row, column).map_or_else(|| json!({}), |cell| cell_data(cell, locale)))
                .collect();
            json!({"values": cells})
        })
        .collect();
    let hidden = |hidden: bool| if hidden { json!({"hiddenByUser": true}) } else { json!({}) };
    let columns: Vec<Value> = area.columns.clone().map(|column| hidden(tab.hidden_columns.contains(&column))).collect();
    let mut data = json!({"rowData": row_data, "columnMetadata": columns});
    for (name, start) in [("startRow", area.rows.start), ("startColumn", area.columns.start)] {
        if start > 0 {
            data[name] = json!(start);
        }
    }
    data
}

fn cell_data(cell: &Cell, locale: &str) -> Value {
    let mut data = Map::new();
    let kind = match cell.value {
        Value::Bool(_) => Some("boolValue"),
        Value::Number(_) => Some("numberValue"),
        Value::String(_) => Some("stringValue"),
        _ => None,
    };
    if let Some(kind) = kind {
        let value = Value::Object(Map::from_iter([(kind.to_owned(), cell.value.clone())]));
        data.insert("userEnteredValue".to_owned(), value.clone());
        data.insert("effectiveValue".to_owned(), value);
        data.insert("formattedValue".to_owned(), json!(formatted(cell, locale)));
    }
    if !cell.format.is_empty() {
        data.insert("userEnteredFormat".to_owned(), json!(cell.format));
        data.insert("effectiveFormat".to_owned(), json!(cell.format));
    }
    data.extend(cell.note.as_ref().map(|note| ("note".to_owned(), json!(note))));
    Value::Object(data)
}
