//! Settings of `kopru serve`, from the command line and the environment.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::Context as _;
use clap::builder::BoolishValueParser;
use clap::{Args, value_parser};
use kopru_domain::Language;
use secrecy::SecretString;
use url::Url;

use crate::environment::Environment;
use crate::host::HostSettings;
use crate::stores::Location;

/// In which language the command line speaks.
#[derive(Debug, Clone, Args)]
pub struct Speech {
    /// The language of reasons: tr or en. The machine's own where it is not given.
    #[arg(long, value_parser = ["tr", "en"])]
    lang: Option<String>,
    #[arg(long, hide = true, env = "LC_ALL", hide_env = true)]
    lc_all: Option<String>,
    #[arg(long, hide = true, env = "LANG", hide_env = true)]
    lc_default: Option<String>,
}

impl Speech {
    /// Turkish where the machine speaks it or it is asked for, else English.
    pub fn language(&self) -> Language {
        let locales = [&self.lang, &self.lc_all, &self.lc_default];
        let first = locales.into_iter().flatten().find(|locale| !locale.is_empty());
        if first.is_some_and(|locale| locale.starts_with("tr")) { Language::Tr } else { Language::En }
    }
}

/// Which database.
#[derive(Debug, Clone, Args)]
pub struct DatabaseUrl {
    /// The database: `sqlite://FILE`, or `postgres://USER:PASSWORD@HOST/DATABASE` for many instances.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, default_value = "sqlite://kopru.db")]
    pub database_url: SecretString,
}

/// The database and the keys of its secrets.
#[derive(Debug, Clone, Args)]
pub struct Database {
    #[command(flatten)]
    pub url: DatabaseUrl,
    /// Keys that seal secrets: `ID:BASE64`, the first one seals, all open. Make one with `kopru vault generate-key`.
    #[arg(long, env = "KOPRU_VAULT_KEYS", hide_env_values = true)]
    pub vault_keys: Option<SecretString>,
}

const PORT: u16 = 3000;
const CRM_TIMEOUT: u64 = 65;
const MESSAGE_TIMEOUT: u64 = 35;
const LEASE: u64 = 30;
const TENANT: &str = "common";
const REQUESTS: NonZeroU32 = NonZeroU32::new(1200).unwrap();

/// What the service needs to know.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    #[command(flatten)]
    pub database: Database,
    /// The port to listen on.
    #[arg(long, env = "KOPRU_PORT", default_value_t = PORT)]
    pub port: u16,
    /// The address to listen on.
    #[arg(long, env = "KOPRU_BIND", default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// The address under which the world reaches this service; `http://localhost:PORT` where it is not set.
    #[arg(long, env = "KOPRU_PUBLIC_URL", value_parser = web_address)]
    pub public_url: Option<String>,
    /// Google's OAuth client; without it and its secret nobody can connect a sheet.
    #[arg(long, env = "GOOGLE_CLIENT_ID", default_value = "")]
    pub google_client_id: String,
    /// Its secret.
    #[arg(long, env = "GOOGLE_CLIENT_SECRET", hide_env_values = true)]
    pub google_client_secret: Option<SecretString>,
    /// The return address registered with Google; `PUBLIC_URL/sheet-sync/oauth/callback` where it is not set.
    #[arg(long, env = "GOOGLE_REDIRECT_URI", value_parser = web_address)]
    pub google_redirect_uri: Option<String>,
    /// The return address for calendars registered with Google;
    /// `PUBLIC_URL/api/integrations/oauth/google-calendar/callback` where it is not set.
    #[arg(long, env = "GOOGLE_CALENDAR_REDIRECT_URI", value_parser = web_address)]
    pub google_calendar_redirect_uri: Option<String>,
    /// Where Google is, when it is a stand-in: the sandbox's `…/google`.
    #[arg(long, env = "KOPRU_GOOGLE_URL", value_parser = web_address)]
    pub google_url: Option<String>,
    /// Lets portals be on private addresses and at ports other than 443: for a sandbox or a portal in one's own network.
    #[arg(long, env = "KOPRU_PRIVATE_PORTALS", value_parser = BoolishValueParser::new())]
    pub private_portals: bool,
    /// Seconds that a CRM may take for one call. Bitrix24 itself cuts a call after 60.
    #[arg(long, env = "KOPRU_CRM_TIMEOUT", default_value_t = CRM_TIMEOUT, value_parser = value_parser!(u64).range(1..=3600))]
    pub crm_timeout: u64,
    /// Seconds that a vendor of messages may take for one call. Twilio itself cuts a call after about 26.
    #[arg(long, env = "KOPRU_MESSAGE_TIMEOUT", default_value_t = MESSAGE_TIMEOUT, value_parser = value_parser!(u64).range(1..=600))]
    pub message_timeout: u64,
    /// Seconds that a lost instance's work waits for another one.
    #[arg(long, env = "KOPRU_LEASE", default_value_t = LEASE, value_parser = value_parser!(u64).range(1..=3600))]
    pub lease: u64,
    /// Requests that an API key may make in a minute.
    #[arg(long, env = "KOPRU_REQUESTS_PER_MINUTE", default_value_t = REQUESTS)]
    pub requests_per_minute: NonZeroU32,
    #[command(flatten)]
    pub environment: Environment,
    /// Where Twilio is, when it is a stand-in: the sandbox's `…/twilio`.
    #[arg(long, env = "KOPRU_TWILIO_URL", value_parser = web_address)]
    pub twilio_url: Option<String>,
    /// Our app at Microsoft; without it and its secret nobody can connect an Outlook mailbox.
    #[arg(long, env = "MICROSOFT_CLIENT_ID", default_value = "")]
    pub microsoft_client_id: String,
    /// Its secret.
    #[arg(long, env = "MICROSOFT_CLIENT_SECRET", hide_env_values = true)]
    pub microsoft_client_secret: Option<SecretString>,
    /// Who may sign in there: `common`, `organizations`, `consumers`, or one tenant.
    #[arg(long, env = "MICROSOFT_TENANT", default_value = TENANT)]
    pub microsoft_tenant: String,
    /// Where Microsoft is, when it is a stand-in: the sandbox's `…/microsoft`.
    #[arg(long, env = "KOPRU_MICROSOFT_URL", value_parser = web_address)]
    pub microsoft_url: Option<String>,
    /// Lets mail servers be on private addresses and at any port: for a sandbox or a server in one's own network.
    #[arg(long, env = "KOPRU_PRIVATE_MAIL", value_parser = BoolishValueParser::new())]
    pub private_mail: bool,
    /// Where Resend is, when it is a stand-in: the sandbox's `…/resend`.
    #[arg(long, env = "KOPRU_RESEND_URL", value_parser = web_address)]
    pub resend_url: Option<String>,
    #[command(flatten)]
    pub host: HostSettings,
}

