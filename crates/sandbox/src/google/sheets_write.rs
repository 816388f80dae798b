//! Writing values. Everything is checked before anything is written.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    a1,
    access::Query,
    errors::{ApiError, invalid},
    grid::{Area, Tab},
    render,
    sheets_read::{DataFilter, render as render_options, value_range},
    state::Spreadsheet,
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ValueRange {
    range: Option<String>,
    major_dimension: Option<String>,
    #[serde(default)]
    values: Vec<Vec<Value>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Input {
    Raw,
    UserEntered,
}

fn input(option: Option<&str>) -> Result<Input, ApiError> {
    match option {
        Some("RAW") => Ok(Input::Raw),
        Some("USER_ENTERED") => Ok(Input::UserEntered),
        _ => Err(invalid("'valueInputOption' is required but not specified")),
    }
}

/// A checked write: where it starts and what goes there.
struct Plan {
    tab: usize,
    area: Area,
    rows: Vec<Vec<Value>>,
}

impl Plan {
    /// One cell as the target is a corner; a larger target must hold the data.
    fn new(
        spreadsheet: &Spreadsheet,
        (tab, target): (usize, Area),
        dimension: Option<&str>,
        values: Vec<Vec<Value>>,
    ) -> Result<Self, ApiError> {
        let rows = match dimension.unwrap_or("ROWS") {
            "COLUMNS" => transposed(&values),
            _ => values,
        };
        let sheet = &spreadsheet.tabs[tab];
        let height = rows.len();
        let width = rows.iter().map(Vec::len).max().unwrap_or_default();
        let corner = target.rows.len() == 1 && target.columns.len() == 1;
        if !corner && (height > target.rows.len() || width > target.columns.len()) {
            let range = a1::format(&sheet.title, &target);
            let past = if height > target.rows.len() {
                format!("row [{}]", target.rows.end + 1)
            } else {
                format!("column [{}]", a1::column_name(target.columns.end))
            };
            let text = format!("Requested writing within range [{range}], but tried writing to {past}");
            return Err(invalid(text));
        }
        let (row, column) = (target.rows.start, target.columns.start);
        let area = Area { rows: row..row + height.max(1), columns: column..column + width.max(1) };
        sheet.must_hold(&area)?;
        if rows.iter().flatten().any(|value| value.is_array() || value.is_object()) {
            return Err(invalid("Invalid values: each must be a bool, string, double or null."));
        }
        Ok(Self { tab, area, rows })
    }

    /// Writes, and answers how much. A null leaves its cell alone.
    fn apply(self, spreadsheet: &mut Spreadsheet, input: Input) -> Written {
        let locale = spreadsheet.locale.clone();
        let tab = &mut spreadsheet.tabs[self.tab];
        let mut cells = 0;
        for (row, values) in self.rows.into_iter().enumerate() {
            for (column, value) in values.into_iter().enumerate() {
                if value.is_null() {
                    continue;
                }
                cells += 1;
                write(tab, self.area.rows.start + row, self.area.columns.start + column, value, input, &locale);
            }
        }
        Written { tab: self.tab, area: self.area, cells }
    }
}

fn write(tab: &mut Tab, row: usize, column: usize, value: Value, input: Input, locale: &str) {
    match (input, value) {
        (Input::UserEntered, Value::String(text)) if !text.is_empty() => {
            let typed = render::entered(&text, locale);
            let cell = tab.cell_mut(row, column);
            cell.value = typed.value;
            cell.format.extend(typed.format);
        }
        (_, value) => tab.set(row, column, value),
    }
}

struct Written {
    tab: usize,
    area: Area,
    cells: usize,
}

impl Written {
    fn describe(&self, spreadsheet: &Spreadsheet) -> Value {
        json!({
            "spreadsheetId": spreadsheet.id,
            "updatedRange": a1::format(&spreadsheet.tabs[self.tab].title, &self.area),
            "updatedRows": self.area.rows.len(),
            "updatedColumns": self.area.columns.len(),
            "updatedCells": self.cells,
        })
    }
}

fn transposed(values: &[Vec<Value>]) -> Vec<Vec<Value>> {
    let height = values.iter().map(Vec::len).max().unwrap_or_default();
    let cell = |row: usize, line: &Vec<Value>| line.get(row).cloned().unwrap_or_default();
    (0..height).map(|row| values.iter().map(|line| cell(row, line)).collect()).collect()
}

pub(super) fn update(
    spreadsheet: &mut Spreadsheet,
    range: &str,
    query: &Query,
    body: ValueRange,
) -> Result<Value, ApiError> {
    let input = input(query.get("valueInputOption"))?;
    if body.range.as_deref().is_some_and(|own| own != range) {
        return Err(invalid(format!("Requested writing within range [{range}], but the body names another one")));
    }
    let target = a1::resolve(&spreadsheet.tabs, range, true)?;
    let plan = Plan::new(spreadsheet, target, body.major_dimension.as_deref(), body.values)?;
    let written = plan.apply(spreadsheet, input);
    let mut answer = written.describe(spreadsheet);
    if query.is_true("includeValuesInResponse") {
        let option = |name: &str| query.get(name);
        let render = render_options(
            &spreadsheet.locale,
            option("responseValueRenderOption"),
            option("responseDateTimeRenderOption"),
            body.major_dimension.as_deref(),
        )?;
        answer["updatedData"] = value_range(&spreadsheet.tabs[written.tab], &written.area, &render);
    }
    Ok(answer)
}

/// Below the last row that holds anything, which is where a table without
/// gaps ends. Rows are added to the grid as needed.
pub(super) fn append(
    spreadsheet: &mut Spreadsheet,
    range: &str,
    query: &Query,
    body: ValueRange,
) -> Result<Value, ApiError> {
    let input = input(query.get("valueInputOption"))?;
    let (index, found) = a1::resolve(&spreadsheet.tabs, range, false)?;
    let tab = &mut spreadsheet.tabs[index];
    let (row, column) = (tab.used_rows(), found.columns.start);
    tab.row_count = tab.row_count.max(row + body.values.len());
    let table = Area { rows: 0..row.max(1), columns: column..found.columns.end };
    let table = a1::format(&tab.title, &table);
    let corner = Area { rows: row..row + 1, columns: column..column + 1 };
    let plan = Plan::new(spreadsheet, (index, corner), body.major_dimension.as_deref(), body.values)?;
    let updates = plan.apply(spreadsheet, input).describe(spreadsheet);
    let mut answer = json!({"spreadsheetId": spreadsheet.id, "updates": updates});
    if row > 0 {
        answer["tableRange"] = json!(table);
    }
    Ok(answer)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Batch<T> {
    value_input_option: Option<String>,
    data: Vec<T>,
    #[serde(default, rename = "includeValuesInResponse")]
    _include_values: bool,
    #[serde(default, rename = "responseValueRenderOption")]
    _value_render: Option<String>,
    #[serde(default, rename = "responseDateTimeRenderOption")]
    _date_render: Option<String>,
}

pub(super) fn batch(spreadsheet: &mut Spreadsheet, asked: Batch<ValueRange>) -> Result<Value, ApiError> {
    let input = input(asked.value_input_option.as_deref())?;
    let plans: Result<Vec<Plan>, ApiError> = asked
        .data
        .into_iter()
        .map(|data| {
            let range = data.range.ok_or_else(|| invalid("Range is required"))?;
            let target = a1::resolve(&spreadsheet.tabs, &range, true)?;
            Plan::new(spreadsheet, target, data.major_dimension.as_deref(), data.values)
        })
        .collect();
    let written: Vec<Written> = plans?.into_iter().map(|plan| plan.apply(spreadsheet, input)).collect();
    let responses: Vec<Value> = written.iter().map(|written| written.describe(spreadsheet)).collect();
    Ok(totals(spreadsheet, &written, &responses))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FilteredValues {
    data_filter: DataFilter,
    major_dimension: Option<String>,
    values: Vec<Vec<Value>>,
}

pub(super) fn batch_by_filter(spreadsheet: &mut Spreadsheet, asked: Batch<FilteredValues>) -> Result<Value, ApiError> {
    let input = input(asked.value_input_option.as_deref())?;
    let planned: Result<Vec<(Value, Plan)>, ApiError> = asked
        .data
        .into_iter()
        .map(|data| {
            let target = data.data_filter.resolve(&spreadsheet.tabs, true)?;
            let plan = Plan::new(spreadsheet, target, data.major_dimension.as_deref(), data.values)?;
            Ok((data.data_filter.echo(), plan))
        })
        .collect();
    let (echoes, plans): (Vec<Value>, Vec<Plan>) = planned?.into_iter().unzip();
    let written: Vec<Written> = plans.into_iter().map(|plan| plan.apply(spreadsheet, input)).collect();
    let responses: Vec<Value> = written
        .iter()
        .zip(echoes)
        .map(|(written, echo)| {
            let mut answer = written.describe(spreadsheet);
            answer["dataFilter"] = echo;
            answer
        })
        .collect();
    Ok(totals(spreadsheet, &written, &responses))
}

fn totals(spreadsheet: &Spreadsheet, written: &[Written], responses: &[Value]) -> Value {
    let sum = |count: fn(&Written) -> usize| written.iter().map(count).sum::<usize>();
    let mut tabs: Vec<usize> = written.iter().map(|written| written.tab).collect();
    tabs.sort_unstable();
    tabs.dedup();
    json!({
        "spreadsheetId": spreadsheet.id,
        "totalUpdatedRows": sum(|written| written.area.rows.len()),
        "totalUpdatedColumns": sum(|written| written.area.columns.len()),
        "totalUpdatedCells": sum(|written| written.cells),
        "totalUpdatedSheets": tabs.len(),
        "responses": responses,
    })
}
