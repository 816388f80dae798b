//! One call to Resend. Nothing is repeated here.

use std::time::Duration;

use kopru_domain::CompanyId;
use kopru_domain::message::Trouble;
use kopru_http_client::{Method, Reply, RequestBuilder};
use kopru_ports::Retry;
use kopru_ports::delivery::Urgency;
use kopru_ports::gate::{Charge, Limit, Pass};
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::messages::SendError;
use secrecy::ExposeSecret as _;

use crate::config::ResendConfig;
use crate::error::{error, of_call, of_reply};
use crate::sender::Resend;

/// The time-out for the client that [`Resend`] gets.
pub const CALL_TIME: Duration = Duration::from_secs(30);

impl Resend {
    pub(crate) async fn config_of(&self, company: &CompanyId) -> Result<ResendConfig, SendError> {
        let found = self.integrations.get(company, IntegrationKind::Resend).await;
        let found = found.map_err(|cause| error(Trouble::ProviderDown, Retry::After(None)).caused_by(cause))?;
        let found = found.ok_or_else(|| error(Trouble::NotConfigured, Retry::Never))?;
        ResendConfig::read(&found.settings)
    }

    pub(crate) fn request(&self, method: Method, config: &ResendConfig, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.addresses.api);
        self.http.request(method, &url).bearer_auth(config.api_key.expose_secret())
    }

    /// Makes a call; an answer of any status is one.
    pub(crate) async fn exchange(&self, request: RequestBuilder) -> Result<Reply, SendError> {
        self.http.send(request).await.map_err(of_call)
    }

    /// Waits for the team's turn.
    pub(crate) async fn enter(&self, company: &CompanyId, urgency: Urgency, limit: &Limit) -> Result<(), SendError> {
        let charges = vec![Charge { limit: limit.clone(), cost: 1.0 }];
        let pass = Pass { company: company.clone(), urgency, charges };
        self.gate.enter(pass).await.map_err(|later| {
            let pause = Duration::try_from(later.at.duration_since(self.clock.now())).unwrap_or_default();
            error(Trouble::RateLimited, Retry::After(Some(pause)))
        })
    }

    /// Tells the gate of a refusal. A quota that is spent is the engine's to wait for.
    pub(crate) async fn heed(&self, limit: &Limit, refusal: &SendError) {
        if let (Trouble::RateLimited, Retry::After(Some(pause))) = (refusal.kind, refusal.retry) {
            self.gate.refused(&limit.scope, self.clock.now() + pause).await;
        }
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
