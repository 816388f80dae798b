//! `kopru detect`: what the columns of a file mean.

use std::path::PathBuf;

use clap::Args;
use kopru_domain::detect::{SURE, TabSample, detect};
use kopru_domain::{ColumnStyle, EntityKind};

use super::output::say;
use crate::http::ColumnProposal;
use crate::settings::Speech;
use crate::table::Table;

/// Which file.
#[derive(Debug, Args)]
pub struct DetectArgs {
    /// A CSV file; its first line has the headers.
    file: PathBuf,
    /// lead, contact, company, deal, quote, invoice or smart:NUMBER.
    #[arg(long, default_value = "lead")]
    entity: EntityKind,
    /// Print JSON: a list of {column, header, field, writable, confidence, reason, style}.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    speech: Speech,
}

/// Prints a line for each column.
pub fn run(args: &DetectArgs) -> anyhow::Result<()> {
    let table = Table::open(&args.file)?;
    let style = ColumnStyle::turkish();
    let sample = &table.rows[..table.rows.len().min(200)];
    let found = detect(args.entity, TabSample { headers: &table.headers, rows: sample, style: &style }, &[]);
    let columns: Vec<ColumnProposal> =
        found.proposals.iter().map(|proposal| ColumnProposal::of(proposal, args.speech.language())).collect();
    if args.json {
        say(serde_json::to_string_pretty(&columns)?);
        return Ok(());
    }
    columns.iter().for_each(line);
    Ok(())
}

/// A field is shown where its column is mapped without asking.
fn line(column: &ColumnProposal) {
    let sure = column.writable && column.confidence >= SURE;
    let field = column.field.as_deref().filter(|_| sure).unwrap_or("–");
    let confidence = if sure { format!("{:.2}", column.confidence) } else { String::new() };
    say(format_args!("{:28} {field:22} {confidence:>4}  {}", column.header, column.reason));
}
