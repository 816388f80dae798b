use std::sync::Arc;

use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_domain::message::MessageStatus;
use kopru_http_client::HttpClient;
use kopru_ports::Clock;
use kopru_ports::emails::{Doubt, EmailAccount, EmailRequest, EmailSender};
use kopru_ports::gate::Gate;
use kopru_ports::integrations::{IntegrationKind, IntegrationStore};
use kopru_ports::messages::{Report, SendError};
use kopru_ports::senders::Turn;

use crate::account::Accounts;
use crate::call::limit;
use crate::error::ADAPTER;
use crate::letter::Letter;
use crate::options::SmtpOptions;

/// What most servers take, less what they add by themselves. A server that takes less says so.
const MOST_BYTES: usize = 25 * 1000 * 1000 - 100_000;

/// Mail servers, by each company's own account.
pub struct Smtp {
    pub(crate) integrations: Arc<dyn IntegrationStore>,
    pub(crate) http: HttpClient,
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) options: SmtpOptions,
    pub(crate) accounts: Accounts,
}

impl Smtp {
    /// Mail servers by the companies' own settings. `http` fetches access tokens, from addresses that people typed.
    #[must_use]
    pub fn new(
        integrations: Arc<dyn IntegrationStore>,
        http: HttpClient,
        gate: Arc<dyn Gate>,
        clock: Arc<dyn Clock>,
        options: SmtpOptions,
    ) -> Self {
        Self { integrations, http, gate, clock, options, accounts: Accounts::default() }
    }
}

#[async_trait]
impl EmailSender for Smtp {
    fn vendor(&self) -> IntegrationKind {
        IntegrationKind::Smtp
    }

    async fn account(&self, company: &CompanyId) -> Result<EmailAccount, SendError> {
        let account = self.account_of(company).await?;
        let (sender, from) = (account.config.sender(), account.config.from.clone());
        Ok(EmailAccount { sender, from, most_bytes: MOST_BYTES, doubt: Doubt::Ask })
    }

    async fn send(&self, request: EmailRequest) -> Result<Report, SendError> {
        let account = self.account_of(&request.company).await?;
        let letter = Letter::of(&request.envelope, request.email)?;
        let turn = Turn { gate: &*self.gate, clock: &*self.clock, adapter: ADAPTER };
        let call = self.deliver(&account, &letter);
        turn.send(&request.company, request.urgency, limit(&account.config), call).await?;
        Ok(Report { provider_id: letter.message_id, status: MessageStatus::Sent, trouble: None, code: None })
    }

    async fn report(&self, company: &CompanyId, _provider_id: &str) -> Result<Option<Report>, SendError> {
        self.account_of(company).await.map(|_| None)
    }

    async fn search(&self, _request: &EmailRequest) -> Result<Option<Report>, SendError> {
        Ok(None)
    }
}
