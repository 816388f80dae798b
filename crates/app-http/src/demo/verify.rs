//! Holding the CRM against the sheet, cell by cell, by reading both simulators.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Context as _;
use kopru_domain::convert::{convert, split_name};
use kopru_domain::multi::comparable;
use kopru_domain::text::fold;
use kopru_domain::{CellValue, FieldKind, FieldMeta, FieldValue, ResolvedMapping, SystemColumns, Target};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::expected::Expected;
use super::seed;
use super::stage::Stage;

/// What was found wrong.
#[derive(Debug, Default)]
pub struct Findings {
    /// Rows without a record.
    pub missing: u32,
    /// Records beyond one for each row.
    pub duplicates: u32,
    /// Rows that are in the CRM.
    pub synced: u32,
    /// Differences, for people.
    pub wrong: Vec<String>,
    /// Cells of mapped columns that cannot be read, by row and header.
    pub refused: BTreeSet<(usize, String)>,
}

/// A comparison with values made by hand.
#[derive(Debug, Default)]
pub struct Checked {
    /// Cells that were compared.
    pub checked: u32,
    /// Differences, for people.
    pub wrong: Vec<String>,
}

/// The sheet with its records.
struct Both {
    rows: Vec<Vec<CellValue>>,
    records: BTreeMap<String, Value>,
    headers: Vec<String>,
    system: SystemColumns,
}

impl Both {
    async fn read(stage: &Stage) -> anyhow::Result<Self> {
        let mut rows = stage.sheet().await?;
        let first = rows.first().context("the sheet is empty")?;
        let headers: Vec<String> = first.iter().map(|cell| cell.to_text().trim().to_owned()).collect();
        let system = SystemColumns::find(&headers).context("the sheet has no columns of Köprü's")?;
        rows.remove(0);
        Ok(Self { rows, records: stage.records().await?, headers, system })
    }

    fn cell(&self, row: usize, column: usize) -> &CellValue {
        self.rows[row].get(column).unwrap_or(&CellValue::Empty)
    }

    fn system_text(&self, row: usize, column: u32) -> String {
        self.cell(row, column as usize).to_text()
    }

    fn record(&self, row: usize) -> Option<&Value> {
        self.records.get(&self.system_text(row, self.system.record))
    }
}

/// Compares every row with its record.
pub async fn compare(stage: &Stage) -> anyhow::Result<Findings> {
    let both = Both::read(stage).await?;
    let mapping = stage.mapping.resolve(&both.headers);
    let mut findings = Findings::default();
    let mut owners: HashMap<String, usize> = HashMap::new();
    for row in 0..both.rows.len() {
        if mapping.columns.iter().all(|(column, _)| both.cell(row, *column).is_blank()) {
            continue;
        }
        let id = both.system_text(row, both.system.record);
        if let Some(other) = owners.insert(id.clone(), row).filter(|_| !id.is_empty()) {
            findings.wrong.push(format!("rows {} and {} have the same record {id}", other + 2, row + 2));
        }
        match both.record(row) {
            Some(record) => compare_row(stage, &both, &mapping, row, record, &mut findings),
            None => findings.missing += 1,
        }
    }
    findings.duplicates = u32::try_from(both.records.keys().filter(|id| !owners.contains_key(*id)).count())?;
    Ok(findings)
}

