//! Holding the CRM against the sheet, cell by cell, by reading both simulators.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::Context as _;
use kopru_domain::convert::{convert, split_name};
use kopru_domain::row::read_row;
use kopru_domain::{CellRefusal, CellValue, FieldValue, Language, Reason, ResolvedMapping, SystemColumns, Target};
use serde_json::{Value, json};

use super::edits::Edit;
use super::seed;
use super::signs::can_come_from;
use super::spelling::{crm_texts, texts};
use super::stage::Stage;
use crate::table::Table;

/// Why a row makes no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoRecord {
    /// Nothing stands in its mapped columns.
    Blank,
    /// Placeholders only, such as a dash.
    Placeholders,
    /// None of its mapped cells can be read.
    Unreadable,
}

impl NoRecord {
    /// The reason in a person's language.
    pub fn text(self, language: Language) -> &'static str {
        let (tr, en) = match self {
            Self::Blank => ("eşlenen sütunlarında bir şey yok", "nothing stands in its mapped columns"),
            Self::Placeholders => {
                ("eşlenen hücrelerinde yalnızca yer tutucu var", "its mapped cells hold placeholders only")
            }
            Self::Unreadable => ("eşlenen hücrelerinin hiçbiri okunamadı", "none of its mapped cells can be read"),
        };
        if language == Language::Tr { tr } else { en }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Rows that should have a record and have none.
    pub missing: u32,
    /// Records beyond one for each row.
    pub duplicates: u32,
    /// Rows whose status cell says ✅.
    pub synced: u32,
    /// Rows whose status cell says ❌.
    pub with_errors: u32,
    /// Rows with a record whose status cell says neither.
    pub without_status: u32,
    /// Rows that make no record, by the reason.
    pub no_record: BTreeMap<NoRecord, Vec<usize>>,
    /// Differences, for people.
    pub wrong: Vec<String>,
    /// Cells of mapped columns that cannot be read, by row and header.
    pub refused: BTreeSet<(usize, String)>,
}

impl Findings {
    fn count(&mut self, status: &str) {
        match status {
            "✅ Senkronize" => self.synced += 1,
            "❌ Hata" => self.with_errors += 1,
            _ => self.without_status += 1,
        }
    }
}

/// What the sheet said before: a blank clears only what the sheet itself filled.
pub struct Past<'a> {
    /// The sheet as it was imported.
    pub table: &'a Table,
    /// The edits since.
    pub edits: &'a [Edit],
}

/// The sheet with its records.
pub struct Both {
    rows: Vec<Vec<CellValue>>,
    records: BTreeMap<String, Value>,
    headers: Vec<String>,
    system: SystemColumns,
}

impl Both {
    /// Reads both simulators.
    pub async fn read(stage: &Stage) -> anyhow::Result<Self> {
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

    /// The record that a row's own cell names.
    pub fn record(&self, row: usize) -> Option<&Value> {
        self.records.get(&self.system_text(row, self.system.record))
    }
}

/// Compares every row with its record.
pub async fn compare(stage: &Stage, past: &Past<'_>) -> anyhow::Result<Findings> {
    let both = Both::read(stage).await?;
    let mapping = stage.mapping.resolve(&both.headers);
    let mut findings = Findings::default();
    let mut owners: HashMap<String, usize> = HashMap::new();
    for row in 0..both.rows.len() {
        let id = both.system_text(row, both.system.record);
        if let Some(other) = owners.insert(id.clone(), row).filter(|_| !id.is_empty()) {
            findings.wrong.push(format!("rows {} and {} have the same record {id}", other + 2, row + 2));
        }
        let says = Says::of(stage, &mapping, |column| both.cell(row, column));
        match both.record(row) {
            Some(record) => {
                let status = both.system_text(row, both.system.status);
                findings.count(&status);
                let before = Says::of(stage, &mapping, |column| past.cell(row, column));
                let (number, edited) = (row + 2, past.edited(&id));
                let check = RowCheck { stage, mapping: &mapping, number, says: &says, before: &before, edited };
                // An emptied row leaves its record as it is.
                if !says.blank {
                    check.fields(record, &mut findings);
                    check.status(&status, &mut findings);
                }
            }
            None if both.rows[row].iter().any(says_something) => match says.no_record() {
                Some(reason) => findings.no_record.entry(reason).or_default().push(row + 2),
                None => findings.missing += 1,
            },
            None => {}
        }
        findings.refused.extend(says.refused.into_iter().map(|header| (row + 2, header)));
    }
    findings.duplicates = u32::try_from(both.records.keys().filter(|id| !owners.contains_key(*id)).count())?;
    Ok(findings)
}

impl Past<'_> {
    fn cell(&self, row: usize, column: usize) -> &CellValue {
        self.table.rows.get(row).and_then(|cells| cells.get(column)).unwrap_or(&CellValue::Empty)
    }

