//! One call to Twilio. Nothing is repeated here.

use std::time::Duration;

use kopru_domain::CompanyId;
use kopru_http_client::{Method, Reply, RequestBuilder};
use kopru_ports::gate::Limit;
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::messages::{SendError, Sender};
use kopru_ports::senders::{Turn, settings_of};

use crate::config::TwilioConfig;
use crate::error::{ADAPTER, of_call, of_reply};
use crate::sender::Twilio;

/// The time-out for the client that [`Twilio`] gets: Twilio itself gives a call up after less than 30 s, so that with more
/// an answer that does not come is rare.
pub const CALL_TIME: Duration = Duration::from_secs(35);

impl Twilio {
    pub(crate) async fn config_of(&self, company: &CompanyId) -> Result<TwilioConfig, SendError> {
        let kept = settings_of(&*self.integrations, company, IntegrationKind::Twilio, ADAPTER).await?;
        TwilioConfig::read(&kept)
    }

    /// A request about an account's messages, or about one of them.
    pub(crate) fn request(&self, method: Method, config: &TwilioConfig, message: Option<&str>) -> RequestBuilder {
        let segment = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let account = segment(&config.account_sid);
        let message = message.map(|sid| format!("/{}", segment(sid))).unwrap_or_default();
        let url = format!("{}/2010-04-01/Accounts/{account}/Messages{message}.json", self.addresses.api);
        self.http.request(method, &url)
    }

    /// Makes a call; an answer of any status is one.
    pub(crate) async fn exchange(&self, config: &TwilioConfig, request: RequestBuilder) -> Result<Reply, SendError> {
        let (user, password) = config.credentials();
        self.http.send(request.basic_auth(user, Some(password))).await.map_err(of_call)
    }

    /// Makes a call that succeeds or fails.
    pub(crate) async fn call(&self, config: &TwilioConfig, request: RequestBuilder) -> Result<Reply, SendError> {
        accepted(self.exchange(config, request).await?)
    }

    pub(crate) fn turn(&self) -> Turn<'_> {
        Turn { gate: &*self.gate, clock: &*self.clock, adapter: ADAPTER }
    }
}

pub(crate) fn accepted(reply: Reply) -> Result<Reply, SendError> {
    if (200..300).contains(&reply.status) { Ok(reply) } else { Err(of_reply(&reply)) }
}

/// What a sender takes; a fast one keeps some of it for people.
pub(crate) fn limit(sender: &Sender) -> Limit {
    let burst = sender.per_second.max(1.0);
    Limit {
        scope: format!("twilio:{}:{}", sender.account, sender.name),
        per_second: sender.per_second,
        burst,
        kept: (burst / 5.0).floor(),
    }
}