fn compare_row(
    stage: &Stage,
    both: &Both,
    mapping: &ResolvedMapping<'_>,
    row: usize,
    record: &Value,
    findings: &mut Findings,
) {
    let before = findings.refused.len();
    let mut wanted: BTreeMap<String, Vec<FieldValue>> = BTreeMap::new();
    for (column, mapped) in &mapping.columns {
        let cell = both.cell(row, *column);
        match &mapped.target {
            Target::FullName => {
                let (given, surname) = split_name(&cell.to_text());
                wanted.entry("NAME".into()).or_default().push(FieldValue::Text(given));
                wanted.entry("LAST_NAME".into()).or_default().push(FieldValue::Text(surname));
            }
            Target::Field(code) => {
                let Some(field) = stage.catalog.get(code) else { continue };
                match convert(cell, field, &mapped.style) {
                    Ok(value) => wanted.entry(code.to_string()).or_default().push(value),
                    Err(_) => drop(findings.refused.insert((row + 2, mapped.header.clone()))),
                }
            }
        }
    }
    let refused_fields: BTreeSet<&str> = mapping
        .columns
        .iter()
        .filter(|(_, mapped)| findings.refused.contains(&(row + 2, mapped.header.clone())))
        .filter_map(|(_, mapped)| if let Target::Field(code) = &mapped.target { Some(code.as_str()) } else { None })
        .collect();
    for (code, values) in wanted.iter().filter(|(code, _)| !refused_fields.contains(code.as_str())) {
        let field = &stage.catalog[&code.as_str().into()];
        let (sheet, crm) = (wanted_texts(field, values), crm_texts(field, record));
        if sheet != crm {
            findings.wrong.push(format!("row {}, {code}: the sheet says {sheet:?}, the CRM has {crm:?}", row + 2));
        }
    }
    let status = both.system_text(row, both.system.status);
    let right = if findings.refused.len() == before { "✅ Senkronize" } else { "❌ Hata" };
    if status != right {
        findings.wrong.push(format!("row {}: the status cell reads {status:?} and not {right:?}", row + 2));
    }
    findings.synced += 1;
}

/// What the sheet says of a field, in one spelling.
fn wanted_texts(field: &FieldMeta, values: &[FieldValue]) -> BTreeSet<String> {
    values.iter().flat_map(|value| texts(field, value)).filter(|text| !text.is_empty()).collect()
}

fn texts(field: &FieldMeta, value: &FieldValue) -> Vec<String> {
    match value {
        FieldValue::Empty => Vec::new(),
        FieldValue::Text(text) | FieldValue::Choice(text) => vec![text.clone()],
        // The CRM has no blank amount: nothing and zero are the same to it.
        FieldValue::Number(number) if number.is_zero() => Vec::new(),
        FieldValue::Number(number) => vec![number.normalize().to_string()],
        FieldValue::Money(amount, currency) => vec![format!("{}|{currency}", amount.normalize())],
        FieldValue::Flag(flag) => vec![if *flag { "Y" } else { "N" }.to_owned()],
        FieldValue::Date(date) => vec![date.to_string()],
        FieldValue::DateTime(moment) => vec![moment.to_string()],
        FieldValue::Many(items) => items.iter().flat_map(|item| texts(field, item)).collect(),
        FieldValue::Contacts(items) => items.iter().map(|item| comparable(field.kind, &item.value)).collect(),
    }
}

