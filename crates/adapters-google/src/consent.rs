use std::sync::Arc;

use async_trait::async_trait;
use kopru_http_client::{HttpClient, HttpError, Method};
use kopru_oauth::{Endpoints, OAuthClient};
use kopru_ports::oauth::{Account, AuthorizeRequest, Grant, OAuthErrorKind, OAuthProvider};
use kopru_ports::{Clock, PortError, Retry};
use secrecy::{ExposeSecret, SecretString};

use crate::config::GoogleConfig;
use crate::error::ADAPTER;
use crate::wire::UserInfo;

type OAuthError = PortError<OAuthErrorKind>;

/// Without these a connection is of no use.
const SHEETS: &[&str] =
    &["https://www.googleapis.com/auth/spreadsheets", "https://www.googleapis.com/auth/drive.metadata.readonly"];
const CALENDAR: &[&str] = &["https://www.googleapis.com/auth/calendar.events"];
const GMAIL: &[&str] = &["https://www.googleapis.com/auth/gmail.send"];
const IDENTITY: [&str; 2] = ["openid", "email"];

/// Google's consent for Sheets and the list of spreadsheets, for a calendar's events, or for sending e-mails
/// ([web server applications](https://developers.google.com/identity/protocols/oauth2/web-server)).
pub struct GoogleConsent {
    client: OAuthClient,
    http: HttpClient,
    userinfo: String,
    needed: &'static [&'static str],
}

impl GoogleConsent {
    /// The consent for Sheets, by the configured client.
    ///
    /// # Errors
    /// [`OAuthErrorKind::Misconfigured`] when an address is none.
    pub fn new(config: GoogleConfig, http: HttpClient, clock: Arc<dyn Clock>) -> Result<Self, OAuthError> {
        Self::needing(SHEETS, config, http, clock)
    }

    /// The consent for the person's calendar, by the configured client.
    ///
    /// # Errors
    /// [`OAuthErrorKind::Misconfigured`] when an address is none.
    pub fn for_calendar(config: GoogleConfig, http: HttpClient, clock: Arc<dyn Clock>) -> Result<Self, OAuthError> {
        Self::needing(CALENDAR, config, http, clock)
    }

    /// The consent for sending e-mails by the account, by the configured client.
    ///
    /// # Errors
    /// [`OAuthErrorKind::Misconfigured`] when an address is none.
    pub fn for_gmail(config: GoogleConfig, http: HttpClient, clock: Arc<dyn Clock>) -> Result<Self, OAuthError> {
        Self::needing(GMAIL, config, http, clock)
    }

    fn needing(
        needed: &'static [&'static str],
        config: GoogleConfig,
        http: HttpClient,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, OAuthError> {
        let at = config.addresses;
        let endpoints = Endpoints {
            adapter: ADAPTER,
            authorize: format!("{}/o/oauth2/v2/auth", at.accounts),
            token: format!("{}/token", at.oauth2),
            revoke: format!("{}/revoke", at.oauth2),
            client_id: config.client_id,
            client_secret: config.client_secret,
        };
        let client = OAuthClient::new(endpoints, http.clone(), clock)?;
        Ok(Self { client, http, userinfo: format!("{}/v1/userinfo", at.openid), needed })
    }
}

#[async_trait]
impl OAuthProvider for GoogleConsent {
    /// `offline` together with `consent` is what always gives a refresh token.
    fn authorize_url(&self, request: &AuthorizeRequest) -> String {
        let scopes = [&IDENTITY, self.needed].concat();
        let extra = [("access_type", "offline"), ("prompt", "consent"), ("include_granted_scopes", "true")];
        self.client.authorize_url(request, &scopes, &extra)
    }

    fn needed_scopes(&self) -> &[&'static str] {
        self.needed
    }

    async fn exchange(
        &self,
        code: SecretString,
        verifier: SecretString,
        redirect_uri: &str,
    ) -> Result<Grant, OAuthError> {
        self.client.exchange(code, verifier, redirect_uri).await
    }

    async fn refresh(&self, refresh: SecretString) -> Result<Grant, OAuthError> {
        self.client.refresh(refresh).await
    }

    async fn revoke(&self, token: SecretString) -> Result<(), OAuthError> {
        self.client.revoke(token).await
    }

    async fn account(&self, access: SecretString) -> Result<Account, OAuthError> {
        let request = self.http.request(Method::GET, &self.userinfo).bearer_auth(access.expose_secret());
        let reply = self.http.send(request).await.map_err(unavailable)?;
        match reply.status {
            200 => {
                let info: UserInfo = reply.json().map_err(unavailable)?;
                Ok(Account { id: info.sub, email: info.email })
            }
            401 | 403 => Err(PortError::new(ADAPTER, OAuthErrorKind::InvalidGrant, Retry::Never)),
            _ => Err(PortError::new(ADAPTER, OAuthErrorKind::Unavailable, Retry::After(reply.retry_after()))),
        }
    }
}

fn unavailable(error: HttpError) -> OAuthError {
    PortError::new(ADAPTER, OAuthErrorKind::Unavailable, Retry::After(None)).caused_by(error)
}
