//! Whole sample sheets, cell by cell, against what their cells are known to mean. The sheets are not part
//! of the repository: `KOPRU_DATA` names their folder.

use std::collections::HashMap;
use std::path::PathBuf;

use kopru_domain::convert::{column_style, convert};
use kopru_domain::{CellValue, ColumnStyle, FieldKind, FieldMeta, FieldValue, Reason};

#[expect(clippy::disallowed_methods, reason = "the one place where a test is told of data outside the repository")]
fn data() -> Option<PathBuf> {
    std::env::var("KOPRU_DATA").ok().map(PathBuf::from)
}

fn rows(path: PathBuf, delimiter: u8, quoting: bool) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(quoting)
        .has_headers(false)
        .flexible(true)
        .from_path(path)
        .expect("the sheet can be read");
    reader.records().map(|record| record.expect("a row of the sheet").iter().map(str::to_owned).collect()).collect()
}

fn field(kind: FieldKind) -> FieldMeta {
    FieldMeta {
        code: "X".into(),
        title: "X".to_owned(),
        kind,
        required: false,
        read_only: false,
        multiple: false,
        choices: Vec::new(),
    }
}

fn shown(value: Result<FieldValue, Reason>) -> String {
    match value {
        Ok(FieldValue::Empty) => String::new(),
        Ok(FieldValue::Contacts(items)) => items.into_iter().map(|item| item.value).collect::<Vec<_>>().join(" "),
        Ok(FieldValue::Number(number)) => format!("{number:.2}"),
        Ok(FieldValue::Date(day)) => day.to_string(),
        other => format!("{other:?}"),
    }
}

/// The converted cells of the column with that header, by the sheet's row.
fn column(sheet: &[Vec<String>], header: &str, kind: FieldKind) -> Vec<(usize, String, String)> {
    let at = sheet[0].iter().position(|title| title == header).expect("the sheet has the column");
    let cells: Vec<CellValue> = sheet[1..].iter().map(|row| row[at].as_str().into()).collect();
    let style = column_style(cells.iter(), &ColumnStyle::turkish());
    let read = |cell: &CellValue| shown(convert(cell, &field(kind), &style));
    cells.iter().zip(2..).map(|(cell, row)| (row, cell.to_text(), read(cell))).collect()
}

#[test]
fn a_turkish_sales_sheet_means_what_it_was_written_to_mean() {
    let Some(data) = data() else {
        println!("skipped: KOPRU_DATA is not set");
        return;
    };
    let sheet = rows(data.join("musteri-adaylari-500.csv"), b',', true);
    let expected: HashMap<(usize, String), String> = rows(data.join("musteri-adaylari-500.expected.tsv"), b'\t', false)
        .into_iter()
        .skip(1)
        .map(|row| ((row[0].parse().unwrap(), row[1].clone()), row[2].clone()))
        .collect();
    let columns = [
        ("Cep Telefonu", FieldKind::Phone),
        ("E-Posta", FieldKind::Email),
        ("Teklif Tutarı", FieldKind::Double),
        ("Tahmini Kapanış", FieldKind::Date),
    ];
    let mut mismatches = 0;
    for (header, kind) in columns {
        for (row, cell, read) in column(&sheet, header, kind) {
            let meant = &expected[&(row, header.to_owned())];
            if &read != meant {
                mismatches += 1;
                println!("row {row}, {header}: {cell:?} was read as {read:?}, it means {meant:?}");
            }
        }
    }
    assert_eq!(mismatches, 0, "cells were misread");
}

#[test]
fn nothing_of_a_foreign_sheet_is_lost() {
    let Some(data) = data() else {
        println!("skipped: KOPRU_DATA is not set");
        return;
    };
    let sheet = rows(data.join("customers-1000.csv"), b',', true);
    for header in ["Phone 1", "Phone 2"] {
        for (row, cell, read) in column(&sheet, header, FieldKind::Phone) {
            let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
            let kept = digits(&read).ends_with(digits(&cell).trim_start_matches('0'));
            assert!(kept, "row {row}, {header}: {cell:?} was read as {read:?}");
        }
    }
    for (header, kind) in [("Email", FieldKind::Email), ("Website", FieldKind::Web)] {
        for (row, cell, read) in column(&sheet, header, kind) {
            assert_eq!(cell, read, "row {row}, {header}");
        }
    }
    for (row, cell, read) in column(&sheet, "Subscription Date", FieldKind::Date) {
        assert_eq!(cell, read, "row {row}");
    }
}
