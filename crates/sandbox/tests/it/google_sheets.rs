//! Section 3 of the Google facts: reading and writing a sheet.

use kopru_sandbox::SandboxConfig;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::Fixture;

#[tokio::test]
async fn empty_ends_are_cut_when_read_by_grid() {
    let fixture = Fixture::start().await;
    let values = json!([["Ad", "Tutar", ""], ["Ayşe", "", ""], ["", "", ""], ["Ali", 12.5, true]]);
    let sheet = fixture.sheet(values).await;
    let range = |first, last| json!({"gridRange": {"sheetId": 7, "startRowIndex": first, "endRowIndex": last}});
    let body = json!({"dataFilters": [range(0, 3), range(3, 2000), range(4, 6)], "valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "SERIAL_NUMBER"});
    let (_, answer) = sheet.post("/values:batchGetByDataFilter", body).await;
    let ranges = &answer["valueRanges"];
    assert_eq!(ranges[0]["valueRange"]["range"], "'Tab adı'!A1:Z3");
    assert_eq!(ranges[0]["valueRange"]["values"], json!([["Ad", "Tutar"], ["Ayşe"]]));
    assert_eq!(ranges[1]["valueRange"]["values"], json!([["Ali", 12.5, true]]));
    assert_eq!(ranges[2]["valueRange"].get("values"), None);
    assert_eq!(ranges[0]["dataFilters"][0], range(0, 3));
}

#[tokio::test]
async fn raw_stores_as_it_is_null_skips_and_an_empty_text_clears() {
    let fixture = Fixture::start().await;
    let sheet = fixture.sheet(json!([["a", "b", "c", "d"]])).await;
    let (status, answer) = sheet.write("'Tab adı'!A1:D1", json!([["=1+1", null, "", 7]])).await;
    assert_eq!((status, answer["totalUpdatedCells"].as_u64()), (200, Some(3)));
    assert_eq!(sheet.cells().await, json!([["=1+1", "b", null, 7]]));
}

#[tokio::test]
async fn user_entered_reads_numbers_by_the_locale() {
    let fixture = Fixture::start().await;
    let sheet = fixture.sheet(json!([[]])).await;
    let tail = "/values/'Tab%20ad%C4%B1'!A1:D1?valueInputOption=USER_ENTERED";
    let body = json!({"values": [["12,5", "TRUE", "31.12.2024", "0532 748"]]});
    assert_eq!(sheet.call(Method::PUT, tail, Some(body)).await.0, 200);
    assert_eq!(sheet.cells().await, json!([[12.5, true, 45657, "0532 748"]]));
    let seen = json!([["12,5", "TRUE", "31.12.2024", "0532 748"]]);
    assert_eq!(sheet.tab().await["shown"], seen);
    let (_, shown) = sheet.call(Method::GET, "/values/'Tab%20ad%C4%B1'!A1:D1", None).await;
    assert_eq!(shown["values"], seen);
}

#[rstest]
#[case::beyond_the_columns("'Tab adı'!AA1", json!([["x"]]), "Range ('Tab adı'!AA1) exceeds grid limits. Max rows: 1000, max columns: 26")]
#[case::data_beyond_the_range("'Tab adı'!A1:B1", json!([["x", "y", "z"]]), "Requested writing within range ['Tab adı'!A1:B1], but tried writing to column [C]")]
#[case::unknown_tab("Nope!A1", json!([["x"]]), "Unable to parse range: Nope!A1")]
#[tokio::test]
async fn a_refused_range_writes_nothing(#[case] range: &str, #[case] values: Value, #[case] message: &str) {
    let fixture = Fixture::start().await;
    let sheet = fixture.sheet(json!([["a"]])).await;
    let data = json!([{"range": "'Tab adı'!A1", "values": [["new"]]}, {"range": range, "values": values}]);
    let (status, answer) = sheet.post("/values:batchUpdate", json!({"valueInputOption": "RAW", "data": data})).await;
    let expected = json!({"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}});
    assert_eq!((status, answer), (400, expected));
    assert_eq!(sheet.cells().await, json!([["a"]]));
}

#[tokio::test]
async fn a_batch_update_is_all_or_nothing() {
    let fixture = Fixture::start().await;
    let sheet = fixture.sheet(json!([["a"]])).await;
    let append = json!({"appendDimension": {"sheetId": 7, "dimension": "COLUMNS", "length": 2}});
    for bad in
        [json!({"noSuchRequest": {}}), json!({"appendDimension": {"sheetId": 8, "dimension": "ROWS", "length": 1}})]
    {
        let (status, answer) = sheet.post(":batchUpdate", json!({"requests": [append, bad]})).await;
        assert_eq!((status, &answer["error"]["status"]), (400, &json!("INVALID_ARGUMENT")));
        assert_eq!(sheet.tab().await["column_count"], 26);
    }
    let (status, answer) = sheet.post(":batchUpdate", json!({"requests": [append]})).await;
    assert_eq!((status, &answer["replies"]), (200, &json!([{}])));
    assert_eq!(sheet.write("'Tab adı'!AB1", json!([["x"]])).await.0, 200);
}

#[tokio::test]
async fn cells_notes_and_hidden_columns() {
    let fixture = Fixture::start().await;
    let sheet = fixture.sheet(json!([["Ad", "Durum"], ["Ayşe"]])).await;
    let cell = json!({"userEnteredValue": {"stringValue": "✅"}, "note": "Neden"});
    let update = json!({"updateCells": {"start": {"sheetId": 7, "rowIndex": 1, "columnIndex": 1}, "rows": [{"values": [cell]}], "fields": "userEnteredValue,note"}});
    let columns = json!({"sheetId": 7, "dimension": "COLUMNS", "startIndex": 2, "endIndex": 3});
    let hide = json!({"updateDimensionProperties": {"range": columns, "properties": {"hiddenByUser": true}, "fields": "hiddenByUser"}});
    let first = json!({"sheetId": 7, "dimension": "COLUMNS", "startIndex": 0, "endIndex": 1});
    let insert = json!({"insertDimension": {"range": first}});
    let protect = json!({"addProtectedRange": {"protectedRange": {"range": {"sheetId": 7}, "warningOnly": true}}});
    let (status, answer) = sheet.post(":batchUpdate", json!({"requests": [update, hide, insert, protect]})).await;
    assert_eq!(status, 200, "{answer}");
    let tab = sheet.tab().await;
    assert_eq!(tab["cells"], json!([[null, "Ad", "Durum"], [null, "Ayşe", "✅"]]));
    assert_eq!(tab["notes"], json!([{"row": 2, "column": 2, "note": "Neden"}]));
    assert_eq!(tab["hidden_columns"], json!([3]), "hidden columns move with what is inserted before them");
    let tail = "?fields=sheets(properties(sheetId,title),data.columnMetadata)&ranges='Tab%20ad%C4%B1'!C1:D1";
    let (_, about) = sheet.call(Method::GET, tail, None).await;
    let expected = json!({"sheets": [{"properties": {"sheetId": 7, "title": "Tab adı"}, "data": [{"columnMetadata": [{}, {"hiddenByUser": true}]}]}]});
    assert_eq!(about, expected);
}

#[tokio::test]
async fn unknown_keys_are_refused() {
    let fixture = Fixture::start().await;
    let sheet = fixture.sheet(json!([["a"]])).await;
    let (status, answer) = sheet.call(Method::GET, "?alt=json&nonsense=1", None).await;
    assert_eq!(status, 400);
    assert!(answer["error"]["message"].as_str().unwrap().contains("Unknown name \"nonsense\""));
    let body = json!({"dataFilters": [{"gridRange": {"sheetId": 7}}], "nonsense": 1});
    assert_eq!(sheet.post("/values:batchGetByDataFilter", body).await.0, 400);
}

#[tokio::test]
async fn the_projects_quota_is_per_minute_and_kind() {
    let config = SandboxConfig { google_reads_per_minute: 1, ..SandboxConfig::default() };
    let fixture = Fixture::with(config).await;
    let sheet = fixture.sheet(json!([["a"]])).await;
    assert_eq!(sheet.call(Method::GET, "", None).await.0, 200);
    let (status, answer) = sheet.call(Method::GET, "", None).await;
    assert_eq!((status, &answer["error"]["status"]), (429, &json!("RESOURCE_EXHAUSTED")));
    assert_eq!(sheet.write("A1", json!([["b"]])).await.0, 200);
}

#[tokio::test]
async fn values_are_appended_below_the_last_row() {
    let fixture = Fixture::start().await;
    let sheet = fixture.sheet(json!([["a"], ["b"]])).await;
    let tail = "/values/A1:append?valueInputOption=RAW&insertDataOption=INSERT_ROWS";
    let (_, answer) = sheet.post(tail, json!({"values": [["c"]]})).await;
    assert_eq!(answer["updates"]["updatedRange"], "'Tab adı'!A3");
    assert_eq!(sheet.cells().await, json!([["a"], ["b"], ["c"]]));
}
