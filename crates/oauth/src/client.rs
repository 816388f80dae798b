//! One vendor's endpoints.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kopru_http_client::{Failure, HttpClient, Method, Reply};
use kopru_ports::oauth::{AuthorizeRequest, Grant, OAuthErrorKind};
use kopru_ports::{Clock, PortError, Retry};
use oauth2::basic::{BasicErrorResponse, BasicTokenResponse};
use oauth2::url::form_urlencoded::byte_serialize;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointSet, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RefreshToken, RequestTokenError, Scope, TokenResponse as _, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::http::{OAuthHttp, OAuthHttpError};

type OAuthError = PortError<OAuthErrorKind>;
type Client = oauth2::basic::BasicClient<
    EndpointSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    EndpointSet,
>;

/// Where a vendor's OAuth is, and as whom we come.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// The vendor's name in errors.
    pub adapter: &'static str,
    /// The consent page.
    pub authorize: String,
    /// The token endpoint.
    pub token: String,
    /// The revocation endpoint (RFC 7009).
    pub revoke: String,
    /// Our client.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretString,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

/// An OAuth 2.0 client: authorization code with PKCE (RFC 7636), refresh, revocation.
pub struct OAuthClient {
    endpoints: Endpoints,
    client: Client,
    http: OAuthHttp,
    clock: Arc<dyn Clock>,
}

impl OAuthClient {
    /// A client of `endpoints`.
    ///
    /// # Errors
    /// [`OAuthErrorKind::Misconfigured`] when an address is none.
    pub fn new(endpoints: Endpoints, http: HttpClient, clock: Arc<dyn Clock>) -> Result<Self, OAuthError> {
        let wrong = |_| PortError::new(endpoints.adapter, OAuthErrorKind::Misconfigured, Retry::Never);
        let client = oauth2::basic::BasicClient::new(ClientId::new(endpoints.client_id.clone()))
            .set_client_secret(ClientSecret::new(endpoints.client_secret.expose_secret().to_owned()))
            .set_auth_uri(AuthUrl::new(endpoints.authorize.clone()).map_err(wrong)?)
            .set_token_uri(TokenUrl::new(endpoints.token.clone()).map_err(wrong)?);
        Ok(Self { client, http: OAuthHttp(http), clock, endpoints })
    }

    /// The consent page's address, with `extra` parameters of the vendor's own.
    #[must_use]
    pub fn authorize_url(&self, request: &AuthorizeRequest, scopes: &[&str], extra: &[(&str, &str)]) -> String {
        let verifier = PkceCodeVerifier::new(request.verifier.expose_secret().to_owned());
        let state = request.state.expose_secret().to_owned();
        let mut url = self
            .client
            .authorize_url(move || CsrfToken::new(state))
            .add_scopes(scopes.iter().map(|scope| Scope::new((*scope).to_owned())))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
        if let Ok(redirect) = RedirectUrl::new(request.redirect_uri.clone()) {
            url = url.set_redirect_uri(std::borrow::Cow::Owned(redirect));
        }
        for (name, value) in extra {
            url = url.add_extra_param((*name).to_owned(), (*value).to_owned());
        }
        url.url().0.into()
    }