/// What the CRM has in a field, in the same spelling.
fn crm_texts(field: &FieldMeta, record: &Value) -> BTreeSet<String> {
    let code = field.code.as_str();
    if field.kind.is_contact() {
        let entries = record["multi"][code].as_array().into_iter().flatten();
        return entries
            .filter_map(|entry| entry["VALUE"].as_str())
            .map(|value| comparable(field.kind, value))
            .collect();
    }
    let values = match &record["fields"][code] {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    values.iter().map(|value| crm_text(field.kind, value)).filter(|text| !text.is_empty()).collect()
}

fn crm_text(kind: FieldKind, value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match kind {
        FieldKind::Integer | FieldKind::Double => number(text),
        FieldKind::Money => money(&text).unwrap_or(text),
        FieldKind::Date => text.chars().take(10).collect(),
        FieldKind::DateTime => text.parse::<jiff::Timestamp>().map_or(text, |moment| moment.to_string()),
        FieldKind::Choice | FieldKind::User if text == "0" => String::new(),
        FieldKind::Flag if text == "1" || text == "true" => "Y".to_owned(),
        FieldKind::Flag if text == "0" || text == "false" => "N".to_owned(),
        _ => text,
    }
}

fn number(text: String) -> String {
    match text.parse::<Decimal>() {
        Ok(number) if number.is_zero() => String::new(),
        Ok(number) => number.normalize().to_string(),
        Err(_) => text,
    }
}

fn money(text: &str) -> Option<String> {
    let (amount, currency) = text.split_once('|')?;
    Some(format!("{}|{currency}", amount.parse::<Decimal>().ok()?.normalize()))
}

/// Compares the CRM with values made by hand. Columns that feed no field are not compared.
pub async fn against_expected(stage: &Stage, expected: &[Expected]) -> anyhow::Result<Checked> {
    let both = Both::read(stage).await?;
    let mut checked = Checked::default();
    for cell in expected {
        let Some(mapped) = stage.mapping.columns.iter().find(|mapped| mapped.header.trim() == cell.header.trim())
        else {
            continue;
        };
        checked.checked += 1;
        let found = (cell.row - 2 < both.rows.len()).then(|| both.record(cell.row - 2)).flatten();
        let found = found.map(|record| shown(stage, &mapped.target, record));
        if !found.as_ref().is_some_and(|found| agrees(stage, &mapped.target, found, &cell.value)) {
            checked.wrong.push(format!(
                "row {}, {}: {:?} is expected, the CRM has {found:?}",
                cell.row, cell.header, cell.value
            ));
        }
    }
    Ok(checked)
}

/// A record's value as a person would write it.
fn shown(stage: &Stage, target: &Target, record: &Value) -> String {
    let text = |code: &str| record["fields"][code].as_str().unwrap_or_default().to_owned();
    let Target::Field(code) = target else {
        return format!("{} {}", text("NAME"), text("LAST_NAME")).trim().to_owned();
    };
    let field = &stage.catalog[code];
    if field.kind.is_contact() {
        let entries = record["multi"][code.as_str()].as_array().into_iter().flatten();
        return entries.filter_map(|entry| entry["VALUE"].as_str()).collect::<Vec<_>>().join(" ");
    }
    let texts = crm_texts(field, record).into_iter();
    let label = |text: String| {
        field.choices.iter().find(|choice| choice.id == text).map_or(text, |choice| choice.label.clone())
    };
    texts.map(label).collect::<Vec<_>>().join(" ")
}

fn agrees(stage: &Stage, target: &Target, found: &str, expected: &str) -> bool {
    let kind = if let Target::Field(code) = target { stage.catalog[code].kind } else { FieldKind::Text };
    match kind {
        FieldKind::Phone => same_phones(stage, target, found, expected),
        FieldKind::Integer | FieldKind::Double | FieldKind::Money => {
            let amount =
                |text: &str| text.split('|').next().unwrap_or_default().trim().parse().unwrap_or(Decimal::ZERO);
            amount(found) == amount(expected)
        }
        FieldKind::Choice | FieldKind::User => fold(found) == fold(expected),
        FieldKind::Email | FieldKind::Web | FieldKind::Link => comparable(kind, found) == comparable(kind, expected),
        _ => found.trim() == expected.trim(),
    }
}

/// Several columns may feed the phones of one record: all that the cell says have to be among them; a
/// blank says nothing of the others.
fn same_phones(stage: &Stage, target: &Target, found: &str, expected: &str) -> bool {
    let set = |text: &str| {
        text.split(' ')
            .filter(|part| !part.is_empty())
            .map(|part| comparable(FieldKind::Phone, part))
            .collect::<BTreeSet<_>>()
    };
    let (found, expected) = (set(found), set(expected));
    let alone = stage.mapping.columns.iter().filter(|mapped| mapped.target == *target).count() == 1;
    if alone { found == expected } else { expected.is_subset(&found) }
}

/// The mapping as the service's own interface told it.
pub fn mapping(stage: &Stage) -> Value {
    let entry = |column: &Value| {
        let header = column["header"].as_str().unwrap_or_default();
        let mapped = stage.mapping.columns.iter().any(|mapped| mapped.header == header);
        let field = if mapped { column["field"].clone() } else { Value::Null };
        json!({ "column": column["column"], "header": header, "field": field, "confidence": column["confidence"], "reason": column["reason"] })
    };
    stage.detected["columns"].as_array().into_iter().flatten().map(entry).collect()
}

/// Whether anything stands in a column of the table that feeds no field.
pub fn says_something(cell: &CellValue) -> bool {
    seed::text(cell).is_some()
}
