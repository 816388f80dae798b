//! `kopru detect`: what the columns of a file mean.

use std::path::PathBuf;

use clap::Args;
use kopru_domain::detect::{Detection, TabSample, detect};
use kopru_domain::{ColumnStyle, EntityKind, Language, Target};
use serde_json::{Value, json};

use super::output::say;
use crate::table::Table;

/// Which file.
#[derive(Debug, Args)]
pub struct DetectArgs {
    /// A CSV file; its first line has the headers.
    file: PathBuf,
    /// lead, contact, company, deal, quote, invoice or smart:NUMBER.
    #[arg(long, default_value = "lead")]
    entity: EntityKind,
    /// Print JSON: a list of {column, header, field, confidence, reason}.
    #[arg(long)]
    json: bool,
    /// The reasons in English.
    #[arg(long)]
    english: bool,
}

/// Prints a line for each column.
pub fn run(args: &DetectArgs) -> anyhow::Result<()> {
    let table = Table::open(&args.file)?;
    let style = ColumnStyle::turkish();
    let sample = &table.rows[..table.rows.len().min(200)];
    let found = detect(args.entity, TabSample { headers: &table.headers, rows: sample, style: &style }, &[]);
    let language = if args.english { Language::En } else { Language::Tr };
    let columns = mapping_json(&found, language);
    if args.json {
        say(serde_json::to_string_pretty(&columns)?);
        return Ok(());
    }
    for column in &columns {
        let text = |key: &str| column[key].as_str().unwrap_or("–").to_owned();
        say(format_args!(
            "{:28} {:22} {:>4.2}  {}",
            text("header"),
            text("field"),
            column["confidence"].as_f64().unwrap_or(0.0),
            text("reason")
        ));
    }
    Ok(())
}

/// A detection as a list of `{column, header, field, confidence, reason}`.
pub fn mapping_json(found: &Detection, language: Language) -> Vec<Value> {
    let entry = |proposal: &kopru_domain::detect::Proposal| {
        json!({
            "column": proposal.column,
            "header": proposal.header,
            "field": proposal.field.clone().map(|field| -> String { Target::into(field) }),
            "confidence": proposal.confidence,
            "reason": proposal.why.text(language),
        })
    };
    found.proposals.iter().map(entry).collect()
}
