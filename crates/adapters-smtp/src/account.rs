//! Companies' accounts while they are in use: their connections and tokens.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kopru_domain::CompanyId;
use lettre::transport::smtp::client::TlsParameters;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use crate::config::SmtpConfig;
use crate::connection::Connection;
use crate::token::Tokens;

/// Exchange Online takes no more of one mailbox at once
/// (<https://learn.microsoft.com/exchange/clients-and-mobile-in-exchange-online/authenticated-client-smtp-submission>).
const CONNECTIONS: usize = 3;
/// So long a connection waits for the next e-mail.
const KEPT: Duration = Duration::from_mins(1);

pub(crate) struct Account {
    settings: SecretString,
    pub config: SmtpConfig,
    /// What makes the connection private, where it is.
    pub tls: Option<TlsParameters>,
    pub tokens: Option<Tokens>,
    /// Those who may have a connection.
    pub permits: Semaphore,
    idle: Mutex<Vec<(Instant, Connection)>>,
}

impl Account {
    pub fn new(settings: SecretString, config: SmtpConfig, tls: Option<TlsParameters>, tokens: Option<Tokens>) -> Self {
        Self { settings, config, tls, tokens, permits: Semaphore::new(CONNECTIONS), idle: Mutex::default() }
    }

    /// A connection that waited, the last one first.
    pub fn take(&self) -> Option<Connection> {
        lock(&self.idle).pop().map(|(_, connection)| connection)
    }

    /// Lets a connection wait for the next e-mail, unless nobody knows where it stands.
    pub fn keep(&self, connection: Connection) {
        if connection.is_sound() {
            lock(&self.idle).push((Instant::now(), connection));
        }
    }

    fn drop_old(&self) {
        lock(&self.idle).retain(|(since, _)| since.elapsed() < KEPT);
    }
}

/// Companies' accounts by their present settings.
#[derive(Default)]
pub(crate) struct Accounts(Mutex<HashMap<CompanyId, Arc<Account>>>);

impl Accounts {
    /// A company's account, if its settings are still these; with others, its connections and tokens end.
    pub fn find(&self, company: &CompanyId, settings: &SecretString) -> Option<Arc<Account>> {
        let mut accounts = lock(&self.0);
        accounts.values().for_each(|account| account.drop_old());
        let found = accounts.remove(company)?;
        if found.settings.expose_secret() != settings.expose_secret() {
            return None;
        }
        accounts.insert(company.clone(), found.clone());
        Some(found)
    }

    pub fn put(&self, company: &CompanyId, account: Arc<Account>) {
        lock(&self.0).insert(company.clone(), account);
    }

    /// The company has no settings any more.
    pub fn forget(&self, company: &CompanyId) {
        lock(&self.0).remove(company);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
