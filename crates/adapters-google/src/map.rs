//! Between Google's JSON and ours.

use std::collections::BTreeMap;

use kopru_domain::{CellValue, Gid};
use kopru_ports::spreadsheets::{Area, CellWrite, NewColumn};
use serde_json::{Value, json};

use crate::wire::{GridRange, Sheet, ValueRanges};

/// A range whose end is `u32::MAX` goes to the tab's own end.
pub(crate) fn grid_range(gid: Gid, area: &Area) -> GridRange {
    let end = |end: u32| (end != u32::MAX).then_some(end);
    GridRange {
        sheet_id: gid.0,
        start_row_index: area.rows.start,
        end_row_index: end(area.rows.end),
        start_column_index: area.columns.start,
        end_column_index: end(area.columns.end),
    }
}

/// A read of several areas in one call.
pub(crate) fn read_body(gid: Gid, areas: &[Area]) -> Value {
    let filters: Vec<Value> = areas.iter().map(|area| json!({ "gridRange": grid_range(gid, area) })).collect();
    json!({ "dataFilters": filters, "valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "SERIAL_NUMBER" })
}

/// The areas' tables in the order in which they were asked for: the answer names each by its filter.
/// `None` when one is missing, since an area that was not read must not look like an empty one.
pub(crate) fn tables(gid: Gid, areas: &[Area], answer: ValueRanges) -> Option<Vec<Vec<Vec<CellValue>>>> {
    let mut found: Vec<(Vec<GridRange>, Vec<Vec<CellValue>>)> = Vec::new();
    for matched in answer.value_ranges {
        let ranges = matched.data_filters.into_iter().filter_map(|filter| filter.grid_range).collect();
        found.push((ranges, table(matched.value_range.values)));
    }
    let of = |area: &Area| {
        let wanted = grid_range(gid, area);
        found.iter().find(|(ranges, _)| ranges.contains(&wanted)).map(|(_, rows)| rows.clone())
    };
    areas.iter().map(of).collect()
}

/// Google cuts cells that are empty; formulas that give an empty text, and blanks, are cut here.
fn table(values: Vec<Vec<Value>>) -> Vec<Vec<CellValue>> {
    let row = |cells: Vec<Value>| cut(cells.into_iter().map(cell).collect(), CellValue::is_blank);
    cut(values.into_iter().map(row).collect(), Vec::is_empty)
}

fn cut<T>(mut list: Vec<T>, is_blank: impl Fn(&T) -> bool) -> Vec<T> {
    let end = list.iter().rposition(|item| !is_blank(item)).map_or(0, |last| last + 1);
    list.truncate(end);
    list
}

fn cell(value: Value) -> CellValue {
    match value {
        Value::Bool(flag) => CellValue::Bool(flag),
        Value::Number(number) => number.as_f64().map_or(CellValue::Empty, CellValue::Number),
        Value::String(text) => CellValue::from(text.as_str()),
        _ => CellValue::Empty,
    }
}

/// A cell as it is: text never becomes a formula or a date, and a value that the mask names but the cell
/// lacks is cleared.
fn cell_data(cell: &CellWrite) -> Value {
    let value = match &cell.value {
        CellValue::Empty => return json!({ "note": cell.note }),
        CellValue::Bool(flag) => json!({ "boolValue": flag }),
        CellValue::Number(number) => json!({ "numberValue": number }),
        CellValue::Text(text) => json!({ "stringValue": text }),
    };
    json!({ "userEnteredValue": value, "note": cell.note })
}

/// One request for each run of neighbouring cells of a column: status cells of following rows are one.
pub(crate) fn write_requests(gid: Gid, cells: &[CellWrite]) -> Vec<Value> {
    let mut columns: BTreeMap<u32, BTreeMap<u32, &CellWrite>> = BTreeMap::new();
    for cell in cells {
        columns.entry(cell.column).or_default().insert(cell.row, cell);
    }
    let mut requests = Vec::new();
    for (column, rows) in columns {
        let mut run: Vec<&CellWrite> = Vec::new();
        for cell in rows.into_values() {
            if run.last().is_some_and(|last| last.row + 1 != cell.row) {
                requests.push(update(gid, column, &std::mem::take(&mut run)));
            }
            run.push(cell);
        }
        requests.push(update(gid, column, &run));
    }
    requests
}

fn update(gid: Gid, column: u32, run: &[&CellWrite]) -> Value {
    let row = |cell: &&CellWrite| json!({ "values": [cell_data(cell)] });
    json!({ "updateCells": {
        "start": { "sheetId": gid.0, "rowIndex": run.first().map_or(0, |cell| cell.row), "columnIndex": column },
        "rows": run.iter().map(row).collect::<Vec<_>>(),
        "fields": "userEnteredValue,note",
    }})
}

/// Headers for new columns of `tab`; the hidden ones hidden and guarded by a warning. What is there
/// already is not made twice, so that the same columns can be asked for again.
pub(crate) fn column_requests(tab: &Sheet, columns: &[NewColumn]) -> Vec<Value> {
    let (gid, present) = (Gid(tab.properties.sheet_id), tab.properties.grid_properties.column_count);
    let needed = columns.iter().map(|column| column.column + 1).max().unwrap_or(0);
    let mut requests = Vec::new();
    if needed > present {
        requests.push(
            json!({ "appendDimension": { "sheetId": gid.0, "dimension": "COLUMNS", "length": needed - present } }),
        );
    }
    let header = |column: &NewColumn| CellWrite {
        row: 0,
        column: column.column,
        value: CellValue::from(column.header.as_str()),
        note: String::new(),
    };
    requests.extend(write_requests(gid, &columns.iter().map(header).collect::<Vec<_>>()));
    for hidden in columns.iter().filter(|column| column.hidden) {
        let (start, end) = (hidden.column, hidden.column + 1);
        let whole = grid_range(gid, &Area { rows: 0..u32::MAX, columns: start..end });
        requests.push(json!({ "updateDimensionProperties": {
            "range": { "sheetId": gid.0, "dimension": "COLUMNS", "startIndex": start, "endIndex": end },
            "properties": { "hiddenByUser": true },
            "fields": "hiddenByUser",
        }}));
        if tab.protected_ranges.iter().all(|guarded| guarded.range.as_ref() != Some(&whole)) {
            requests.push(json!({ "addProtectedRange": { "protectedRange": {
                "range": { "sheetId": gid.0, "startColumnIndex": start, "endColumnIndex": end },
                "warningOnly": true,
                "description": hidden.header,
            }}}));
        }
    }
    requests
}

/// A Drive query for spreadsheets by part of their name
/// ([search](https://developers.google.com/workspace/drive/api/guides/search-files)).
pub(crate) fn file_query(name_contains: Option<&str>) -> String {
    let spreadsheets = "mimeType='application/vnd.google-apps.spreadsheet' and trashed=false";
    match name_contains.filter(|name| !name.is_empty()) {
        Some(name) => format!("{spreadsheets} and name contains '{}'", name.replace('\\', "\\\\").replace('\'', "\\'")),
        None => spreadsheets.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(row: u32, column: u32, text: &str) -> CellWrite {
        CellWrite { row, column, value: CellValue::from(text), note: String::new() }
    }

    #[test]
    fn answers_come_in_any_order_and_an_area_without_values_is_empty() {
        let area = |rows: std::ops::Range<u32>| Area { rows, columns: 0..u32::MAX };
        let areas = [area(0..1), area(4..6), area(9..10)];
        let answer = serde_json::from_value(json!({ "valueRanges": [
            { "valueRange": { "range": "'T'!A5:Z6", "values": [["x", 1.5, true, ""]] }, "dataFilters": [{ "gridRange": { "startRowIndex": 4, "endRowIndex": 6 } }] },
            { "valueRange": { "range": "'T'!A1:Z1", "values": [["Ad"]] }, "dataFilters": [{ "gridRange": { "endRowIndex": 1 } }] },
            { "valueRange": { "range": "'T'!A10:Z10" }, "dataFilters": [{ "gridRange": { "startRowIndex": 9, "endRowIndex": 10 } }] },
        ]})).unwrap();
        let found = tables(Gid(0), &areas, answer).unwrap();
        assert_eq!(found[0], [["Ad".into()]]);
        assert_eq!(found[1], [["x".into(), CellValue::Number(1.5), CellValue::Bool(true)]]);
        assert!(found[2].is_empty());
    }

    #[test]
    fn an_area_that_the_answer_lacks_is_not_taken_for_an_empty_one() {
        let answer = serde_json::from_value(json!({ "valueRanges": [] })).unwrap();
        assert_eq!(tables(Gid(0), &[Area { rows: 0..1, columns: 0..1 }], answer), None);
    }

    #[test]
    fn blanks_are_cut_where_nothing_follows_and_kept_between() {
        let found = table(vec![vec![json!(""), json!("x"), json!(" "), json!("")], vec![], vec![json!("")]]);
        assert_eq!(found, [[CellValue::Empty, "x".into()]]);
    }

    #[test]
    fn following_cells_of_a_column_go_in_one_request() {
        let requests =
            write_requests(Gid(7), &[write(5, 3, "b"), write(4, 3, "=1+1"), write(9, 3, "c"), write(4, 2, "id")]);
        let starts: Vec<_> = requests.iter().map(|request| request["updateCells"]["start"].clone()).collect();
        let start = |row: u32, column: u32| json!({ "sheetId": 7, "rowIndex": row, "columnIndex": column });
        assert_eq!(starts, [start(4, 2), start(4, 3), start(9, 3)]);
        let values = &requests[1]["updateCells"]["rows"];
        assert_eq!(values[0]["values"][0]["userEnteredValue"], json!({ "stringValue": "=1+1" }));
        assert_eq!(values.as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn a_narrow_tab_is_widened_before_its_new_headers_are_written() {
        let tab = json!({ "properties": { "sheetId": 7, "gridProperties": { "columnCount": 26 } } });
        let kinds = kinds_for(tab);
        assert_eq!(kinds, ["appendDimension", "updateCells", "updateDimensionProperties", "addProtectedRange"]);
    }

    #[test]
    fn what_is_there_already_is_not_made_again() {
        let range = json!({ "sheetId": 7, "startColumnIndex": 26, "endColumnIndex": 27 });
        let tab = json!({
            "properties": { "sheetId": 7, "gridProperties": { "columnCount": 27 } },
            "protectedRanges": [{ "range": range }],
        });
        assert_eq!(kinds_for(tab), ["updateCells", "updateDimensionProperties"]);
    }

    fn kinds_for(tab: Value) -> Vec<String> {
        let column = NewColumn { column: 26, header: "Köprü ID".into(), hidden: true };
        let requests = column_requests(&serde_json::from_value(tab).unwrap(), &[column]);
        requests.iter().flat_map(|request| request.as_object().unwrap().keys().cloned()).collect()
    }

    #[test]
    fn a_name_cannot_leave_its_quotation_marks() {
        assert!(file_query(Some(r"a' or \")).ends_with(r"name contains 'a\' or \\'"));
    }
}
