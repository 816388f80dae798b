//! One e-mail's way to its server. Nothing is repeated here but for credentials that have expired.

use std::sync::Arc;
use std::time::Duration;

use kopru_domain::CompanyId;
use kopru_domain::message::Trouble;
use kopru_ports::Retry;
use kopru_ports::gate::Limit;
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::messages::SendError;
use kopru_ports::senders::settings_of;
use secrecy::SecretString;
use tokio::time::{Instant, timeout, timeout_at};

use crate::account::Account;
use crate::config::SmtpConfig;
use crate::connect::tls;
use crate::connection::Connection;
use crate::error::{ADAPTER, Phase, broken, error};
use crate::letter::Letter;
use crate::sender::Smtp;
use crate::token::Tokens;

/// A connection that waited is there within so long, or not at all.
const CHECK: Duration = Duration::from_secs(3);
/// Who waits for a connection in vain comes back after so long.
const PAUSE: Duration = Duration::from_secs(1);

impl Smtp {
    pub(crate) async fn account_of(&self, company: &CompanyId) -> Result<Arc<Account>, SendError> {
        let kept = settings_of(&*self.integrations, company, IntegrationKind::Smtp, ADAPTER).await;
        if kept.as_ref().is_err_and(|missing| missing.kind == Trouble::NotConfigured) {
            self.accounts.forget(company);
        }
        let kept = kept?;
        if let Some(account) = self.accounts.find(company, &kept) {
            return Ok(account);
        }
        let account = Arc::new(self.account_by(kept)?);
        self.accounts.put(company, account.clone());
        Ok(account)
    }

    pub(crate) fn account_by(&self, settings: SecretString) -> Result<Account, SendError> {
        let config = SmtpConfig::read(&settings)?;
        let tls = tls(&config, &self.options)?;
        let tokens = |oauth| Tokens::new(oauth, self.http.clone(), self.clock.clone());
        let tokens = config.oauth.as_ref().map(tokens).transpose()?;
        Ok(Account::new(settings, config, tls, tokens))
    }

    /// Sends an e-mail. What fails before its bytes are on the way was certainly not sent.
    pub(crate) async fn deliver(&self, account: &Account, letter: &Letter) -> Result<(), SendError> {
        let until = Instant::now() + self.options.before;
        let Ok(Ok(_permit)) = timeout_at(until, account.permits.acquire()).await else {
            return Err(error(Trouble::RateLimited, Retry::After(Some(PAUSE))));
        };
        let late = |_| Err(broken(Phase::Hello));
        let mut connection = timeout_at(until, self.connection(account)).await.unwrap_or_else(late)?;
        let announced = timeout_at(until, connection.announce(letter)).await;
        let sent = match announced.unwrap_or_else(|_| Err(broken(Phase::Data))) {
            Ok(()) => connection.hand_over(letter, self.options.message).await,
            refused => refused,
        };
        account.keep(connection);
        sent
    }

    /// One that waited and is still there, or a new one.
    async fn connection(&self, account: &Account) -> Result<Connection, SendError> {
        while let Some(mut known) = account.take() {
            if let Ok(Ok(())) = timeout(CHECK, known.reset()).await {
                return Ok(known);
            }
        }
        self.open(account).await
    }

    /// A new connection. A token that is refused may have ended before its time: it is replaced once.
    pub(crate) async fn open(&self, account: &Account) -> Result<Connection, SendError> {
        let Some(tokens) = &account.tokens else {
            let password = account.config.password.clone().unwrap_or_default();
            return Connection::open(account, &self.options, &password).await;
        };
        let token = tokens.access().await?;
        match Connection::open(account, &self.options, &token).await {
            Err(refusal) if refusal.kind == Trouble::CredentialsRefused => {
                tokens.refused(&token).await;
                Connection::open(account, &self.options, &tokens.access().await?).await
            }
            opened => opened,
        }
    }
}

/// What the account may send; some of it is kept for people.
pub(crate) fn limit(config: &SmtpConfig) -> Limit {
    let burst = config.messages_per_second.max(1.0);
    let kept = (burst / 5.0).floor();
    Limit { scope: config.account(), per_second: config.messages_per_second, burst, kept }
}