    /// Exchanges a code. A code works once: a time-out leaves the outcome unknown.
    pub async fn exchange(
        &self,
        code: SecretString,
        verifier: SecretString,
        redirect_uri: &str,
    ) -> Result<Grant, OAuthError> {
        let redirect = RedirectUrl::new(redirect_uri.to_owned())
            .map_err(|_| self.error(OAuthErrorKind::Misconfigured, Retry::Never))?;
        let answer = self
            .client
            .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()))
            .set_redirect_uri(std::borrow::Cow::Owned(redirect))
            .request_async(&self.http)
            .await;
        answer.map(|answer| self.grant(&answer)).map_err(|error| self.classify(error))
    }

    /// A new access token. Vendors that keep the refresh token may be asked again.
    pub async fn refresh(&self, refresh: SecretString) -> Result<Grant, OAuthError> {
        let token = RefreshToken::new(refresh.expose_secret().to_owned());
        let answer = self.client.exchange_refresh_token(&token).request_async(&self.http).await;
        answer.map(|answer| self.grant(&answer)).map_err(|error| self.classify(error).without_effect())
    }

    /// Ends a grant (RFC 7009). A token that the vendor does not know any more counts as ended. Google asks for no
    /// client here; others do, as [2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1) says.
    pub async fn revoke(&self, token: SecretString) -> Result<(), OAuthError> {
        let Endpoints { revoke, client_id, client_secret, .. } = &self.endpoints;
        let request = self.http.0.request(Method::POST, revoke).form(&[("token", token.expose_secret())]);
        let request = request.basic_auth(encoded(client_id), Some(encoded(client_secret.expose_secret())));
        let reply = self.http.0.send(request).await.map_err(|error| self.unavailable(error))?;
        match reply.status {
            200..300 => Ok(()),
            400 if code_of(&reply) == "invalid_token" => Ok(()),
            429 | 500.. => Err(self.error(OAuthErrorKind::Unavailable, Retry::After(reply.retry_after()))),
            _ => Err(self.error(OAuthErrorKind::Misconfigured, Retry::Never).detail(code_of(&reply))),
        }
    }

    fn grant(&self, answer: &BasicTokenResponse) -> Grant {
        let lifetime = answer.expires_in().unwrap_or(Duration::from_hours(1));
        Grant {
            access: SecretString::from(answer.access_token().secret().clone()),
            refresh: answer.refresh_token().map(|token| SecretString::from(token.secret().clone())),
            expires_at: self.clock.now().checked_add(lifetime).unwrap_or(Timestamp::MAX),
            scopes: answer.scopes().into_iter().flatten().map(|scope| scope.to_string()).collect(),
        }
    }

    /// What went wrong, for a call that may not be repeated blindly.
    fn classify(&self, error: RequestTokenError<OAuthHttpError, BasicErrorResponse>) -> OAuthError {
        match error {
            RequestTokenError::ServerResponse(answer) => self.refused(answer.error().as_ref()),
            RequestTokenError::Request(OAuthHttpError::Call(call)) if call.failure == Failure::NotSent => {
                self.unavailable(call)
            }
            RequestTokenError::Request(OAuthHttpError::Call(call)) => {
                self.error(OAuthErrorKind::Unavailable, Retry::OutcomeUnknown).caused_by(call)
            }
            RequestTokenError::Request(OAuthHttpError::Busy(pause)) => {
                self.error(OAuthErrorKind::Unavailable, Retry::After(pause))
            }
            RequestTokenError::Request(OAuthHttpError::Broken) => {
                self.error(OAuthErrorKind::Unavailable, Retry::OutcomeUnknown)
            }
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                self.error(OAuthErrorKind::Protocol, Retry::OutcomeUnknown)
            }
        }
    }

    /// A refusal by its code ([RFC 6749, 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)); the vendors'
    /// own codes, such as `deleted_client`, are about our client too.
    fn refused(&self, code: &str) -> OAuthError {
        match code {
            "invalid_grant" => self.error(OAuthErrorKind::InvalidGrant, Retry::Never),
            "temporarily_unavailable" | "server_error" => self.error(OAuthErrorKind::Unavailable, Retry::After(None)),
            _ => self.error(OAuthErrorKind::Misconfigured, Retry::Never).detail(code),
        }
    }

    fn unavailable(&self, error: kopru_http_client::HttpError) -> OAuthError {
        self.error(OAuthErrorKind::Unavailable, Retry::After(None)).caused_by(error)
    }

    fn error(&self, kind: OAuthErrorKind, retry: Retry) -> OAuthError {
        PortError::new(self.endpoints.adapter, kind, retry)
    }
}

/// As a client's id and secret stand in its header ([RFC 6749, 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// The code of a refusal; empty where the answer has none.
fn code_of(reply: &Reply) -> String {
    reply.json::<Refusal>().map(|refusal| refusal.error).unwrap_or_default()
}
