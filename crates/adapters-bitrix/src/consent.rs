//! Bitrix24's authorization of apps, which is OAuth 2.0 but for its answers: there is no `token_type`, and an
//! error can come with status 200 ([protocol](https://apidocs.bitrix24.com/settings/oauth/index.html)).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::CompanyId;
use kopru_http_client::{Failure, HttpClient, Method, Reply};
use kopru_ports::crm::{CrmError, CrmErrorKind};
use kopru_ports::integrations::{IntegrationKind, IntegrationStore};
use kopru_ports::oauth::{Account, AuthorizeRequest, Grant, OAuthErrorKind, OAuthProvider};
use kopru_ports::{Clock, PortError, Retry, StoreError};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use crate::client::{Bitrix24, read_settings};
use crate::config::{AppConfig, BitrixConfig, Portal};
use crate::error::{ADAPTER, error};
use crate::wire::id;

type OAuthError = PortError<OAuthErrorKind>;

/// What the authorization server gives, or refuses.
#[derive(Deserialize)]
struct Answer {
    error: Option<String>,
    access_token: Option<SecretString>,
    refresh_token: Option<SecretString>,
    expires_in: Option<u64>,
    #[serde(default)]
    scope: String,
    client_endpoint: Option<String>,
    server_endpoint: Option<String>,
    member_id: Option<String>,
}

/// The consent of one company's portal to one app.
pub struct BitrixConsent {
    app: Arc<AppConfig>,
    company: CompanyId,
    portal: Portal,
    integrations: Arc<dyn IntegrationStore>,
    http: HttpClient,
    clock: Arc<dyn Clock>,
}

impl Bitrix24 {
    /// The consent to the app that the company's settings name.
    ///
    /// # Errors
    /// [`CrmErrorKind::NotConnected`] where they name none.
    pub async fn consent(&self, company: &CompanyId) -> Result<BitrixConsent, CrmError> {
        let portal = self.portal_of(company).await?;
        let app = portal.app.clone().ok_or_else(|| error(CrmErrorKind::NotConnected, Retry::Never))?;
        Ok(BitrixConsent::of(app, (company, &portal), self))
    }
}

impl BitrixConsent {
    pub(crate) fn of(app: Arc<AppConfig>, (company, portal): (&CompanyId, &Portal), bitrix: &Bitrix24) -> Self {
        Self {
            app,
            company: company.clone(),
            portal: portal.clone(),
            integrations: bitrix.integrations.clone(),
            http: bitrix.http.clone(),
            clock: bitrix.clock.clone(),
        }
    }

    /// Asks for tokens; the secret goes into the body, where no log of addresses has it.
    async fn ask(&self, grant: &[(&str, &str)]) -> Result<Grant, OAuthError> {
        let client =
            [("client_id", self.app.client_id.as_str()), ("client_secret", self.app.client_secret.expose_secret())];
        let form: Vec<(&str, &str)> = grant.iter().copied().chain(client).collect();
        let request = self.http.request(Method::POST, &self.app.token_address()).form(&form);
        let reply = self.http.send(request).await.map_err(|cause| {
            let retry = if cause.failure == Failure::NotSent { Retry::After(None) } else { Retry::OutcomeUnknown };
            failed(OAuthErrorKind::Unavailable, retry).caused_by(cause)
        })?;
        let answer = read(&reply)?;
        let grant = self.grant(&answer)?;
        self.learn(answer).await?;
        Ok(grant)
    }

    /// Keeps what the answer says of the portal: its address, its server, its own id.
    async fn learn(&self, answer: Answer) -> Result<(), OAuthError> {
        if self.app.member_id.is_some() && answer.member_id != self.app.member_id {
            return Err(failed(OAuthErrorKind::Misconfigured, Retry::Never).detail("the tokens are of another portal"));
        }
        let known = AppConfig::clone(&self.app);
        let app = AppConfig {
            client_endpoint: answer.client_endpoint.unwrap_or(known.client_endpoint),
            server_endpoint: answer.server_endpoint.unwrap_or(known.server_endpoint),
            member_id: answer.member_id,
            portal: Some(self.portal.name.clone()),
            ..known
        };
        // Tokens cannot be asked for twice: they are not lost over an address, which the next answer says again.
        if let Ok(portal) = BitrixConfig::App(app).portal()
            && portal.settings().expose_secret() != self.portal.settings().expose_secret()
        {
            let _ = self.keep(&portal).await;
        }
        Ok(())
    }

