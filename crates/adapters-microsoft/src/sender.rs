use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_http_client::HttpClient;
use kopru_ports::Clock;
use kopru_ports::emails::{Doubt, EmailAccount, EmailRequest, EmailSender};
use kopru_ports::gate::{Gate, Limit};
use kopru_ports::integrations::{IntegrationKind, IntegrationStore};
use kopru_ports::messages::{Report, SendError, Sender};
use kopru_ports::senders::{Turn, settings_of};
use kopru_ports::tokens::AccessTokens;

use crate::config::MicrosoftConfig;
use crate::error::ADAPTER;
use crate::handover::report;
use crate::settings::OutlookSettings;

/// A request has 4 MB at the most (<https://learn.microsoft.com/en-us/graph/api/user-post-messages>), in base64.
const MOST_BYTES: usize = 4_000_000 / 4 * 3;
/// A copy is in Sent Items within so long; Microsoft promises no time.
const SEEN: Duration = Duration::from_mins(5);

/// Outlook, by the account that each company connected.
pub struct Outlook {
    integrations: Arc<dyn IntegrationStore>,
    pub(crate) http: HttpClient,
    pub(crate) tokens: Arc<dyn AccessTokens>,
    gate: Arc<dyn Gate>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Graph's base address.
    pub(crate) graph: String,
}

impl Outlook {
    /// Outlook by the companies' own settings and connections ([`kopru_ports::tokens::TokenKey::of_company`]). The
    /// client's time-out should be [`crate::CALL_TIME`].
    #[must_use]
    pub fn new(
        config: MicrosoftConfig,
        integrations: Arc<dyn IntegrationStore>,
        http: HttpClient,
        tokens: Arc<dyn AccessTokens>,
        gate: Arc<dyn Gate>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { integrations, http, tokens, gate, clock, graph: config.addresses.graph }
    }

    async fn settings_of(&self, company: &CompanyId) -> Result<OutlookSettings, SendError> {
        let kept = settings_of(&*self.integrations, company, IntegrationKind::Outlook, ADAPTER).await?;
        OutlookSettings::read(&kept)
    }
}

#[async_trait]
impl EmailSender for Outlook {
    fn vendor(&self) -> IntegrationKind {
        IntegrationKind::Outlook
    }

    async fn account(&self, company: &CompanyId) -> Result<EmailAccount, SendError> {
        let settings = self.settings_of(company).await?;
        let Limit { scope, per_second, .. } = settings.limit(self.open(company).await?.account());
        let sender = Sender { account: scope, name: "mailbox".to_owned(), per_second };
        Ok(EmailAccount { sender, from: settings.from, most_bytes: MOST_BYTES, doubt: Doubt::Search(SEEN) })
    }

    async fn send(&self, request: EmailRequest) -> Result<Report, SendError> {
        let settings = self.settings_of(&request.company).await?;
        let mut session = self.open(&request.company).await?;
        let limit = settings.limit(session.account());
        let turn = Turn { gate: &*self.gate, clock: &*self.clock, adapter: ADAPTER };
        let call = self.hand_over(&mut session, &request);
        turn.send(&request.company, request.urgency, limit, call).await
    }

    /// Microsoft tells no more than that it was sent: what comes back is an e-mail like others.
    async fn report(&self, company: &CompanyId, _provider_id: &str) -> Result<Option<Report>, SendError> {
        self.settings_of(company).await.map(|_| None)
    }

    /// A draft proves nothing: it may be of an earlier try, and the copy of the last one not there yet.
    async fn search(&self, request: &EmailRequest) -> Result<Option<Report>, SendError> {
        let mut session = self.open(&request.company).await?;
        let found =
            session.find(&request.email.message_id(request.envelope.id)).await.map_err(SendError::sent_nothing)?;
        Ok(found.into_iter().find(|message| !message.is_draft).map(|sent| report(sent.id)))
    }
}
