//! Edits spread over the rows, made as a person makes them: the sheet's script tells the service.

use jiff::Timestamp;
use kopru_delivery::SystemClock;
use kopru_domain::{CellValue, ColumnMapping, FieldKind, SystemColumns, Target};
use kopru_ports::Clock as _;
use serde_json::{Value, json};

use super::stage::{SPREADSHEET, Stage};

/// An edit that was made.
pub struct Edit {
    /// The record of its row.
    pub record: String,
    /// The field that it changes.
    pub field: String,
    /// When it was made.
    pub at: Timestamp,
}

/// Makes `count` edits over the mapped cells that can be edited, no cell twice while there are others.
pub async fn make(stage: &Stage, count: u32) -> anyhow::Result<Vec<Edit>> {
    let sheet = stage.sheet().await?;
    let headers: Vec<String> =
        sheet.first().into_iter().flatten().map(|cell| cell.to_text().trim().to_owned()).collect();
    let mapping = stage.mapping.resolve(&headers);
    let Some(system) = SystemColumns::find(&headers) else { return Ok(Vec::new()) };
    let record = |row: usize| sheet[row].get(system.record as usize).map(CellValue::to_text).unwrap_or_default();
    let rows: Vec<usize> = (1..sheet.len()).filter(|row| !record(*row).is_empty()).collect();
    let mut made = Vec::new();
    if rows.is_empty() || mapping.columns.is_empty() {
        return Ok(made);
    }
    for number in 0..count as usize {
        // Neighbouring edits are far apart in the sheet, and each round takes another column.
        let row = rows[number * 7919 % rows.len()];
        let (column, mapped) = mapping.columns[(number + number / rows.len()) % mapping.columns.len()];
        let old = sheet[row].get(column).unwrap_or(&CellValue::Empty);
        let Some(value) = new_value(stage, mapped, old, number) else { continue };
        let at = SystemClock.now();
        let edit = json!({ "gid": 0, "row": row + 1, "column": column, "value": value });
        stage.control.post(&format!("/_control/google/spreadsheets/{SPREADSHEET}/edit"), edit).await?;
        made.push(Edit { record: record(row), field: field(&mapped.target), at });
    }
    Ok(made)
}

fn field(target: &Target) -> String {
    match target {
        Target::FullName => "NAME".to_owned(),
        Target::Field(code) => code.to_string(),
    }
}

/// Something else than what stands in the cell; now and then nothing.
fn new_value(stage: &Stage, mapped: &ColumnMapping, old: &CellValue, number: usize) -> Option<Value> {
    let Target::Field(code) = &mapped.target else {
        return Some(json!(format!("Kişi{number} {}", old.to_text().trim())));
    };
    let meta = stage.catalog.get(code)?;
    if number % 11 == 10
        && !meta.required
        && !matches!(meta.kind, FieldKind::Choice | FieldKind::User)
        && code.as_str() != "TITLE"
    {
        return Some(Value::Null);
    }
    Some(match meta.kind {
        FieldKind::Text => json!(format!("{} ✎{number}", old.to_text().trim()).trim()),
        FieldKind::Integer => json!(number),
        // Where the sheet says the currency in a column of its own, the amount is a bare number.
        FieldKind::Double | FieldKind::Money => {
            let has_column = stage.mapping.columns.iter().any(|other| field(&other.target) == "CURRENCY_ID");
            let currency = if has_column { "" } else { " TL" };
            json!(format!("{}.{:03},50{currency}", number % 900 + 1, number % 1000))
        }
        FieldKind::Flag => json!(if old.to_text() == "Evet" { "Hayır" } else { "Evet" }),
        FieldKind::Date => json!(format!("{}.{}.2031", number % 28 + 1, number % 12 + 1)),
        FieldKind::DateTime => json!(format!("{}.{}.2031 10:{:02}", number % 28 + 1, number % 12 + 1, number % 60)),
        FieldKind::Choice | FieldKind::User => {
            let others: Vec<_> = meta.choices.iter().filter(|choice| choice.label != old.to_text().trim()).collect();
            json!(others.get(number % others.len().max(1))?.label)
        }
        FieldKind::Phone => {
            json!(format!("0532 {:03} {:02} {:02}", number / 10_000 % 1000, number / 100 % 100, number % 100))
        }
        FieldKind::Email => json!(format!("duzeltme{number}@ornek.example")),
        FieldKind::Web | FieldKind::Link => json!(format!("https://ornek{number}.example")),
        FieldKind::Messenger | FieldKind::Reference | FieldKind::Other => return None,
    })
}
