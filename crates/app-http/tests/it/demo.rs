//! What `kopru demo --once` says of a sheet.

use std::process::Command;

use serde_json::{Value, json};

fn demo(entity: &str, sheet: &str, more: &[&str]) -> (bool, Value) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sheet.csv");
    std::fs::write(&file, sheet).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_kopru"))
        .args(["demo", "--once", "--json", "--lang", "en", "--entity", entity, "--sheet"])
        .arg(&file)
        .args(more)
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout);
    (output.status.success(), report.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr))))
}

#[test]
fn what_the_portal_puts_where_the_sheet_is_blank_is_right() {
    let sheet = "Ad;Cep Tel.;Durum;Sorumlu;Tutar\nAyşe;0532 111 22 33;Yeni;Ali Can;10\nCan;0532 111 22 34;;;\nEce;aranacak;;;\n";
    let (right, report) = demo("lead", sheet, &[]);
    assert!(right, "{report}");
    let counts = ["synced", "with_errors", "without_status", "missing", "duplicates", "wrong", "refused"];
    assert_eq!(counts.map(|key| report[key].as_u64().unwrap()), [2, 1, 0, 0, 0, 0, 1]);
    assert_eq!(report["edit_to_crm_ms"], Value::Null);
    assert!(report["refusals"][0]["reason"].as_str().unwrap().starts_with("No phone number"));
}

#[test]
fn an_emptied_cell_has_to_clear_what_the_import_filled() {
    let rows: Vec<String> = (0..12).map(|row| format!("Kişi{row};0532 111 22 {row:02};not {row};\n")).collect();
    let (right, report) = demo("lead", &format!("Ad;Cep Tel.;Açıklama;Sorumlu\n{}", rows.concat()), &["--edits", "48"]);
    assert!(right, "{report}");
    assert_eq!((&report["synced"], &report["wrong"]), (&json!(12), &json!(0)));
    assert!(report["edit_to_crm_ms"]["p99"].is_u64());
}

#[test]
fn rows_that_make_no_record_are_told_with_the_reason() {
    let sheet = "Anlaşma;Tutar;Kedi\nBir;100;x\n;;Pamuk\n;-;Duman\n";
    let (right, report) = demo("deal", sheet, &[]);
    assert!(right, "{report}");
    assert_eq!((&report["rows"], &report["created"], &report["missing"]), (&json!(3), &json!(1), &json!(0)));
    let told: Vec<&Value> = report["no_record"].as_array().unwrap().iter().map(|entry| &entry["rows"]).collect();
    assert_eq!(told, [&json!([3]), &json!([4])], "blank rows, and rows of placeholders: {report}");
}