    /// Unless somebody connected another portal or app meanwhile.
    async fn keep(&self, portal: &Portal) -> Result<(), StoreError> {
        let kind = IntegrationKind::Bitrix24;
        let stored = self.integrations.get(&self.company, kind).await?;
        let app = stored.and_then(|stored| read_settings(&stored.settings).ok()).and_then(|stored| stored.app);
        if app.is_some_and(|app| app.client_id == self.app.client_id) {
            self.integrations.put(&self.company, kind, portal.settings()).await?;
        }
        Ok(())
    }

    fn grant(&self, answer: &Answer) -> Result<Grant, OAuthError> {
        let lifetime = Duration::from_secs(answer.expires_in.unwrap_or(3600));
        let access = answer.access_token.clone();
        Ok(Grant {
            access: access.ok_or_else(|| failed(OAuthErrorKind::Protocol, Retry::OutcomeUnknown))?,
            refresh: answer.refresh_token.clone(),
            expires_at: self.clock.now().checked_add(lifetime).unwrap_or(Timestamp::MAX),
            scopes: answer.scope.split(',').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        })
    }
}

#[async_trait]
impl OAuthProvider for BitrixConsent {
    /// The address to return to is the app's own, and Bitrix24 knows no PKCE.
    fn authorize_url(&self, request: &AuthorizeRequest) -> String {
        let query = [("client_id", self.app.client_id.as_str()), ("state", request.state.expose_secret())];
        let address = self.app.authorize_address();
        Url::parse_with_params(&address, query).map_or(address, String::from)
    }

    /// Rights are chosen in the app's card; an answer's `scope` may be just `app`.
    fn needed_scopes(&self) -> &[&'static str] {
        &[]
    }

    async fn exchange(&self, code: SecretString, _: SecretString, _: &str) -> Result<Grant, OAuthError> {
        self.ask(&[("grant_type", "authorization_code"), ("code", code.expose_secret())]).await
    }

    async fn refresh(&self, refresh: SecretString) -> Result<Grant, OAuthError> {
        let grant = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
        self.ask(&grant).await.map_err(PortError::without_effect)
    }

    /// Bitrix24 ends a grant only when its people remove the app.
    async fn revoke(&self, _: SecretString) -> Result<(), OAuthError> {
        Ok(())
    }

    async fn account(&self, access: SecretString) -> Result<Account, OAuthError> {
        let url = format!("{}user.current", self.portal.base.expose_secret());
        let request = self.http.request(Method::POST, &url).json(&json!({ "auth": access.expose_secret() }));
        let unavailable = |retry| failed(OAuthErrorKind::Unavailable, retry);
        let reply = self.http.send(request).await.map_err(|cause| unavailable(Retry::After(None)).caused_by(cause))?;
        let answer: Value =
            reply.json().map_err(|cause| unavailable(Retry::After(reply.retry_after())).caused_by(cause))?;
        match id(&answer["result"]["ID"]) {
            Some(user) => Ok(Account {
                id: format!("{}/{user}", self.portal.name),
                email: answer["result"]["EMAIL"].as_str().unwrap_or_default().to_owned(),
            }),
            None if matches!(reply.status, 401 | 403) => Err(failed(OAuthErrorKind::InvalidGrant, Retry::Never)),
            None => Err(unavailable(Retry::After(reply.retry_after()))),
        }
    }
}

/// What the server says, whatever its status ([codes](https://apidocs.bitrix24.com/settings/oauth/error-codes.html)).
fn read(reply: &Reply) -> Result<Answer, OAuthError> {
    let busy = matches!(reply.status, 429 | 503);
    let retry = if busy { Retry::After(reply.retry_after()) } else { Retry::OutcomeUnknown };
    let answer: Answer = reply.json().map_err(|cause| failed(OAuthErrorKind::Unavailable, retry).caused_by(cause))?;
    match answer.error.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("invalid_grant" | "bad_verification_code") => Err(failed(OAuthErrorKind::InvalidGrant, Retry::Never)),
        Some("internal_server_error" | "server_error" | "temporarily_unavailable" | "query_limit_exceeded") => {
            Err(failed(OAuthErrorKind::Unavailable, Retry::After(reply.retry_after())))
        }
        // `wrong_client`, `not_installed`, `payment_required` and the like: of our app, not of the grant.
        Some(code) => Err(failed(OAuthErrorKind::Misconfigured, Retry::Never).detail(code)),
        None if reply.status < 300 => Ok(answer),
        None => Err(failed(OAuthErrorKind::Unavailable, retry)),
    }
}

fn failed(kind: OAuthErrorKind, retry: Retry) -> OAuthError {
    PortError::new(ADAPTER, kind, retry)
}
