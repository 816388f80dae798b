//! One call to Resend. Nothing is repeated here.

use std::time::Duration;

use kopru_domain::CompanyId;
use kopru_http_client::{Method, Reply, RequestBuilder};
use kopru_ports::gate::Limit;
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::messages::SendError;
use kopru_ports::senders::{Turn, settings_of};
use secrecy::ExposeSecret as _;

use crate::config::ResendConfig;
use crate::error::{ADAPTER, of_call, of_reply};
use crate::sender::Resend;

/// The time-out for the client that [`Resend`] gets.
pub const CALL_TIME: Duration = Duration::from_secs(30);

impl Resend {
    pub(crate) async fn config_of(&self, company: &CompanyId) -> Result<ResendConfig, SendError> {
        let kept = settings_of(&*self.integrations, company, IntegrationKind::Resend, ADAPTER).await?;
        ResendConfig::read(&kept)
    }

    pub(crate) fn request(&self, method: Method, config: &ResendConfig, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.addresses.api);
        self.http.request(method, &url).bearer_auth(config.api_key.expose_secret())
    }

    /// Makes a call; an answer of any status is one.
    pub(crate) async fn exchange(&self, request: RequestBuilder) -> Result<Reply, SendError> {
        self.http.send(request).await.map_err(of_call)
    }

    pub(crate) fn turn(&self) -> Turn<'_> {
        Turn { gate: &*self.gate, clock: &*self.clock, adapter: ADAPTER }
    }
}

pub(crate) fn accepted(reply: Reply) -> Result<Reply, SendError> {
    if (200..300).contains(&reply.status) { Ok(reply) } else { Err(of_reply(&reply)) }
}

/// What the team may ask; some of it is kept for people.
pub(crate) fn limit(config: &ResendConfig) -> Limit {
    let burst = config.requests_per_second.max(1.0);
    let kept = (burst / 5.0).floor();
    Limit { scope: config.account(), per_second: config.requests_per_second, burst, kept }
}
