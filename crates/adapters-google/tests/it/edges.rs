//! What is easily lost at the edges: whose quota was passed, what was made before, what was not answered.

use kopru_domain::CellValue;
use kopru_ports::Retry;
use kopru_ports::delivery::Urgency;
use kopru_ports::spreadsheets::{Area, CellWrite, NewColumn, SheetsErrorKind, Spreadsheets as _};
use rstest::rstest;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::scripted::ok;
use crate::world::{PATIENT, World, connection, tab};

const PROJECT: &str = "google:client:sheets-read";
const PERSON: &str = "google:client:sheets-read:108";

fn refused_by(limit: &str) -> ResponseTemplate {
    let details = json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED",
        "metadata": { "quota_limit": limit } }]);
    let error = json!({ "code": 429, "message": "x", "status": "RESOURCE_EXHAUSTED", "details": details });
    ResponseTemplate::new(429).set_body_json(json!({ "error": error }))
}

#[rstest]
#[case::project("ReadRequestsPerMinutePerProject", &[PROJECT, PERSON])]
#[case::person("ReadRequestsPerMinutePerUser", &[PERSON])]
#[tokio::test]
async fn one_persons_quota_does_not_stop_the_others(#[case] limit: &str, #[case] closed: &[&str]) {
    let world = World::start(PATIENT).await;
    world.google.answer(refused_by(limit));
    world.sheets.describe(&connection(), &tab().spreadsheet, Urgency::Bulk).await.unwrap_err();
    let refusals = world.gate.refusals.lock().unwrap();
    assert_eq!(refusals.iter().map(|(scope, _)| scope.as_str()).collect::<Vec<_>>(), closed);
}

#[tokio::test]
async fn an_area_that_was_not_answered_is_no_empty_one() {
    let world = World::start(PATIENT).await;
    world.google.answer(ok(json!({ "spreadsheetId": "s1", "valueRanges": [] })));
    let error = world.sheets.read(&tab(), &[Area { rows: 0..1, columns: 0..1 }]).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (SheetsErrorKind::Unavailable, Retry::After(None)));
}

#[tokio::test]
async fn nothing_to_write_is_no_call() {
    let world = World::start(PATIENT).await;
    world.sheets.write(&tab(), &[]).await.unwrap();
    assert_eq!(world.google.asked(), []);
}

#[tokio::test]
async fn cells_that_do_not_touch_are_written_apart_in_one_call() {
    let world = World::start(PATIENT).await;
    world.google.answer(ok(json!({})));
    let cell = |row: u32, column: u32| CellWrite { row, column, value: CellValue::Empty, note: String::new() };
    world.sheets.write(&tab(), &[cell(5, 1), cell(2, 1), cell(1, 1), cell(1, 0)]).await.unwrap();
    let asked = world.google.asked();
    let requests: Vec<Value> = asked[0].body["requests"].as_array().unwrap().clone();
    let start = |row: u32, column: u32| json!({ "sheetId": 7, "rowIndex": row, "columnIndex": column });
    let starts: Vec<&Value> = requests.iter().map(|request| &request["updateCells"]["start"]).collect();
    assert_eq!(starts, [&start(1, 0), &start(1, 1), &start(5, 1)]);
}

/// As after a time-out of a call that was carried out.
#[tokio::test]
async fn columns_that_are_there_are_not_widened_or_guarded_again() {
    let world = World::start(PATIENT).await;
    let range = json!({ "sheetId": 7, "startColumnIndex": 3, "endColumnIndex": 4 });
    let properties = json!({ "sheetId": 7, "gridProperties": { "columnCount": 4 } });
    let sheet = json!({ "properties": properties, "protectedRanges": [{ "range": range }] });
    world.google.answer(ok(json!({ "sheets": [sheet] }))).answer(ok(json!({})));
    let column = NewColumn { column: 3, header: "Köprü ID".into(), hidden: true };
    world.sheets.add_columns(&tab(), &[column]).await.unwrap();
    let asked = world.google.asked();
    let kinds: Vec<&String> = asked[1].body["requests"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|request| request.as_object().unwrap().keys())
        .collect();
    assert_eq!(kinds, ["updateCells", "updateDimensionProperties"]);
}
