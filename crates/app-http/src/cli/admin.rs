//! Commands for an operator; a server may run meanwhile.

use anyhow::ensure;
use clap::{Args, Subcommand};
use kopru_domain::{CompanyId, UserId};
use kopru_ports::identity::Scope;
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::output::say;
use crate::operator::{self, Wish};
use crate::settings::Database;

/// Companies.
#[derive(Debug, Subcommand)]
pub enum CompanyCommand {
    /// Make a company.
    Add {
        /// Its id: 1 to 128 visible characters. In addresses signs such as / are written %2F.
        company: CompanyId,
        /// Its name.
        #[arg(long, default_value = "")]
        name: String,
        #[command(flatten)]
        database: Database,
    },
    /// List the companies.
    List {
        #[command(flatten)]
        database: Database,
    },
    /// Print all that is kept of a company, or of one of its people, as JSON lines; the last one says that it is the end.
    Export {
        /// The company.
        company: CompanyId,
        /// The person, where it is about one alone.
        #[arg(long)]
        user: Option<UserId>,
        #[command(flatten)]
        database: Database,
    },
    /// Delete all that is kept of a company, or of one of its people, and end their connections, for good.
    Erase {
        /// The company.
        company: CompanyId,
        /// The person, where it is about one alone.
        #[arg(long)]
        user: Option<UserId>,
        /// That it is meant.
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        database: Database,
    },
}

/// Which company's keys.
#[derive(Debug, Args)]
pub struct Of {
    /// The company.
    #[arg(long)]
    company: CompanyId,
    #[command(flatten)]
    database: Database,
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
    /// Seal everything anew under the first of the keys; the server runs on. Restart all instances before with both
    /// keys, the new one first, and afterwards with the new one alone.
    Rotate {
        #[command(flatten)]
        database: Database,
    },
}

/// Reads the name of a scope.
pub fn scope(text: &str) -> Result<Scope, String> {
    serde_json::from_value(text.into())
        .map_err(|_| "choose messages:send, calendar:write, sync:manage or admin".to_owned())
}

/// Runs a command on companies.
pub async fn company(command: CompanyCommand) -> anyhow::Result<()> {
    let (database, wish) = match command {
        CompanyCommand::Add { company, name, database } => (database, Wish::AddCompany { company, name }),
        CompanyCommand::List { database } => (database, Wish::Companies),
        CompanyCommand::Export { company, user, database } => (database, Wish::Export { company, person: user }),
        CompanyCommand::Erase { company, user, yes, database } => {
            ensure!(yes, "this cannot be undone; if it is meant, say --yes");
            (database, Wish::Erase { company, person: user })
        }
    };
    operator::ask(&database, wish, say).await
}

/// Runs a command on API keys.
pub async fn api_key(command: KeyCommand) -> anyhow::Result<()> {
    let (database, wish) = match command {
        KeyCommand::Create { of, name, scopes } => (of.database, Wish::CreateKey { company: of.company, name, scopes }),
        KeyCommand::List { of } => (of.database, Wish::Keys { company: of.company }),
        KeyCommand::Revoke { of, id } => (of.database, Wish::RevokeKey { company: of.company, id }),
    };
    operator::ask(&database, wish, say).await
}

/// Runs a command on vault keys.
pub async fn vault(command: VaultCommand) -> anyhow::Result<()> {
    match command {
        VaultCommand::GenerateKey { id } => say(kopru_vault::Vault::generate_key(&id)?.expose_secret()),
        VaultCommand::Rotate { database } => operator::ask(&database, Wish::Rotate, say).await?,
    }
    Ok(())
}
