mod config;
mod error;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_domain::message::MessageStatus;
use kopru_http_client::{HttpClient, Method, Reply};
use kopru_ports::Clock;
use kopru_ports::emails::{Doubt, EmailAccount, EmailRequest, EmailSender};
use kopru_ports::gate::Gate;
use kopru_ports::integrations::{IntegrationKind, IntegrationStore};
use kopru_ports::messages::{Report, SendError, Sender};
use kopru_ports::senders::settings_of;
use kopru_ports::tokens::{AccessTokens, Service, TokenKey};

use crate::call::{Call, Caller, Quota};
use crate::config::GoogleConfig;
use crate::error::{ADAPTER, of_call};
use config::GmailConfig;
use error::{of_failure, of_reply};
use wire::{Taken, Whole};

/// What an upload may have (<https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/send>).
const MOST_BYTES: usize = 35 * 1024 * 1024;

/// E-mail by the Gmail account that a company connected.
pub struct Gmail {
    integrations: Arc<dyn IntegrationStore>,
    caller: Caller,
    /// Where e-mails of any size are taken; the same path without `/upload` takes small ones only.
    sending: String,
}

impl Gmail {
    /// Gmail by the companies' own settings and connections ([`TokenKey::of_company`]). The client's time-out has to be
    /// enough for an e-mail of 35 MB.
    #[must_use]
    pub fn new(
        config: GoogleConfig,
        integrations: Arc<dyn IntegrationStore>,
        http: HttpClient,
        tokens: Arc<dyn AccessTokens>,
        gate: Arc<dyn Gate>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let sending = format!("{}/upload/gmail/v1/users/me/messages/send", config.addresses.gmail);
        let caller = Caller { http, tokens, gate, clock, client_id: config.client_id };
        Self { integrations, caller, sending }
    }

    async fn config_of(&self, company: &CompanyId) -> Result<GmailConfig, SendError> {
        let kept = settings_of(&*self.integrations, company, IntegrationKind::Gmail, ADAPTER).await?;
        GmailConfig::read(&kept)
    }

    async fn upload(&self, request: &EmailRequest) -> Result<Reply, SendError> {
        let call = Call {
            connection: &TokenKey::of_company(&request.company, Service::Gmail),
            urgency: request.urgency,
            quota: Quota::Emails,
            method: Method::POST,
            url: self.sending.clone(),
            query: vec![("uploadType", "media".to_owned())],
            body: Some(Whole(request)),
            if_match: None,
        };
        let reply = self.caller.exchange(&call).await.map_err(of_failure)?;
        if reply.status < 300 { Ok(reply) } else { Err(of_reply(&reply, self.caller.clock.now())) }
    }
}

#[async_trait]
impl EmailSender for Gmail {
    fn vendor(&self) -> IntegrationKind {
        IntegrationKind::Gmail
    }

    async fn account(&self, company: &CompanyId) -> Result<EmailAccount, SendError> {
        let GmailConfig { from, messages_per_minute } = self.config_of(company).await?;
        let account = format!("gmail:{company}");
        let sender = Sender { account, name: "me".to_owned(), per_second: messages_per_minute / 60.0 };
        Ok(EmailAccount { sender, from, most_bytes: MOST_BYTES, doubt: Doubt::Ask })
    }

    async fn send(&self, request: EmailRequest) -> Result<Report, SendError> {
        self.config_of(&request.company).await?;
        let reply = self.upload(&request).await?;
        let Taken { id } = reply.json().map_err(|cause| of_failure(of_call(cause)))?;
        Ok(Report { provider_id: id, status: MessageStatus::Sent, trouble: None, code: None })
    }

    /// Who may send only cannot ask for an e-mail.
    async fn report(&self, company: &CompanyId, _provider_id: &str) -> Result<Option<Report>, SendError> {
        self.config_of(company).await.map(|_| None)
    }

    /// Nor look for one.
    async fn search(&self, _request: &EmailRequest) -> Result<Option<Report>, SendError> {
        Ok(None)
    }
}
