//! The binary `kopru`: HTTP routes, command line, wiring.

mod cli;
mod demo;
mod environment;
mod host;
mod http;
mod operator;
mod settings;
mod stores;
mod table;
#[cfg(test)]
mod timed;
mod wiring;

use std::process::ExitCode;

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    cli::init_logs(&cli);
    match cli::run(cli).await {
        Ok(code) => code,
        Err(error) => {
            cli::output::complain(&error);
            ExitCode::FAILURE
        }
    }
}
