//! The command line.

mod admin;
mod detect;
pub mod output;
mod sandbox;
mod serve;

pub use admin::scope;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::demo;
use crate::operator::{self, Wish};
use crate::settings::{Database, DatabaseUrl, Settings};

/// Köprü brings what people edit in a Google Sheet into the right Bitrix24 record.
#[derive(Debug, Parser)]
#[command(name = "kopru", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service.
    Serve(Box<Settings>),
    /// Bring the database up to date and end.
    Migrate(DatabaseUrl),
    /// Say that the database was restored from a backup, where that cannot be seen; also beside a running server.
    Restored(Database),
    /// Run everything on this machine: service, vendors, one connected sheet. No account, key or network.
    Demo(demo::DemoArgs),
    /// Run the simulated vendors alone.
    Sandbox(sandbox::SandboxArgs),
    /// Say what the columns of a file mean.
    Detect(detect::DetectArgs),
    /// Make and list companies; also beside a running server.
    #[command(subcommand)]
    Company(admin::CompanyCommand),
    /// Make, list and revoke API keys; also beside a running server.
    #[command(subcommand)]
    ApiKey(admin::KeyCommand),
    /// Make keys that seal secrets, and change them.
    #[command(subcommand)]
    Vault(admin::VaultCommand),
}

/// Logs go to the error output; `RUST_LOG` says how many.
pub fn init_logs(cli: &Cli) {
    let quiet = !matches!(cli.command, Command::Serve(_));
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new(if quiet { "error,tower_http=off" } else { "info" }));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
}

/// Runs a command.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Serve(settings) => serve::serve(*settings).await?,
        Command::Migrate(database) => serve::migrate(&database).await?,
        Command::Restored(database) => operator::ask(&database, Wish::Restored, output::say).await?,
        Command::Demo(args) => return demo::run(args).await,
        Command::Sandbox(args) => sandbox::run(args).await?,
        Command::Detect(args) => detect::run(&args)?,
        Command::Company(command) => admin::company(command).await?,
        Command::ApiKey(command) => admin::api_key(command).await?,
        Command::Vault(command) => admin::vault(command).await?,
    }
    Ok(ExitCode::SUCCESS)
}
