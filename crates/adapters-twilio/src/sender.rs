use std::cmp::Reverse;
use std::sync::Arc;

use async_trait::async_trait;
use kopru_domain::CompanyId;
use kopru_domain::message::{Channel, MessageStatus};
use kopru_http_client::{HttpClient, Method, RequestBuilder};
use kopru_ports::gate::Gate;
use kopru_ports::integrations::IntegrationStore;
use kopru_ports::messages::{MessageSender, Report, Search, SendError, SendRequest, Sender};
use kopru_ports::{Clock, Retry};

use crate::call::{accepted, limit};
use crate::config::{TwilioAddresses, TwilioConfig};
use crate::error::of_call;
use crate::map::{address, created, fits, form, is_since, report};
use crate::wire::{Message, Page};

/// Messages to one number within the time of a search are fewer.
const PAGE_SIZE: &str = "50";
const MOST_PAGES: usize = 20;

/// Twilio, by each company's own account.
pub struct Twilio {
    pub(crate) integrations: Arc<dyn IntegrationStore>,
    pub(crate) http: HttpClient,
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) addresses: TwilioAddresses,
}

impl Twilio {
    /// Twilio by the companies' own settings. The client's time-out should be [`crate::CALL_TIME`].
    #[must_use]
    pub fn new(
        integrations: Arc<dyn IntegrationStore>,
        http: HttpClient,
        gate: Arc<dyn Gate>,
        clock: Arc<dyn Clock>,
        addresses: TwilioAddresses,
    ) -> Self {
        Self { integrations, http, gate, clock, addresses }
    }

    pub(crate) async fn page(&self, config: &TwilioConfig, request: RequestBuilder) -> Result<Page, SendError> {
        let reply = self.call(config, request).await.map_err(SendError::sent_nothing)?;
        reply.json().map_err(|cause| of_call(cause).sent_nothing())
    }
}

#[async_trait]
impl MessageSender for Twilio {
    async fn sender(&self, company: &CompanyId, channel: Channel) -> Result<Sender, SendError> {
        self.config_of(company).await?.sender(channel)
    }

    async fn send(&self, request: SendRequest) -> Result<Report, SendError> {
        let config = self.config_of(&request.company).await?;
        let limit = limit(&config.sender(request.channel)?);
        let call = self.request(Method::POST, &config, None).form(&form(&request, &config));
        let call = self.call(&config, call);
        let reply = self.turn().send(&request.company, request.urgency, limit, call).await?;
        reply.json().map(told).map_err(of_call)
    }

    /// Not by `DateSent`, which hides what was taken and waits for its turn.
    async fn search(&self, search: &Search) -> Result<Vec<Report>, SendError> {
        let config = self.config_of(&search.company).await?;
        let mut query = vec![("To", address(search.channel, search.to.as_str())), ("PageSize", PAGE_SIZE.to_owned())];
        query.extend(config.own_sender(search.channel).map(|own| ("From", own)));
        let mut next = Some(self.request(Method::GET, &config, None).query(&query));
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(request) = next.take() else { break };
            let page = self.page(&config, request).await?;
            let mut messages = page.messages;
            messages.retain(|message| is_since(search.since, message));
            let path = page.next_page_uri.filter(|path| !messages.is_empty() && path.starts_with('/'));
            next = path.map(|path| self.http.request(Method::GET, &format!("{}{path}", self.addresses.api)));
            found.extend(messages.into_iter().filter(|message| fits(search, message)));
        }
        found.sort_by_key(|message| Reverse(created(message)));
        Ok(found.into_iter().map(told).collect())
    }

    async fn report(&self, company: &CompanyId, provider_id: &str) -> Result<Option<Report>, SendError> {
        let config = self.config_of(company).await?;
        let request = self.request(Method::GET, &config, Some(provider_id));
        let reply = self.exchange(&config, request).await.map_err(SendError::sent_nothing)?;
        if reply.status == 404 {
            return Ok(None);
        }
        let reply = accepted(reply).map_err(SendError::sent_nothing)?;
        reply.json().map(|message| Some(told(message))).map_err(|cause| of_call(cause).sent_nothing())
    }

    async fn cancel(&self, company: &CompanyId, provider_id: &str) -> Result<bool, SendError> {
        let config = self.config_of(company).await?;
        let request = self.request(Method::POST, &config, Some(provider_id)).form(&[("Status", "canceled")]);
        match self.call(&config, request).await.map_err(SendError::sent_nothing) {
            Ok(_) => Ok(true),
            // It is too late, or it was done before.
            Err(refusal) if refusal.retry == Retry::Never => {
                let found = self.report(company, provider_id).await?;
                Ok(found.is_some_and(|report| report.status == MessageStatus::Canceled))
            }
            Err(other) => Err(other),
        }
    }
}

fn told(message: Message) -> Report {
    report(message.sid, &message.status, message.error_code)
}