    fn edited(&self, record: &str) -> BTreeSet<&str> {
        let of_record = self.edits.iter().filter(|edit| edit.record == record);
        of_record.map(|edit| edit.field.as_str()).collect()
    }
}

/// What a row's cells say of its fields.
#[derive(Default)]
struct Says {
    values: BTreeMap<String, BTreeSet<String>>,
    /// Headers of cells that cannot be read.
    refused: BTreeSet<String>,
    /// Fields of these cells.
    unread: BTreeSet<String>,
    /// The texts themselves, by field.
    cells: BTreeMap<String, String>,
    blank: bool,
}

impl Says {
    fn of<'a>(stage: &Stage, mapping: &ResolvedMapping<'_>, cell: impl Fn(usize) -> &'a CellValue) -> Self {
        let mut says =
            Self { blank: mapping.columns.iter().all(|(column, _)| cell(*column).is_blank()), ..Self::default() };
        for (column, mapped) in &mapping.columns {
            match &mapped.target {
                Target::FullName => {
                    let (given, surname) = split_name(&cell(*column).to_text());
                    says.add(stage, "NAME", &FieldValue::Text(given));
                    says.add(stage, "LAST_NAME", &FieldValue::Text(surname));
                    says.keep("NAME", cell(*column));
                    says.keep("LAST_NAME", cell(*column));
                }
                Target::Field(code) => {
                    let Some(field) = stage.catalog.get(code) else { continue };
                    says.keep(code.as_str(), cell(*column));
                    if let Ok(value) = convert(cell(*column), field, &mapped.style) {
                        says.add(stage, code.as_str(), &value);
                    } else {
                        says.refused.insert(mapped.header.clone());
                        says.unread.insert(code.to_string());
                    }
                }
            }
        }
        says.currency(stage, mapping, &cell);
        says
    }

    /// An amount and its currency are one thing to say: each may say what the other means, or forbid it.
    fn currency<'a>(&mut self, stage: &Stage, mapping: &ResolvedMapping<'_>, cell: impl Fn(usize) -> &'a CellValue) {
        let width = mapping.columns.iter().map(|(column, _)| column + 1).max().unwrap_or_default();
        let cells: Vec<CellValue> = (0..width).map(|column| cell(column).clone()).collect();
        let Some(reading) = read_row(&cells, mapping, &stage.catalog) else { return };
        if let Some(currency) = reading.desired.get(&"CURRENCY_ID".into()).filter(|value| !value.is_empty()) {
            self.values.remove("CURRENCY_ID");
            self.add(stage, "CURRENCY_ID", currency);
            self.cells.entry("CURRENCY_ID".to_owned()).or_default();
        }
        let of_amount = |refusal: &&CellRefusal| {
            matches!(refusal.reason, Reason::CurrencyDiffers | Reason::CurrencyUnknown | Reason::NotANumber)
        };
        for refusal in reading.refusals.iter().filter(of_amount) {
            self.refused.insert(refusal.header.clone());
            self.unread.extend(code_of(mapping, &refusal.header));
        }
    }

    fn keep(&mut self, code: &str, cell: &CellValue) {
        self.cells.entry(code.to_owned()).or_default().extend([" ", &cell.to_text()]);
    }

    fn add(&mut self, stage: &Stage, code: &str, value: &FieldValue) {
        let texts = texts(&stage.catalog[&code.into()], value).into_iter().filter(|text| !text.is_empty());
        self.values.entry(code.to_owned()).or_default().extend(texts);
    }

    /// Why such a row makes no record; `None` where it should make one.
    fn no_record(&self) -> Option<NoRecord> {
        let nothing = self.values.values().all(BTreeSet::is_empty);
        match (nothing, self.blank, self.refused.is_empty()) {
            (false, ..) => None,
            (true, true, _) => Some(NoRecord::Blank),
            (true, false, true) => Some(NoRecord::Placeholders),
            (true, false, false) => Some(NoRecord::Unreadable),
        }
    }
}

