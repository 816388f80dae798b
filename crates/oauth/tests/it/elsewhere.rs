//! Client and sessions against a server that was not written here, npm's `oidc-provider`: `scripts/test-oauth`. It asks
//! for PKCE, replaces refresh tokens, and ends all of a grant whose old one is shown again.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Once};
use std::time::Duration;

use async_trait::async_trait;
use kopru_http_client::{HttpClient, HttpOptions, Method, PrivateAddresses};
use kopru_oauth::{Endpoints, OAuthClient};
use kopru_ports::oauth::{Account, AuthorizeRequest, Grant, OAuthErrorKind, OAuthProvider};
use kopru_ports::tokens::{AccessTokens as _, ConnectionStatus, TokenErrorKind, TokenStore as _};
use kopru_ports::{Clock, PortError, Retry};
use kopru_ports_testkit::FastClock;
use kopru_ports_testkit::suites::oauth_provider::OAuthWorld;
use kopru_ports_testkit::suites::trouble::Trouble;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;
use uuid::Uuid;

use crate::contracts::{Connected, connected};
use crate::fakes::key;

const REDIRECT: &str = "http://127.0.0.1:9/callback";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const SKIPPED: &[u8] = b"\nSKIPPED: no OAuth server, since KOPRU_TEST_OAUTH_URL is not set; use scripts/test-oauth\n";

type Error = PortError<OAuthErrorKind>;

/// The server, and a person of its own for each test.
#[derive(Clone)]
struct Elsewhere {
    base: String,
    person: String,
    http: HttpClient,
    clock: Arc<FastClock>,
    client: Arc<OAuthClient>,
}

fn server() -> Option<String> {
    static TOLD: Once = Once::new();
    let url = std::env::var_os("KOPRU_TEST_OAUTH_URL").and_then(|url| url.into_string().ok());
    if url.is_none() {
        // Past the test harness, which shows nothing of tests that pass.
        TOLD.call_once(|| std::io::stderr().write_all(SKIPPED).unwrap());
    }
    url
}

fn elsewhere() -> Option<Elsewhere> {
    let base = server()?;
    let second = Duration::from_secs(10);
    let options = HttpOptions { timeout: second, connect_timeout: second, private_addresses: PrivateAddresses::Allow };
    let (http, clock) = (HttpClient::new(&options).unwrap(), Arc::new(FastClock::new(1)));
    let client = client(&base, "s3cret/+%", &http, &clock);
    Some(Elsewhere { base, person: Uuid::now_v7().to_string(), http, clock, client })
}

/// With signs in its id and its secret that are written otherwise in a header (RFC 6749, 2.3.1).
fn client(base: &str, secret: &str, http: &HttpClient, clock: &Arc<FastClock>) -> Arc<OAuthClient> {
    let endpoints = Endpoints {
        adapter: "elsewhere",
        authorize: format!("{base}/auth"),
        token: format!("{base}/token"),
        revoke: format!("{base}/token/revocation"),
        client_id: "our client".into(),
        client_secret: secret.into(),
    };
    Arc::new(OAuthClient::new(endpoints, http.clone(), clock.clone()).unwrap())
}

impl Elsewhere {
    /// The person's browser, until it is sent back to us; with what.
    async fn browse(&self, page: &str) -> BTreeMap<String, String> {
        let mut at = Url::parse(page).unwrap();
        at.query_pairs_mut().append_pair("login_hint", &self.person);
        let mut cookies = BTreeMap::new();
        while !at.as_str().starts_with(REDIRECT) {
            let shown: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let request = self.http.request(Method::GET, at.as_str()).header("cookie", shown.join("; "));
            let reply = self.http.send(request).await.unwrap();
            for cookie in reply.headers.get_all("set-cookie") {
                let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
                cookies.insert(name.to_owned(), value.to_owned());
            }
            at = at.join(reply.location().expect("a browser is sent on")).unwrap();
        }
        at.query_pairs().into_owned().collect()
    }

    async fn control(&self, what: &str) {
        let url = format!("{}/_control/{what}?person={}", self.base, self.person);
        assert_eq!(self.http.send(self.http.request(Method::POST, &url)).await.unwrap().status, 200);
    }
}

#[async_trait]
impl OAuthProvider for Elsewhere {
    fn authorize_url(&self, request: &AuthorizeRequest) -> String {
        self.client.authorize_url(request, &["openid", "offline_access", "email", "files"], &[("prompt", "consent")])
    }

    fn needed_scopes(&self) -> &[&'static str] {
        &["files"]
    }

    async fn exchange(&self, code: SecretString, verifier: SecretString, redirect_uri: &str) -> Result<Grant, Error> {
        self.client.exchange(code, verifier, redirect_uri).await
    }

    async fn refresh(&self, refresh: SecretString) -> Result<Grant, Error> {
        self.client.refresh(refresh).await
    }

