//! A signed post to somebody's server:
//! <https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides>.

use std::time::Duration;

use url::Url;

use super::signature;
use crate::random;

const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    url: Url,
    fields: Vec<(String, String)>,
    signature: String,
    /// The same at each try.
    token: String,
}

impl Webhook {
    /// Signs the address as it goes over the wire. What stands after a `#` is
    /// for Twilio, and neither sent nor signed.
    pub fn signed(auth_token: &str, mut url: Url, fields: Vec<(String, String)>) -> Self {
        url.set_fragment(None);
        let signature = signature::sign(auth_token, url.as_str(), &fields);
        Self { url, fields, signature, token: random::hex() }
    }

    /// Once more where no connection came about, and only then.
    pub async fn post(&self, http: &reqwest::Client) -> bool {
        let mut answer = self.send(http).await;
        if answer.as_ref().is_err_and(reqwest::Error::is_connect) {
            answer = self.send(http).await;
        }
        tracing::debug!(url = %self.url, ?answer, "webhook");
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    async fn send(&self, http: &reqwest::Client) -> reqwest::Result<reqwest::Response> {
        let request = http.post(self.url.clone()).timeout(PATIENCE).form(&self.fields);
        let request = request.header("x-twilio-signature", &self.signature);
        request.header("i-twilio-idempotency-token", &self.token).send().await
    }
}
