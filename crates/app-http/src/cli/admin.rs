//! Commands for an operator, on the database itself: the service must not run on it meanwhile.

use clap::{Args, Subcommand};
use kopru_domain::CompanyId;
use kopru_engine::Engine;
use kopru_ports::identity::Scope;
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::output::say;
use crate::settings::Settings;
use crate::wiring;

/// Companies.
#[derive(Debug, Subcommand)]
pub enum CompanyCommand {
    /// Make a company.
    Add {
        /// Its id: 1 to 128 visible characters.
        company: CompanyId,
        /// Its name.
        #[arg(long, default_value = "")]
        name: String,
        #[command(flatten)]
        settings: Box<Settings>,
    },
}

/// Which company's keys.
#[derive(Debug, Args)]
pub struct Of {
    /// The company.
    #[arg(long)]
    company: CompanyId,
    #[command(flatten)]
    settings: Box<Settings>,
}

/// API keys.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key; its text is shown once.
    Create {
        #[command(flatten)]
        of: Of,
        /// What people call it.
        #[arg(long, default_value = "")]
        name: String,
        /// messages:send, calendar:write, sync:manage or admin; several with commas.
        #[arg(long, value_delimiter = ',', default_value = "admin", value_parser = scope)]
        scopes: Vec<Scope>,
    },
    /// List the company's keys.
    List {
        #[command(flatten)]
        of: Of,
    },
    /// Revoke a key.
    Revoke {
        #[command(flatten)]
        of: Of,
        /// The key's id.
        id: Uuid,
    },
}

/// Keys that seal secrets.
#[derive(Debug, Subcommand)]
pub enum VaultCommand {
    /// Make a key for `KOPRU_VAULT_KEYS`.
    GenerateKey {
        /// The key's id.
        #[arg(long, default_value = "k1")]
        id: String,
    },
}

fn scope(text: &str) -> Result<Scope, String> {
    serde_json::from_value(text.into())
        .map_err(|_| "choose messages:send, calendar:write, sync:manage or admin".to_owned())
}

async fn engine(settings: &Settings) -> anyhow::Result<std::sync::Arc<Engine>> {
    Ok(wiring::Service::open(settings).await?.engine)
}

/// Runs a command on companies.
pub async fn company(command: CompanyCommand) -> anyhow::Result<()> {
    let CompanyCommand::Add { company, name, settings } = command;
    engine(&settings).await?.add_company(&company, &name).await?;
    say(format_args!("company {company}"));
    Ok(())
}

/// Runs a command on API keys.
pub async fn api_key(command: KeyCommand) -> anyhow::Result<()> {
    match command {
        KeyCommand::Create { of, name, scopes } => {
            let made = engine(&of.settings).await?.create_key(&of.company, &name, scopes).await?;
            say(made.text.expose_secret());
        }
        KeyCommand::List { of } => {
            for key in engine(&of.settings).await?.keys(&of.company).await? {
                let state = if key.revoked.is_some() { "revoked" } else { "valid" };
                say(format_args!("{}  …{}  {state:8} {}  {}", key.id, key.last_four, key.created, key.name));
            }
        }
        KeyCommand::Revoke { of, id } => engine(&of.settings).await?.revoke_key(&of.company, id).await?,
    }
    Ok(())
}

/// Runs a command on vault keys.
pub fn vault(command: &VaultCommand) -> anyhow::Result<()> {
    let VaultCommand::GenerateKey { id } = command;
    say(kopru_vault::Vault::generate_key(id)?.expose_secret());
    Ok(())
}
