//! What `kopru demo --once` says at its end.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kopru_domain::Language;
use serde_json::{Value, json};

use super::by_hand::Checked;
use super::edits::Edit;
use super::stage::Stage;
use super::verify::{self, Findings, NoRecord};
use crate::table::Table;

/// So many differences are shown.
const EXAMPLES: usize = 20;

/// The summary.
pub struct Report {
    rows: usize,
    created: usize,
    /// The comparison with values made by hand.
    pub expected: Option<Checked>,
    unmapped: Vec<String>,
    edits: usize,
    findings: Findings,
    stats: Value,
    latency: Vec<i64>,
    mapping: Value,
    refusals: Vec<Value>,
    language: Language,
}

impl Report {
    /// What the import came to.
    pub async fn new(stage: &Stage, table: &Table) -> anyhow::Result<Self> {
        let mapped = |header: &String| stage.mapping.columns.iter().any(|column| column.header == *header);
        let blank = |row: &&Vec<_>| row.iter().any(verify::says_something);
        Ok(Self {
            rows: table.rows.iter().filter(blank).count(),
            created: stage.records().await?.len(),
            expected: None,
            unmapped: table.headers.iter().filter(|header| !mapped(header)).cloned().collect(),
            edits: 0,
            findings: Findings::default(),
            stats: Value::Null,
            latency: Vec::new(),
            mapping: verify::mapping(stage),
            refusals: Vec::new(),
            language: stage.client.language(),
        })
    }

    /// What the edits came to.
    pub async fn edited(&mut self, stage: &Stage, made: &[Edit]) -> anyhow::Result<()> {
        self.edits = made.len();
        self.stats = stage.control.get("/_control/bitrix24/stats").await?;
        let records = stage.records().await?;
        self.latency = made.iter().filter_map(|edit| latency(&records, edit)).collect();
        self.latency.sort_unstable();
        let refused = stage.client.get(&format!("/api/v1/sheet-sync/configs/{}/refused", stage.config)).await?;
        self.refusals = refused["items"].as_array().into_iter().flatten().flat_map(refusals).collect();
        Ok(())
    }

    /// What the comparison came to. Every cell that cannot be read has to be told, and no other.
    pub fn compare(&mut self, mut findings: Findings) {
        let told: Vec<(u64, &str)> = self
            .refusals
            .iter()
            .map(|refusal| (refusal["row"].as_u64().unwrap_or(0), refusal["column"].as_str().unwrap_or("")))
            .collect();
        for (row, header) in &findings.refused {
            if !told.contains(&(*row as u64, header)) {
                findings.wrong.push(format!("row {row}, {header}: not written, and nobody was told"));
            }
        }
        for (row, header) in told {
            if !findings.refused.contains(&(usize::try_from(row).unwrap_or(0), header.to_owned())) {
                findings.wrong.push(format!("row {row}, {header}: refused, though it can be read"));
            }
        }
        self.findings = findings;
    }

    /// Whether nothing is missing, doubled or wrong.
    pub fn is_right(&self) -> bool {
        let checked = self.expected.as_ref().is_none_or(|checked| checked.wrong.is_empty());
        checked && self.findings.missing == 0 && self.findings.duplicates == 0 && self.findings.wrong.is_empty()
    }

    /// `None` where no edit was made.
    fn percentile(&self, share: usize) -> Option<i64> {
        let at = (self.latency.len() * share / 100).min(self.latency.len().saturating_sub(1));
        self.latency.get(at).copied()
    }

    /// Rows that make no record, by the reason.
    fn no_record(&self) -> Vec<Value> {
        let entry = |(reason, rows): (&NoRecord, &Vec<usize>)| json!({ "reason": reason.text(self.language), "count": rows.len(), "rows": &rows[..rows.len().min(EXAMPLES)] });
        self.findings.no_record.iter().map(entry).collect()
    }

