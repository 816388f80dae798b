//! One call to Google: rationed, with a token, read by meaning.

use std::sync::Arc;
use std::time::Duration;

use kopru_http_client::header::IF_MATCH;
use kopru_http_client::{HttpClient, Method, Reply, RequestBuilder};
use kopru_ports::delivery::Urgency;
use kopru_ports::gate::{Charge, Gate, Limit, Pass};
use kopru_ports::tokens::{AccessToken, AccessTokens, TokenKey};
use kopru_ports::{Clock, Retry};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::error::{Failure, Meaning, error, is_of_one_person, of_call, of_reply, of_token, rest_of};

/// What a call counts against.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Quota {
    Read,
    Write,
    Files,
    Calendar,
    Emails,
}

impl Quota {
    /// Name, calls a minute for the project, and for one person.
    fn rates(self) -> (&'static str, f64, f64) {
        match self {
            Self::Read => ("sheets-read", 300.0, 60.0),
            Self::Write => ("sheets-write", 300.0, 60.0),
            Self::Files => ("drive", 12_000.0, 3_000.0),
            Self::Calendar => ("calendar", 10_000.0, 600.0),
            // Each takes 100 units, of 1,200,000 and 15,000.
            Self::Emails => ("gmail", 12_000.0, 150.0),
        }
    }
}

/// What a call carries.
pub(crate) trait Content: Sync {
    fn put_into(&self, request: RequestBuilder) -> RequestBuilder;
}

impl Content for Value {
    fn put_into(&self, request: RequestBuilder) -> RequestBuilder {
        request.json(self)
    }
}

/// A call to be made.
pub(crate) struct Call<'a, C = Value> {
    pub connection: &'a TokenKey,
    pub urgency: Urgency,
    pub quota: Quota,
    pub method: Method,
    pub url: String,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<C>,
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
    /// Makes the call.
    pub(crate) async fn call<C: Content>(&self, call: &Call<'_, C>) -> Result<Reply, Failure> {
        let reply = self.exchange(call).await?;
        if reply.status < 300 { Ok(reply) } else { Err(of_reply(&reply, self.clock.now())) }
    }

    /// Makes the call; an answer of any status is one. A token that Google refuses is replaced once: it may have been
    /// revoked a moment ago. Where it refuses the new one too, no refresh helps.
    pub(crate) async fn exchange<C: Content>(&self, call: &Call<'_, C>) -> Result<Reply, Failure> {
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
        if let Some(pause) = rest_of(&reply, self.clock.now()) {
            self.rest(call, &token, &reply, pause).await;
        }
        Ok(reply)
    }

    async fn token<C>(&self, call: &Call<'_, C>) -> Result<AccessToken, Failure> {
        self.tokens.access_token(call.connection).await.map_err(of_token)
    }

    /// Closes the limit that Google says was passed; both where it does not say which.
    async fn rest<C>(&self, call: &Call<'_, C>, token: &AccessToken, refusal: &Reply, pause: Duration) {
        let [project, person] = self.limits(call, token);
        let until = self.clock.now() + pause;
        if !is_of_one_person(refusal) {
            self.gate.refused(&project.scope, until).await;
        }
        self.gate.refused(&person.scope, until).await;
    }

    async fn once<C: Content>(&self, call: &Call<'_, C>, token: &AccessToken) -> Result<Reply, Failure> {
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
            request = body.put_into(request);
        }
        if let Some(version) = &call.if_match {
            request = request.header(IF_MATCH, version);
        }
        self.http.send(request).await.map_err(of_call)
    }

    /// Google counts a sliding minute: what may be done at once and what is regained over a minute are
    /// together what Google allows. A project's work is steady, a person's comes in bursts. A person is an
    /// account, whoever of how many companies connected it.
    fn limits<C>(&self, call: &Call<'_, C>, token: &AccessToken) -> [Limit; 2] {
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
