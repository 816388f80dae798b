use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_http_client::{HttpClient, Method};
use kopru_ports::Clock;
use kopru_ports::emails::{Doubt, EmailAccount, EmailRequest, EmailSender};
use kopru_ports::gate::Gate;
use kopru_ports::integrations::{IntegrationKind, IntegrationStore};
use kopru_ports::messages::{Report, SendError};

use crate::call::{accepted, limit};
use crate::config::ResendAddresses;
use crate::error::of_call;
use crate::map::{body, report};
use crate::wire::{Created, Shown};

/// Resend's limit (<https://resend.com/docs/api-reference/emails/send-email>), less what its own headers take.
const MOST_BYTES: usize = 40 * 1000 * 1000 - 100_000;
/// Resend knows a key for 24 hours (<https://resend.com/docs/dashboard/emails/idempotency-keys>); some are left for clocks.
const REPEATABLE: Duration = Duration::from_hours(23);

/// Resend, by each company's own account.
pub struct Resend {
    pub(crate) integrations: Arc<dyn IntegrationStore>,
    pub(crate) http: HttpClient,
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) addresses: ResendAddresses,
}

impl Resend {
    /// Resend by the companies' own settings. The client's time-out should be [`crate::CALL_TIME`].
    #[must_use]
    pub fn new(
        integrations: Arc<dyn IntegrationStore>,
        http: HttpClient,
        gate: Arc<dyn Gate>,
        clock: Arc<dyn Clock>,
        addresses: ResendAddresses,
    ) -> Self {
        Self { integrations, http, gate, clock, addresses }
    }
}

#[async_trait]
impl EmailSender for Resend {
    fn vendor(&self) -> IntegrationKind {
        IntegrationKind::Resend
    }

    async fn account(&self, company: &CompanyId) -> Result<EmailAccount, SendError> {
        let config = self.config_of(company).await?;
        let sender = config.sender();
        Ok(EmailAccount { sender, from: config.from, most_bytes: MOST_BYTES, doubt: Doubt::Repeat(REPEATABLE) })
    }

    async fn send(&self, request: EmailRequest) -> Result<Report, SendError> {
        let config = self.config_of(&request.company).await?;
        let call = self.request(Method::POST, &config, "/emails").json(&body(&request));
        let call = call.header("Idempotency-Key", request.envelope.id.to_string());
        let call = async { self.exchange(call).await.and_then(accepted) };
        let reply = self.turn().send(&request.company, request.urgency, limit(&config), call).await?;
        reply.json().map(|Created { id }| report(id, "queued", None)).map_err(of_call)
    }

    async fn report(&self, company: &CompanyId, provider_id: &str) -> Result<Option<Report>, SendError> {
        let config = self.config_of(company).await?;
        let id: String = url::form_urlencoded::byte_serialize(provider_id.as_bytes()).collect();
        let request = self.request(Method::GET, &config, &format!("/emails/{id}"));
        let reply = self.exchange(request).await.map_err(SendError::sent_nothing)?;
        if reply.status == 404 {
            return Ok(None);
        }
        let shown: Shown =
            accepted(reply).and_then(|reply| reply.json().map_err(of_call)).map_err(SendError::sent_nothing)?;
        let event = shown.last_event.unwrap_or_default();
        Ok(Some(report(shown.id, &event, None)))
    }

    async fn search(&self, _request: &EmailRequest) -> Result<Option<Report>, SendError> {
        Ok(None)
    }
}
