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
use crate::config::{AppConfig, BitrixConfig, Portal, site};
use crate::error::{ADAPTER, error};
use crate::renamed::is_same_portal;
use crate::wire::id;

type OAuthError = PortError<OAuthErrorKind>;

/// So long a server has for its answer: two are asked in turn within the time that one caller may take to refresh.
const ANSWER: Duration = Duration::from_secs(15);

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
pub(crate) struct BitrixConsent {
    app: Arc<AppConfig>,
    /// Where tokens may be given.
    servers: Vec<String>,
    company: CompanyId,
    portal: Portal,
    integrations: Arc<dyn IntegrationStore>,
    http: HttpClient,
    clock: Arc<dyn Clock>,
}

impl Bitrix24 {
    pub(crate) async fn consent_of(&self, company: &CompanyId) -> Result<BitrixConsent, CrmError> {
        let portal = self.portal_of(company).await?;
        let app = portal.app.clone().ok_or_else(|| error(CrmErrorKind::NotConnected, Retry::Never))?;
        Ok(BitrixConsent::of(app, (company, &portal), self))
    }
}

impl BitrixConsent {
    pub(crate) fn of(app: Arc<AppConfig>, (company, portal): (&CompanyId, &Portal), bitrix: &Bitrix24) -> Self {
        Self {
            servers: app.token_addresses(),
            app,
            company: company.clone(),
            portal: portal.clone(),
            integrations: bitrix.integrations.clone(),
            http: bitrix.http.clone(),
            clock: bitrix.clock.clone(),
        }
    }

    /// Asks for tokens, at one server after the other until one knows the app.
    async fn ask(&self, grant: &[(&str, &str)]) -> Result<Grant, OAuthError> {
        let mut answer = Err(failed(OAuthErrorKind::Misconfigured, Retry::Never));
        for address in &self.servers {
            answer = self.ask_at(address, grant).await;
            if !answer.as_ref().is_err_and(is_unknown_app) {
                break;
            }
        }
        let answer = answer?;
        let grant = self.grant(&answer)?;
        self.learn(answer).await?;
        Ok(grant)
    }

    /// The secret goes into the body, where no log of addresses has it.
    async fn ask_at(&self, address: &str, grant: &[(&str, &str)]) -> Result<Answer, OAuthError> {
        let client =
            [("client_id", self.app.client_id.as_str()), ("client_secret", self.app.client_secret.expose_secret())];
        let form: Vec<(&str, &str)> = grant.iter().copied().chain(client).collect();
        let request = self.http.request(Method::POST, address).form(&form).timeout(ANSWER);
        let reply = self.http.send(request).await.map_err(|cause| {
            let retry = if cause.failure == Failure::NotSent { Retry::After(None) } else { Retry::OutcomeUnknown };
            failed(OAuthErrorKind::Unavailable, retry).caused_by(cause)
        })?;
        read(&reply)
    }

    /// Whether the tokens are of the portal that the app was connected to. Its own id is not known before the
    /// first ones; until then its address says it.
    async fn is_ours(&self, answer: &Answer) -> bool {
        match (&self.app.member_id, &answer.client_endpoint) {
            (Some(member), _) => answer.member_id.as_ref() == Some(member),
            (None, Some(endpoint)) => is_same_portal(&self.http, self.portal.site(), site(endpoint)).await,
            (None, None) => true,
        }
    }

    /// Keeps what the answer says of the portal: its address, its server, its own id.
    async fn learn(&self, answer: Answer) -> Result<(), OAuthError> {
        if !self.is_ours(&answer).await {
            return Err(failed(OAuthErrorKind::Misconfigured, Retry::Never).detail("the tokens are of another portal"));
        }
        let known = AppConfig::clone(&self.app);
        let app = AppConfig {
            client_endpoint: answer.client_endpoint.unwrap_or(known.client_endpoint),
            server_endpoint: answer.server_endpoint.or(known.server_endpoint),
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

/// Another region's server may know it.
fn is_unknown_app(error: &OAuthError) -> bool {
    matches!(error.detail.as_deref(), Some("wrong_client" | "invalid_client"))
}

fn failed(kind: OAuthErrorKind, retry: Retry) -> OAuthError {
    PortError::new(ADAPTER, kind, retry)
}

#[cfg(test)]
mod tests {
    use kopru_http_client::{HttpOptions, PrivateAddresses};
    use kopru_ports_testkit::{ManualClock, MemoryIntegrations};
    use rstest::rstest;
    use wiremock::matchers::path;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    async fn server(answer: Value) -> MockServer {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200).set_body_json(answer);
        Mock::given(path("/oauth/token/")).respond_with(answer).mount(&server).await;
        server
    }

    fn consent(servers: [&MockServer; 2]) -> BitrixConsent {
        let settings = json!({ "client_id": "app.1", "client_secret": "s3cret", "member_id": "m",
            "client_endpoint": "https://acme.bitrix24.com/rest/" });
        let config: BitrixConfig = serde_json::from_value(settings).unwrap();
        let portal = config.portal().unwrap();
        let second = Duration::from_secs(10);
        let private_addresses = PrivateAddresses::Allow;
        let options = HttpOptions { timeout: second, connect_timeout: second, private_addresses };
        BitrixConsent {
            app: portal.app.clone().unwrap(),
            servers: servers.map(|server| format!("{}/oauth/token/", server.uri())).to_vec(),
            company: "acme".parse().unwrap(),
            portal,
            integrations: Arc::new(MemoryIntegrations::default()),
            http: HttpClient::new(&options).unwrap(),
            clock: Arc::new(ManualClock::default()),
        }
    }

    /// A code is used up by the first server that knows the app, so no other is asked after that one.
    #[rstest]
    #[case::of_the_east(json!({ "error": "WRONG_CLIENT" }), true, 1)]
    #[case::of_the_west(json!({ "access_token": "a", "member_id": "m" }), true, 0)]
    #[case::used_up(json!({ "error": "invalid_grant" }), false, 0)]
    #[tokio::test]
    async fn the_server_that_knows_the_app_gives_the_tokens(
        #[case] west: Value,
        #[case] granted: bool,
        #[case] asked_in_the_east: usize,
    ) {
        let (west, east) = (server(west).await, server(json!({ "access_token": "a", "member_id": "m" })).await);
        let grant = consent([&west, &east]).exchange("code".into(), "".into(), "").await;
        assert_eq!(grant.is_ok(), granted);
        assert_eq!(east.received_requests().await.unwrap().len(), asked_in_the_east);
    }
}
