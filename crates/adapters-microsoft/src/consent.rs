use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use kopru_http_client::{HttpClient, Method};
use kopru_ports::oauth::{Account, AuthorizeRequest, Grant, OAuthErrorKind, OAuthProvider};
use kopru_ports::{Clock, PortError, Retry};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use url::Url;

use crate::config::MicrosoftConfig;
use crate::grant::{OAuthError, failed, lost, read, whole};
use crate::wire::Me;

/// Drafts are made, looked at and sent; whose account it is only `User.Read` tells by the token alone
/// (<https://learn.microsoft.com/en-us/graph/permissions-reference>).
pub(crate) const NEEDED: &[&str] = &[
    "https://graph.microsoft.com/Mail.ReadWrite",
    "https://graph.microsoft.com/Mail.Send",
    "https://graph.microsoft.com/User.Read",
];
/// Gives a refresh token, and is in no answer's list of scopes.
const OFFLINE: &str = "offline_access";

/// The consent to send by a person's Outlook account
/// (<https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow>). Every refresh gives a new
/// refresh token. It is no client of `kopru-oauth`, which shows itself in a header and takes `interaction_required` for
/// its own fault.
pub struct MicrosoftConsent {
    client_id: String,
    client_secret: SecretString,
    authorize: Url,
    token: String,
    me: String,
    http: HttpClient,
    clock: Arc<dyn Clock>,
}

impl MicrosoftConsent {
    /// The consent, by the configured client.
    ///
    /// # Errors
    /// [`OAuthErrorKind::Misconfigured`] when an address is none.
    pub fn new(config: MicrosoftConfig, http: HttpClient, clock: Arc<dyn Clock>) -> Result<Self, OAuthError> {
        let MicrosoftConfig { client_id, client_secret, addresses } = config;
        let authorize = Url::parse(&addresses.oauth("authorize"));
        let authorize =
            authorize.map_err(|cause| failed(OAuthErrorKind::Misconfigured, Retry::Never).caused_by(cause))?;
        let (token, me) = (addresses.oauth("token"), format!("{}/me", addresses.graph));
        Ok(Self { client_id, client_secret, authorize, token, me, http, clock })
    }

    /// Asks for tokens. The client shows itself in the form, as in all of Microsoft's examples.
    async fn ask(&self, grant: &[(&str, &str)]) -> Result<Grant, OAuthError> {
        let client = [("client_id", self.client_id.as_str()), ("client_secret", self.client_secret.expose_secret())];
        let form: Vec<(&str, &str)> = grant.iter().copied().chain(client).collect();
        let reply = self.http.send(self.http.request(Method::POST, &self.token).form(&form)).await.map_err(lost)?;
        let tokens = read(&reply)?;
        let lifetime = Duration::from_secs(tokens.expires_in.unwrap_or(3600));
        Ok(Grant {
            access: tokens.access_token,
            refresh: tokens.refresh_token,
            expires_at: self.clock.now().checked_add(lifetime).unwrap_or(Timestamp::MAX),
            scopes: tokens.scope.split_whitespace().map(whole).collect(),
        })
    }
}

#[async_trait]
impl OAuthProvider for MicrosoftConsent {
    /// Who administers a company is seldom signed in as the account that its e-mails go by.
    fn authorize_url(&self, request: &AuthorizeRequest) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(request.verifier.expose_secret().as_bytes()));
        let scopes = [&[OFFLINE][..], NEEDED].concat().join(" ");
        let mut url = self.authorize.clone();
        url.query_pairs_mut().extend_pairs([
            ("client_id", self.client_id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", request.redirect_uri.as_str()),
            ("scope", scopes.as_str()),
            ("state", request.state.expose_secret()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("prompt", "select_account"),
        ]);
        url.into()
    }

    fn needed_scopes(&self) -> &[&'static str] {
        NEEDED
    }

    async fn exchange(
        &self,
        code: SecretString,
        verifier: SecretString,
        redirect_uri: &str,
    ) -> Result<Grant, OAuthError> {
        let given = [
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("code_verifier", verifier.expose_secret()),
            ("redirect_uri", redirect_uri),
        ];
        self.ask(&given).await
    }

    async fn refresh(&self, refresh: SecretString) -> Result<Grant, OAuthError> {
        let given = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())];
        self.ask(&given).await.map_err(PortError::without_effect)
    }

    /// Microsoft has nothing that ends one application's grant (RFC 7009): people end it at
    /// <https://myapplications.microsoft.com> or <https://account.live.com/consent/Manage>. What could be called signs the
    /// person out of everything.
    async fn revoke(&self, _: SecretString) -> Result<(), OAuthError> {
        Ok(())
    }

    async fn account(&self, access: SecretString) -> Result<Account, OAuthError> {
        let request = self.http.request(Method::GET, &self.me).query(&[("$select", "id,mail,userPrincipalName")]);
        let reply = self.http.send(request.bearer_auth(access.expose_secret())).await.map_err(lost);
        let reply = reply.map_err(PortError::without_effect)?;
        match reply.status {
            200 => {
                let me: Me = reply.json().map_err(lost).map_err(PortError::without_effect)?;
                Ok(Account { id: me.id, email: me.mail.unwrap_or(me.user_principal_name) })
            }
            401 | 403 => Err(failed(OAuthErrorKind::InvalidGrant, Retry::Never)),
            _ => Err(failed(OAuthErrorKind::Unavailable, Retry::After(reply.retry_after()))),
        }
    }
}