    /// For programs.
    pub fn json(&self) -> anyhow::Result<String> {
        let examples = |wrong: &[String]| wrong.iter().take(EXAMPLES).cloned().collect::<Vec<_>>();
        let expected = self.expected.as_ref().map(|checked| json!({ "checked": checked.cells, "unmapped": checked.unmapped, "wrong": checked.wrong.len(), "examples": examples(&checked.wrong) }));
        Ok(serde_json::to_string_pretty(&json!({
            "rows": self.rows,
            "created": self.created,
            "expected": expected,
            "unmapped_columns": self.unmapped,
            "edits": self.edits,
            "synced": self.findings.synced,
            "with_errors": self.findings.with_errors,
            "without_status": self.findings.without_status,
            "no_record": self.no_record(),
            "refused": self.refusals.len(),
            "missing": self.findings.missing,
            "duplicates": self.findings.duplicates,
            "wrong": self.findings.wrong.len(),
            "examples": examples(&self.findings.wrong),
            "crm_requests": self.stats["requests"],
            "limit_refusals": self.stats["limit_refusals"],
            "edit_to_crm_ms": self.percentile(50).zip(self.percentile(99)).map(|(p50, p99)| json!({ "p50": p50, "p99": p99 })),
            "mapping": self.mapping,
            "refusals": self.refusals,
        }))?)
    }

    /// For people.
    pub fn text(&self) -> String {
        let found = &self.findings;
        let mut lines = vec![
            format!("rows {}   created {}   edits {}", self.rows, self.created, self.edits),
            format!("✅ {}   ❌ {}   without a status {}", found.synced, found.with_errors, found.without_status),
            format!(
                "missing {}   duplicates {}   wrong {}   refused cells {}",
                found.missing,
                found.duplicates,
                found.wrong.len(),
                self.refusals.len()
            ),
            format!("CRM requests {}   refused by its limit {}", self.stats["requests"], self.stats["limit_refusals"]),
        ];
        if let Some((p50, p99)) = self.percentile(50).zip(self.percentile(99)) {
            lines.push(format!("edit to CRM: p50 {p50} ms, p99 {p99} ms"));
        }
        if !self.unmapped.is_empty() {
            lines.push(format!("columns without a field: {}", self.unmapped.join(", ")));
        }
        let without = |(reason, rows): (&NoRecord, &Vec<usize>)| {
            let reason = reason.text(self.language);
            let some: Vec<String> = rows.iter().take(EXAMPLES).map(ToString::to_string).collect();
            format!("{} rows make no record, {reason}: {}", rows.len(), some.join(", "))
        };
        lines.extend(found.no_record.iter().map(without));
        if let Some(checked) = &self.expected {
            lines.push(format!(
                "checked against the right values: {} cells, {} wrong; {} more in columns without a field",
                checked.cells,
                checked.wrong.len(),
                checked.unmapped
            ));
            lines.extend(checked.wrong.iter().take(EXAMPLES).map(|wrong| format!("  {wrong}")));
        }
        lines.extend(found.wrong.iter().take(EXAMPLES).map(|wrong| format!("  {wrong}")));
        let refusal = |refusal: &Value| {
            format!(
                "  row {}, {}: {} {}",
                refusal["row"],
                text(refusal, "column"),
                text(refusal, "value"),
                text(refusal, "reason")
            )
        };
        lines.extend(self.refusals.iter().take(EXAMPLES).map(refusal));
        lines.join("\n")
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn refusals(item: &Value) -> Vec<Value> {
    let each = |refusal: &Value| json!({ "row": item["row"], "column": refusal["column"], "value": refusal["value"], "reason": refusal["reason"] });
    item["refusals"].as_array().into_iter().flatten().map(each).collect()
}

/// Milliseconds from an edit to the first change of its field after it.
fn latency(records: &BTreeMap<String, Value>, edit: &Edit) -> Option<i64> {
    let made = Timestamp::as_millisecond(edit.at);
    let changes = records.get(&edit.record)?["changes"].as_array()?;
    let of_field = changes.iter().filter(|change| !change["fields"][&edit.field].is_null());
    of_field.filter_map(|change| change["at_ms"].as_i64()).filter(|at| *at >= made).min().map(|at| at - made)
}