    async fn revoke(&self, token: SecretString) -> Result<(), Error> {
        self.client.revoke(token).await
    }

    async fn account(&self, access: SecretString) -> Result<Account, Error> {
        let request = self.http.request(Method::GET, &format!("{}/me", self.base)).bearer_auth(access.expose_secret());
        let reply = self.http.send(request).await.unwrap();
        let told: Value = reply.json().unwrap();
        let text = |claim: &str| told[claim].as_str().map(str::to_owned);
        let account = text("sub").zip(text("email")).map(|(id, email)| Account { id, email });
        account.ok_or_else(|| PortError::new("elsewhere", OAuthErrorKind::InvalidGrant, Retry::Never))
    }
}

#[async_trait]
impl OAuthWorld for Elsewhere {
    fn provider(&self) -> &dyn OAuthProvider {
        self
    }

    fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    fn redirect_uri(&self) -> String {
        REDIRECT.to_owned()
    }

    async fn misconfigured(&self) -> Box<dyn OAuthProvider> {
        let client = client(&self.base, "wrong", &self.http, &self.clock);
        Box::new(Self { client, ..self.clone() })
    }

    async fn agree(&self, address: &str) -> (SecretString, String) {
        let told = self.browse(address).await;
        (told["code"].as_str().into(), told["state"].clone())
    }

    async fn expire(&self) {
        self.control("expire").await;
    }

    async fn withdraw(&self) {
        self.control("withdraw").await;
    }

    async fn next(&self, _: Trouble) {
        unreachable!("this server serves everybody well");
    }

    async fn cut_off(&self) {
        unreachable!("this server is everybody's");
    }
}

kopru_ports_testkit::oauth_provider_suite!(served: std::future::ready(elsewhere()); skip: [
    a_lost_exchange_is_unknown = "this server loses no calls",
    a_lost_refresh_ends_no_connection = "this server loses no calls",
    a_vendor_that_asks_for_a_pause_has_done_nothing = "this server asks for none",
    where_nobody_listens_nothing_was_done = "this server serves all tests",
]);

/// A person who agreed a moment ago.
async fn connection() -> Option<Connected<Elsewhere>> {
    let vendor = elsewhere()?;
    let clock = vendor.clock.clone();
    Some(connected((vendor, clock), std::convert::identity).await)
}

kopru_ports_testkit::access_tokens_suite!(served: connection(); skip: [
    a_vendor_that_is_away_ends_no_connection = "this server is never away",
]);

#[tokio::test]
async fn without_a_challenge_there_is_no_code() {
    let Some(vendor) = elsewhere() else { return };
    let request =
        AuthorizeRequest { state: "state".into(), verifier: VERIFIER.into(), redirect_uri: REDIRECT.to_owned() };
    let mut page = Url::parse(&vendor.authorize_url(&request)).unwrap();
    let mut asked: Vec<_> = page.query_pairs().into_owned().collect();
    asked.retain(|(name, _)| !name.starts_with("code_challenge"));
    page.query_pairs_mut().clear().extend_pairs(asked);
    let told = vendor.browse(page.as_str()).await;
    assert_eq!((told["error"].as_str(), told.get("code")), ("invalid_request", None));
}

#[tokio::test]
async fn a_token_that_was_replaced_ends_the_grant_and_asks_for_a_new_connection() {
    let Some(Connected { vendor, store, sessions }) = connection().await else { return };
    let refresh = async || store.load(&key()).await.unwrap().unwrap().refresh.unwrap();
    let renewed = async || {
        let token = sessions.access_token(&key()).await?.secret;
        sessions.refused(&key(), &token).await?;
        sessions.access_token(&key()).await
    };
    let first = refresh().await;
    renewed().await.unwrap();
    assert_ne!(refresh().await.expose_secret(), first.expose_secret(), "kept is the one that works");
    renewed().await.unwrap();
    assert_eq!(vendor.refresh(first).await.unwrap_err().kind, OAuthErrorKind::InvalidGrant);
    assert_eq!(renewed().await.unwrap_err().kind, TokenErrorKind::ReconnectRequired);
    assert_eq!(store.load(&key()).await.unwrap().unwrap().status, ConnectionStatus::ReconnectRequired);
}

#[tokio::test]
async fn a_connection_that_was_revoked_has_to_be_made_again() {
    let Some(Connected { vendor, store, sessions }) = connection().await else { return };
    let stored = store.load(&key()).await.unwrap().unwrap();
    vendor.revoke(stored.refresh.unwrap()).await.unwrap();
    assert_eq!(vendor.account(stored.access.clone()).await.unwrap_err().kind, OAuthErrorKind::InvalidGrant);
    sessions.refused(&key(), &stored.access).await.unwrap();
    assert_eq!(sessions.access_token(&key()).await.unwrap_err().kind, TokenErrorKind::ReconnectRequired);
}
