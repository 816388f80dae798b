//! `kopru demo`: the whole service against simulated vendors, on this machine alone.

mod by_hand;
mod client;
mod edits;
mod expected;
mod progress;
mod report;
mod seed;
mod signs;
mod spelling;
mod stage;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::ensure;
use clap::Args;
use kopru_domain::EntityKind;

use crate::cli::output::say;
use crate::settings::Speech;
use crate::table::Table;
use report::Report;
use stage::Stage;
use verify::Past;

/// What to show.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The service's port; the vendors are on the next one. 0 takes any.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Load a sheet, import it, edit it, compare sheet and CRM, and end.
    #[arg(long)]
    once: bool,
    /// The sheet as a CSV file; a small one of ours where it is not given.
    #[arg(long)]
    sheet: Option<PathBuf>,
    /// lead, contact, company, deal, quote or invoice.
    #[arg(long, default_value = "lead")]
    entity: EntityKind,
    /// The right values, against which the CRM is held after the import: a first line row⇥header⇥value, then a
    /// line for each cell. Phones as +905321112233 (several with blanks), amounts as 1234.5, days as 2026-12-31,
    /// choices and people by name.
    #[arg(long, requires = "once")]
    expect: Option<PathBuf>,
    /// Edits to make after the import, spread over rows and columns; the same ones each time.
    #[arg(long, default_value_t = 0, requires = "once")]
    edits: u32,
    /// The spreadsheet's locale, which says how its people write, such as `en_US`.
    #[arg(long, default_value = "tr_TR")]
    locale: String,
    /// Print the summary as JSON.
    #[arg(long, requires = "once")]
    json: bool,
    #[command(flatten)]
    speech: Speech,
}

/// At the simulated portal's limit of 100 records a second this many take three minutes and more.
const MOST_ROWS: usize = 20_000;

/// A small sheet for those who bring none.
const SAMPLE: &[u8] = include_bytes!("sample.csv");

/// Runs the demo; success only if nothing is missing, doubled or wrong.
pub async fn run(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let table = match &args.sheet {
        Some(path) => Table::open(path)?,
        None => Table::parse(SAMPLE)?,
    };
    ensure!(
        table.rows.len() <= MOST_ROWS,
        "the sheet has {} rows and the demo takes {MOST_ROWS}: at Bitrix24's limits (2 requests a second of 50 records) it would run for {} minutes; use `kopru serve`, or a part of the sheet",
        table.rows.len(),
        table.rows.len() / 6000
    );
    if args.once { once(&args, &table).await } else { stay(&args, &table).await }
}

async fn once(args: &DemoArgs, table: &Table) -> anyhow::Result<ExitCode> {
    let expected = args.expect.as_deref().map(|path| expected::read(path, table)).transpose()?;
    let stage = Stage::start(0, args.entity, (&args.locale, args.speech.language()), table).await?;
    let bar = progress::Bar::new(args.json);
    stage.settle(&bar, "import").await?;
    let mut report = Report::new(&stage, table).await?;
    if let Some(expected) = &expected {
        report.expected = Some(by_hand::compare(&stage, expected).await?);
    }
    let made = edits::make(&stage, args.edits).await?;
    stage.settle(&bar, "edits").await?;
    bar.end();
    report.edited(&stage, &made).await?;
    report.compare(verify::compare(&stage, &Past { table, edits: &made }).await?);
    stage.stop().await?;
    say(if args.json { report.json()? } else { report.text() });
    Ok(if report.is_right() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn stay(args: &DemoArgs, table: &Table) -> anyhow::Result<ExitCode> {
    let stage = Stage::start(args.port, args.entity, (&args.locale, args.speech.language()), table).await?;
    stage.settle(&progress::Bar::new(false), "import").await?;
    let (own, vendors) = (stage.client.base(), stage.vendors());
    say("Köprü is running on simulated vendors. Edit a cell of the sheet and watch the record change.\n");
    say(format_args!("sheet      {vendors}/google/sheets/{}?gid=0", stage::SPREADSHEET));
    say(format_args!("CRM        {vendors}/bitrix24/crm/{}", args.entity));
    say(format_args!("phone      {vendors}/twilio/phone"));
    say(format_args!("vendors    {vendors}/"));
    say(format_args!("API        {own}/docs"));
    say(format_args!("API key    {}  (for the person {})", stage.client.key_text(), stage::USER));
    say("\nAn SMS, to be seen on the phone:\n");
    say(format_args!("    curl {own}/api/integrations/sms/send -H 'Content-Type: application/json' \\"));
    say(format_args!("      -H 'Authorization: Bearer {}' \\", stage.client.key_text()));
    say(r#"      -d '{"to": "0532 000 00 01", "message": "Merhaba Ayşe, teklifiniz hazır."}'"#);
    say("\nCtrl-C ends it.");
    tokio::signal::ctrl_c().await?;
    stage.stop().await?;
    Ok(ExitCode::SUCCESS)
}
