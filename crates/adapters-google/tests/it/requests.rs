//! What exactly is asked, and how it is read.

use std::collections::BTreeMap;

use kopru_domain::{CellValue, Gid};
use kopru_ports::delivery::Urgency;
use kopru_ports::spreadsheets::{
    Area, CellWrite, FilePage, NewColumn, SheetsErrorKind, SpreadsheetFile, Spreadsheets as _, Tab,
};
use serde_json::{Value, json};

use crate::scripted::{Asked, ok};
use crate::world::{PATIENT, World, connection, tab};

fn post(path: &str, body: Value) -> Asked {
    Asked {
        method: "POST".into(),
        path: path.to_owned(),
        query: BTreeMap::new(),
        token: "s3cret-1".into(),
        if_match: None,
        body,
        upload: None,
    }
}

fn get(path: &str, query: &[(&str, &str)]) -> Asked {
    let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Asked { method: "GET".into(), query, ..post(path, Value::Null) }
}

const OUTLINE: (&str, &str) = (
    "fields",
    "properties(title,locale,timeZone),sheets.properties(sheetId,title,sheetType,gridProperties(rowCount,columnCount))",
);

/// As Google tells of a file with a chart's own tab; an absent number is 0.
fn outline() -> Value {
    let grid = |rows: u32, columns: u32| json!({ "rowCount": rows, "columnCount": columns });
    json!({
        "properties": { "title": "Adaylar", "locale": "tr_TR", "timeZone": "Europe/Istanbul" },
        "sheets": [
            { "properties": { "title": "İlk", "sheetType": "GRID", "gridProperties": grid(1000, 26) } },
            { "properties": { "sheetId": 5, "title": "Grafik", "sheetType": "OBJECT" } },
            { "properties": { "sheetId": 6, "title": "Bağlı", "sheetType": "DATA_SOURCE", "gridProperties": grid(9, 9) } },
            { "properties": { "sheetId": 7, "title": "Tab adı", "sheetType": "GRID", "gridProperties": grid(200, 5) } },
        ],
    })
}

#[tokio::test]
async fn a_files_outline_has_its_tabs_with_cells_only() {
    let world = World::start(PATIENT).await;
    world.google.answer(ok(outline()));
    let info = world.sheets.describe(&connection(), &"s1".parse().unwrap(), Urgency::Bulk).await.unwrap();
    assert_eq!(
        (info.title.as_str(), info.locale.as_str(), info.time_zone.as_str()),
        ("Adaylar", "tr_TR", "Europe/Istanbul")
    );
    let first = Tab { gid: Gid(0), title: "İlk".into(), rows: 1000, columns: 26 };
    let last = Tab { gid: Gid(7), title: "Tab adı".into(), rows: 200, columns: 5 };
    assert_eq!(info.tabs, [first, last]);
    assert_eq!(world.google.asked(), [get("/v4/spreadsheets/s1", &[OUTLINE])]);
}

