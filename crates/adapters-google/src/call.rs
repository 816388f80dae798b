//! One call to Google: rationed, with a token, read by meaning.

use std::sync::Arc;
use std::time::Duration;

use kopru_http_client::header::IF_MATCH;
use kopru_http_client::{HttpClient, Method, Reply};
use kopru_ports::delivery::Urgency;
use kopru_ports::gate::{Charge, Gate, Limit, Pass};
use kopru_ports::tokens::{AccessToken, AccessTokens, TokenKey};
use kopru_ports::{Clock, Retry};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::error::{Failure, Meaning, error, is_of_one_person, of_call, of_reply, of_token};

/// What a call counts against.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Quota {
    Read,
    Write,
    Files,
    Calendar,
}

impl Quota {
    /// Name, calls a minute for the project, and for one person.
    fn rates(self) -> (&'static str, f64, f64) {
        match self {
            Self::Read => ("sheets-read", 300.0, 60.0),
            Self::Write => ("sheets-write", 300.0, 60.0),
            Self::Files => ("drive", 12_000.0, 3_000.0),
            Self::Calendar => ("calendar", 10_000.0, 600.0),
        }
    }
}

/// A call to be made.
pub(crate) struct Call<'a> {
    pub connection: &'a TokenKey,
    pub urgency: Urgency,
    pub quota: Quota,
    pub method: Method,
    pub url: String,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Value>,
    /// The version that has to be there still.
    pub if_match: Option<String>,
}

pub(crate) struct Caller {
    pub http: HttpClient,
    pub tokens: Arc<dyn AccessTokens>,
    pub gate: Arc<dyn Gate>,
    pub clock: Arc<dyn Clock>,
    pub client_id: String,
}

impl Caller {
    /// Makes the call. A token that Google refuses is replaced once: it may have been revoked a moment ago. Where it
    /// refuses the new one too, no refresh helps.
    pub(crate) async fn call(&self, call: &Call<'_>) -> Result<Reply, Failure> {
        let mut token = self.token(call).await?;
        let mut reply = self.once(call, &token).await?;
        if reply.status == 401 {
            self.tokens.refused(call.connection, &token.secret).await.map_err(of_token)?;
            token = self.token(call).await?;
            reply = self.once(call, &token).await?;
            if reply.status == 401 {
                self.tokens.refused_again(call.connection, &token.secret).await.map_err(of_token)?;
            }
        }
        if reply.status < 300 {
            return Ok(reply);
        }
        let found = of_reply(&reply);
        if found.kind == Meaning::RateLimited
            && let Retry::After(Some(pause)) = found.retry
        {
            self.rest(call, &token, &reply, pause).await;
        }
        Err(found)
    }

    async fn token(&self, call: &Call<'_>) -> Result<AccessToken, Failure> {
        self.tokens.access_token(call.connection).await.map_err(of_token)
    }

    /// Closes the limit that Google says was passed; both where it does not say which.
    async fn rest(&self, call: &Call<'_>, token: &AccessToken, refusal: &Reply, pause: Duration) {
        let [project, person] = self.limits(call, token);
        let until = self.clock.now() + pause;
        if !is_of_one_person(refusal) {
            self.gate.refused(&project.scope, until).await;
        }
        self.gate.refused(&person.scope, until).await;
    }

    async fn once(&self, call: &Call<'_>, token: &AccessToken) -> Result<Reply, Failure> {
        let pass = Pass {
            company: call.connection.company.clone(),
            urgency: call.urgency,
            charges: self.limits(call, token).map(|limit| Charge { limit, cost: 1.0 }).to_vec(),
        };
        if let Err(later) = self.gate.enter(pass).await {
            let pause = Duration::try_from(later.at.duration_since(self.clock.now())).unwrap_or_default();
            return Err(error(Meaning::RateLimited, Retry::After(Some(pause))));
        }
        let mut request = self
            .http
            .request(call.method.clone(), &call.url)
            .query(&call.query)
            .bearer_auth(token.secret.expose_secret());
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        if let Some(version) = &call.if_match {
            request = request.header(IF_MATCH, version);
        }
        self.http.send(request).await.map_err(of_call)
    }

    /// Google counts a sliding minute: what may be done at once and what is regained over a minute are
    /// together what Google allows. A project's work is steady, a person's comes in bursts. A person is an
    /// account, whoever of how many companies connected it.
    fn limits(&self, call: &Call<'_>, token: &AccessToken) -> [Limit; 2] {
        let (name, project, person) = call.quota.rates();
        let limit = |scope: String, a_minute: f64, at_once: f64| Limit {
            scope,
            per_second: a_minute * (1.0 - at_once) / 60.0,
            burst: a_minute * at_once,
            kept: a_minute * at_once / 5.0,
        };
        [
            limit(format!("google:{}:{name}", self.client_id), project, 1.0 / 3.0),
            limit(format!("google:{}:{name}:{}", self.client_id, token.account), person, 0.5),
        ]
    }
}