/// The field that a header feeds.
fn code_of(mapping: &ResolvedMapping<'_>, header: &str) -> Option<String> {
    let (_, mapped) = mapping.columns.iter().find(|(_, mapped)| mapped.header == header)?;
    if let Target::Field(code) = &mapped.target { Some(code.to_string()) } else { None }
}

/// One row held against its record.
struct RowCheck<'a> {
    stage: &'a Stage,
    mapping: &'a ResolvedMapping<'a>,
    number: usize,
    says: &'a Says,
    before: &'a Says,
    edited: BTreeSet<&'a str>,
}

impl RowCheck<'_> {
    fn fields(&self, record: &Value, findings: &mut Findings) {
        for (code, sheet) in self.says.values.iter().filter(|(code, _)| !self.says.unread.contains(*code)) {
            if sheet.is_empty() && !self.was_filled(code, record) {
                // What a blank never filled is the portal's own: its default stays, whatever it is.
                if written(record, code) && !self.edited.contains(code.as_str()) {
                    findings.wrong.push(format!("{}: was blank all along, and was written", self.name(code)));
                }
                continue;
            }
            let field = &self.stage.catalog[&code.as_str().into()];
            let crm = crm_texts(field, record);
            let cell = &self.says.cells[code];
            if *sheet == crm && !crm.iter().all(|value| can_come_from(field.kind, cell, value)) {
                findings.wrong.push(format!("{}:{cell} can hardly mean {}", self.name(code), list(&crm)));
            } else if *sheet != crm {
                let (name, sheet, crm) = (self.name(code), list(sheet), list(&crm));
                findings.wrong.push(format!("{name}: the sheet says {sheet}, the CRM has {crm}"));
            }
        }
    }

    fn status(&self, status: &str, findings: &mut Findings) {
        let right = if self.says.refused.is_empty() { "✅ Senkronize" } else { "❌ Hata" };
        if status != right {
            let number = self.number;
            findings.wrong.push(format!("row {number}: the status cell reads \"{status}\" and not \"{right}\""));
        }
    }

    /// Whether the sheet ever brought a value into the field.
    fn was_filled(&self, code: &str, record: &Value) -> bool {
        let imported = self.before.values.get(code).is_some_and(|values| !values.is_empty());
        imported || (self.edited.contains(code) && written(record, code))
    }

    /// A field as people see it: the headers that feed it, and its code.
    fn name(&self, code: &str) -> String {
        let feeds = |target: &Target| match target {
            Target::FullName => matches!(code, "NAME" | "LAST_NAME"),
            Target::Field(field) => field.as_str() == code,
        };
        let headers = self.mapping.columns.iter().filter(|(_, mapped)| feeds(&mapped.target));
        let headers: Vec<&str> = headers.map(|(_, mapped)| mapped.header.as_str()).collect();
        format!("row {}, {} ({code})", self.number, headers.join(" + "))
    }
}

/// Whether the vendor's own journal knows of a change of the field after the record's creation.
fn written(record: &Value, code: &str) -> bool {
    record["changes"].as_array().into_iter().flatten().any(|change| !change["fields"][code].is_null())
}

fn list(texts: &BTreeSet<String>) -> String {
    if texts.is_empty() { "nothing".to_owned() } else { texts.iter().cloned().collect::<Vec<_>>().join(", ") }
}

/// The mapping as the service's own interface told it.
pub fn mapping(stage: &Stage) -> Value {
    let entry = |column: &Value| {
        let header = column["header"].as_str().unwrap_or_default();
        let mapped = stage.mapping.columns.iter().any(|mapped| mapped.header == header);
        let field = if mapped { column["field"].clone() } else { Value::Null };
        json!({ "column": column["column"], "header": header, "field": field, "writable": column["writable"], "confidence": column["confidence"], "reason": column["reason"] })
    };
    stage.detected["columns"].as_array().into_iter().flatten().map(entry).collect()
}

/// Whether anything stands in a column of the table that feeds no field.
pub fn says_something(cell: &CellValue) -> bool {
    seed::text(cell).is_some()
}