#[tokio::test]
async fn several_areas_are_read_in_one_call() {
    let world = World::start(PATIENT).await;
    let filter = |range: Value| json!([{ "gridRange": range }]);
    // In another order than asked, an absent number being 0; the third area holds nothing.
    world.google.answer(ok(json!({ "spreadsheetId": "s1", "valueRanges": [
        {
            "valueRange": { "range": "'Tab adı'!C4:D5", "majorDimension": "ROWS", "values": [[45657.5, true], ["#REF!"]] },
            "dataFilters": filter(json!({ "sheetId": 7, "startRowIndex": 3, "endRowIndex": 5, "startColumnIndex": 2, "endColumnIndex": 4 })),
        },
        {
            "valueRange": { "range": "'Tab adı'!A1:Z1", "majorDimension": "ROWS", "values": [["Ad", "", "Telefon"]] },
            "dataFilters": filter(json!({ "sheetId": 7, "endRowIndex": 1 })),
        },
        {
            "valueRange": { "range": "'Tab adı'!A10:Z10", "majorDimension": "ROWS" },
            "dataFilters": filter(json!({ "sheetId": 7, "startRowIndex": 9, "endRowIndex": 10 })),
        },
    ] })));
    let all = 0..u32::MAX;
    let areas = [
        Area { rows: 0..1, columns: all.clone() },
        Area { rows: 3..5, columns: 2..4 },
        Area { rows: 9..10, columns: all },
    ];
    let tables = world.sheets.read(&tab(), &areas).await.unwrap();
    let expected = [
        vec![vec!["Ad".into(), CellValue::Empty, "Telefon".into()]],
        vec![vec![CellValue::Number(45657.5), CellValue::Bool(true)], vec!["#REF!".into()]],
        vec![],
    ];
    assert_eq!(tables, expected);
    let body = json!({
        "dataFilters": [
            { "gridRange": { "sheetId": 7, "startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0 } },
            { "gridRange": { "sheetId": 7, "startRowIndex": 3, "endRowIndex": 5, "startColumnIndex": 2, "endColumnIndex": 4 } },
            { "gridRange": { "sheetId": 7, "startRowIndex": 9, "endRowIndex": 10, "startColumnIndex": 0 } },
        ],
        "valueRenderOption": "UNFORMATTED_VALUE",
        "dateTimeRenderOption": "SERIAL_NUMBER",
    });
    assert_eq!(world.google.asked(), [post("/v4/spreadsheets/s1/values:batchGetByDataFilter", body)]);
}

#[tokio::test]
async fn cells_are_written_typed_with_their_notes_in_one_call() {
    let world = World::start(PATIENT).await;
    world.google.answer(ok(json!({ "spreadsheetId": "s1", "replies": [{}] })));
    let cell = |row: u32, value: CellValue, note: &str| CellWrite { row, column: 4, value, note: note.to_owned() };
    let cells = [
        cell(2, "=1+1".into(), "neden"),
        cell(3, CellValue::Empty, ""),
        cell(4, CellValue::Number(12.5), ""),
        cell(5, CellValue::Bool(false), ""),
    ];
    world.sheets.write(&tab(), &cells).await.unwrap();
    let row = |value: Value, note: &str| json!({ "values": [{ "userEnteredValue": value, "note": note }] });
    let rows = json!([
        row(json!({ "stringValue": "=1+1" }), "neden"),
        json!({ "values": [{ "note": "" }] }),
        row(json!({ "numberValue": 12.5 }), ""),
        row(json!({ "boolValue": false }), ""),
    ]);
    let start = json!({ "sheetId": 7, "rowIndex": 2, "columnIndex": 4 });
    let update = json!({ "updateCells": { "start": start, "rows": rows, "fields": "userEnteredValue,note" } });
    assert_eq!(world.google.asked(), [post("/v4/spreadsheets/s1:batchUpdate", json!({ "requests": [update] }))]);
}

#[tokio::test]
async fn new_columns_widen_the_tab_and_hidden_ones_are_guarded() {
    let world = World::start(PATIENT).await;
    world.google.answer(ok(outline())).answer(ok(json!({})));
    let column = |column: u32, header: &str, hidden: bool| NewColumn { column, header: header.to_owned(), hidden };
    world.sheets.add_columns(&tab(), &[column(5, "Durum", false), column(6, "Köprü ID", true)]).await.unwrap();
    let header = |column: u32, text: &str| {
        let cell = json!({ "userEnteredValue": { "stringValue": text }, "note": "" });
        json!({ "updateCells": {
            "start": { "sheetId": 7, "rowIndex": 0, "columnIndex": column },
            "rows": [{ "values": [cell] }],
            "fields": "userEnteredValue,note",
        } })
    };
    let requests = json!([
        { "appendDimension": { "sheetId": 7, "dimension": "COLUMNS", "length": 2 } },
        header(5, "Durum"),
        header(6, "Köprü ID"),
        { "updateDimensionProperties": {
            "range": { "sheetId": 7, "dimension": "COLUMNS", "startIndex": 6, "endIndex": 7 },
            "properties": { "hiddenByUser": true },
            "fields": "hiddenByUser",
        } },
        { "addProtectedRange": { "protectedRange": {
            "range": { "sheetId": 7, "startColumnIndex": 6, "endColumnIndex": 7 },
            "warningOnly": true,
            "description": "Köprü ID",
        } } },
    ]);
    let written = post("/v4/spreadsheets/s1:batchUpdate", json!({ "requests": requests }));
    let guarded = "sheets(properties(sheetId,gridProperties(columnCount)),protectedRanges(range))";
    assert_eq!(world.google.asked(), [get("/v4/spreadsheets/s1", &[("fields", guarded)]), written]);
}

#[tokio::test]
async fn a_tab_that_is_gone_gets_no_columns() {
    let world = World::start(PATIENT).await;
    world.google.answer(ok(json!({ "properties": {}, "sheets": [] })));
    let column = NewColumn { column: 0, header: "Durum".into(), hidden: false };
    let error = world.sheets.add_columns(&tab(), &[column]).await.unwrap_err();
    assert_eq!(error.kind, SheetsErrorKind::NotFound);
}

#[tokio::test]
async fn files_come_in_pages() {
    let world = World::start(PATIENT).await;
    let file = json!({ "id": "s1", "name": "Adaylar", "modifiedTime": "2026-11-23T10:00:00.000Z", "capabilities": { "canEdit": true } });
    world.google.answer(ok(json!({ "nextPageToken": "n/2", "files": [file] })));
    world.google.answer(ok(json!({ "files": [{ "id": "s2", "name": "Salt okunur" }, { "id": "" }] })));
    let first = world.sheets.list(&connection(), Some("o'clock"), None).await.unwrap();
    let second = world.sheets.list(&connection(), None, first.next.as_deref()).await.unwrap();
    let adaylar = SpreadsheetFile {
        id: "s1".parse().unwrap(),
        name: "Adaylar".into(),
        modified: "2026-11-23T10:00:00.000Z".into(),
        editable: true,
    };
    assert_eq!(first, FilePage { files: vec![adaylar], next: Some("n/2".into()) });
    assert_eq!((second.files.len(), second.files[0].editable, second.next), (1, false, None));

    let spreadsheets = "mimeType='application/vnd.google-apps.spreadsheet' and trashed=false";
    let named = format!(r"{spreadsheets} and name contains 'o\'clock'");
    let common = [
        ("pageSize", "100"),
        ("orderBy", "modifiedTime desc"),
        ("fields", "nextPageToken,files(id,name,modifiedTime,capabilities(canEdit))"),
        ("supportsAllDrives", "true"),
        ("includeItemsFromAllDrives", "true"),
    ];
    let asked = |own: &[(&str, &str)]| get("/drive/v3/files", &[&common[..], own].concat());
    let expected = [asked(&[("q", &named)]), asked(&[("q", spreadsheets), ("pageToken", "n/2")])];
    assert_eq!(world.google.asked(), expected);
}

#[tokio::test]
async fn a_files_id_cannot_leave_its_place_in_the_path() {
    let world = World::start(PATIENT).await;
    world.google.answer(ok(outline()));
    world.sheets.describe(&connection(), &"../s1?x=y#z".parse().unwrap(), Urgency::Bulk).await.unwrap();
    assert_eq!(world.google.asked(), [get("/v4/spreadsheets/..%2Fs1%3Fx%3Dy%23z", &[OUTLINE])]);
}