/// An address as people type it, without a slash at its end.
pub fn web_address(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let sound = url.is_some_and(|url| url.query().is_none() && url.fragment().is_none());
    if sound {
        Ok(text.trim_end_matches('/').to_owned())
    } else {
        Err("write it as https://name or http://name:port".to_owned())
    }
}

impl DatabaseUrl {
    /// Where the database is.
    pub fn location(&self) -> anyhow::Result<Location> {
        Location::of(&self.database_url)
    }
}

impl Database {
    /// The keys, without which secrets can neither be sealed nor opened.
    pub fn vault_keys(&self) -> anyhow::Result<&SecretString> {
        self.vault_keys
            .as_ref()
            .context("KOPRU_VAULT_KEYS is not set: make a key with `kopru vault generate-key` and keep it safe")
    }
}

impl Settings {
    /// Settings of a service on this machine that calls nobody until it is told whom.
    pub fn of(database: Database) -> Self {
        Self {
            database,
            port: PORT,
            bind: Ipv4Addr::LOCALHOST.into(),
            public_url: None,
            google_client_id: String::new(),
            google_client_secret: None,
            google_redirect_uri: None,
            google_calendar_redirect_uri: None,
            google_url: None,
            private_portals: false,
            crm_timeout: CRM_TIMEOUT,
            message_timeout: MESSAGE_TIMEOUT,
            lease: LEASE,
            requests_per_minute: REQUESTS,
            environment: Environment::default(),
            twilio_url: None,
            microsoft_client_id: String::new(),
            microsoft_client_secret: None,
            microsoft_tenant: TENANT.to_owned(),
            microsoft_url: None,
            private_mail: false,
            resend_url: None,
            host: HostSettings::default(),
        }
    }

    /// The public address, without a slash at its end.
    pub fn public_url(&self) -> String {
        let own = || format!("http://localhost:{}", self.port);
        self.public_url.clone().unwrap_or_else(own)
    }

    /// Google's return address.
    pub fn google_redirect_uri(&self) -> String {
        let own = || format!("{}/sheet-sync/oauth/callback", self.public_url());
        self.google_redirect_uri.clone().unwrap_or_else(own)
    }

    /// Google's return address for calendars.
    pub fn calendar_redirect_uri(&self) -> String {
        let own = || format!("{}/api/integrations/oauth/google-calendar/callback", self.public_url());
        self.google_calendar_redirect_uri.clone().unwrap_or_else(own)
    }

    /// Whether Google's OAuth client is known.
    pub fn google_is_set(&self) -> bool {
        !self.google_client_id.is_empty() && self.google_client_secret.is_some()
    }

    /// How long a call to a vendor of messages may take.
    pub fn message_timeout(&self) -> Duration {
        Duration::from_secs(self.message_timeout)
    }

    /// How long a CRM's call may take.
    pub fn crm_timeout(&self) -> Duration {
        Duration::from_secs(self.crm_timeout)
    }
}
