//! One call to Graph. Nothing is repeated here but what a token was refused for.

use std::time::Duration;

use kopru_domain::CompanyId;
use kopru_http_client::header::{CONTENT_LENGTH, CONTENT_TYPE};
use kopru_http_client::{Method, Reply};
use kopru_ports::messages::SendError;
use kopru_ports::tokens::{AccessToken, Service, TokenKey};
use secrecy::ExposeSecret as _;

use crate::error::{of_call, of_token};
use crate::sender::Outlook;

/// The time-out for the client that [`Outlook`] gets: for each of the three to five calls of an e-mail.
pub const CALL_TIME: Duration = Duration::from_secs(10);

/// Ids that stay when a message is sent (<https://learn.microsoft.com/en-us/graph/outlook-immutable-id>).
const IMMUTABLE_IDS: (&str, &str) = ("Prefer", "IdType=\"ImmutableId\"");

/// A call to be made.
pub(crate) struct Call<'a> {
    pub method: Method,
    /// What stands after `/me/messages`.
    pub path: String,
    pub query: &'a [(&'static str, &'a str)],
    /// A message in base64.
    pub mime: Option<&'a str>,
}

/// A company's mailbox with the token that opens it.
pub(crate) struct Session<'a> {
    outlook: &'a Outlook,
    key: TokenKey,
    token: AccessToken,
}

impl Outlook {
    pub(crate) async fn open(&self, company: &CompanyId) -> Result<Session<'_>, SendError> {
        let key = TokenKey::of_company(company, Service::Outlook);
        let token = self.tokens.access_token(&key).await.map_err(of_token)?;
        Ok(Session { outlook: self, key, token })
    }
}

impl Session<'_> {
    /// Whose mailbox it is, in the name of its limit.
    pub fn account(&self) -> String {
        format!("outlook:{}", self.token.account)
    }

    /// Makes a call; an answer of any status is one. A token that Microsoft refuses is replaced once: nothing was
    /// carried out. Where it refuses the new one too, no refresh helps.
    pub async fn exchange(&mut self, call: &Call<'_>) -> Result<Reply, SendError> {
        let reply = self.once(call).await?;
        if reply.status != 401 {
            return Ok(reply);
        }
        let tokens = &self.outlook.tokens;
        tokens.refused(&self.key, &self.token.secret).await.map_err(of_token)?;
        self.token = tokens.access_token(&self.key).await.map_err(of_token)?;
        let reply = self.once(call).await?;
        if reply.status == 401 {
            tokens.refused_again(&self.key, &self.token.secret).await.map_err(of_token)?;
        }
        Ok(reply)
    }

    async fn once(&self, call: &Call<'_>) -> Result<Reply, SendError> {
        let Outlook { http, graph, .. } = self.outlook;
        let request = http.request(call.method.clone(), &format!("{graph}/me/messages{}", call.path));
        let request = request.query(call.query).bearer_auth(self.token.secret.expose_secret());
        let (prefer, immutable) = IMMUTABLE_IDS;
        let request = request.header(prefer, immutable);
        let request = match call.mime {
            Some(mime) => request.header(CONTENT_TYPE, "text/plain").body(mime.to_owned()),
            // Graph wants it said (<https://learn.microsoft.com/en-us/graph/api/message-send>).
            None if call.method == Method::POST => request.header(CONTENT_LENGTH, 0),
            None => request,
        };
        http.send(request).await.map_err(of_call)
    }
}
