//! The consent, over the simulated Microsoft.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use kopru_adapters_microsoft::{MicrosoftConfig, MicrosoftConsent};
use kopru_http_client::Method;
use kopru_ports::Clock;
use kopru_ports::oauth::{AuthorizeRequest, OAuthErrorKind, OAuthProvider};
use kopru_ports_testkit::suites::oauth_provider::OAuthWorld;
use kopru_ports_testkit::suites::trouble::Trouble;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use url::Url;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::sandbox::{REDIRECT, Simulated};
use crate::world::{Surroundings, http, nobody};

/// An answer that does not come is waited for so long.
const PATIENCE: Duration = Duration::from_secs(5);

/// The consent of a person who has not agreed to anything yet.
struct Consent {
    simulated: Simulated,
    provider: MicrosoftConsent,
    away: MicrosoftConsent,
    is_away: AtomicBool,
}

async fn consent() -> Consent {
    let simulated = Simulated::start().await;
    let (provider, away) = (simulated.consent("sandbox-secret", PATIENCE), at(&nobody()));
    Consent { simulated, provider, away, is_away: AtomicBool::new(false) }
}

fn at(base: &str) -> MicrosoftConsent {
    let config = MicrosoftConfig::at("client".into(), "s3cret~1".into(), base);
    MicrosoftConsent::new(config, http(PATIENCE), Surroundings::new().clock).unwrap()
}

#[async_trait]
impl OAuthWorld for Consent {
    fn provider(&self) -> &dyn OAuthProvider {
        if self.is_away.load(Ordering::Relaxed) { &self.away } else { &self.provider }
    }

    fn clock(&self) -> &dyn Clock {
        &*self.simulated.around.clock
    }

    fn redirect_uri(&self) -> String {
        REDIRECT.to_owned()
    }

    async fn misconfigured(&self) -> Box<dyn OAuthProvider> {
        Box::new(self.simulated.consent("wrong", PATIENCE))
    }

    async fn agree(&self, address: &str) -> (SecretString, String) {
        self.simulated.agree_at(address).await
    }

    async fn expire(&self) {
        self.simulated.control(Method::POST, "microsoft/expire", json!({})).await;
    }

    async fn withdraw(&self) {
        self.simulated.control(Method::POST, "microsoft/refuse", json!({ "error": "invalid_grant" })).await;
    }

    async fn next(&self, trouble: Trouble) {
        self.simulated.control(Method::POST, "faults", fault(trouble)).await;
    }

    async fn cut_off(&self) {
        self.is_away.store(true, Ordering::Relaxed);
    }
}

/// As the sandbox arms it.
fn fault(trouble: Trouble) -> Value {
    match trouble {
        Trouble::Busy => json!({ "vendor": "microsoft", "kind": "error", "code": "temporarily_unavailable" }),
        Trouble::LostBefore => json!({ "vendor": "microsoft", "kind": "reset_before" }),
        Trouble::LostAfter => json!({ "vendor": "microsoft", "kind": "reset_after" }),
        Trouble::Silence => json!({ "vendor": "microsoft", "kind": "hang_after" }),
    }
}

kopru_ports_testkit::oauth_provider_suite!(consent(); skip: [
    a_revoked_grant_gives_no_more_tokens = "Microsoft has nothing that ends one application's grant",
]);

#[test]
fn the_consent_asks_for_what_is_needed_and_for_the_account() {
    let request = AuthorizeRequest { state: "st4te".into(), verifier: "v".into(), redirect_uri: REDIRECT.to_owned() };
    let url = Url::parse(&at("https://login.example/").authorize_url(&request)).unwrap();
    assert_eq!(url.path(), "/common/oauth2/v2.0/authorize");
    let asked: HashMap<String, String> = url.query_pairs().into_owned().collect();
    let graph = "https://graph.microsoft.com";
    let scopes = format!("offline_access {graph}/Mail.ReadWrite {graph}/Mail.Send {graph}/User.Read");
    let expected = [
        ("client_id", "client"),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", scopes.as_str()),
        ("state", "st4te"),
        ("code_challenge", "TJRIXgwhrmxBzh3-e2v6zupato5AokdvUCCOUm9QYIA"),
        ("code_challenge_method", "S256"),
        ("prompt", "select_account"),
    ];
    assert_eq!(asked, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

/// The secret as it is in the form, and nowhere else.
#[tokio::test]
async fn a_refresh_shows_our_client_and_gives_scopes_their_whole_names() {
    let server = MockServer::start().await;
    let answer = json!({ "token_type": "Bearer", "scope": "Mail.ReadWrite mail.send User.Read profile",
        "expires_in": 3599, "access_token": "EwB", "refresh_token": "M.R3_2" });
    let tokens = Mock::given(method("POST")).and(path("/common/oauth2/v2.0/token"));
    tokens.respond_with(ResponseTemplate::new(200).set_body_json(answer)).mount(&server).await;
    let consent = at(&server.uri());
    let grant = consent.refresh("M.R3_1".into()).await.unwrap();
    assert_eq!(grant.refresh.map(|token| token.expose_secret().to_owned()).as_deref(), Some("M.R3_2"));
    assert_eq!(grant.scopes[..3], *consent.needed_scopes());
    assert_eq!(grant.scopes[3], "profile");
    let asked = server.received_requests().await.unwrap().remove(0);
    let form: HashMap<String, String> = url::form_urlencoded::parse(&asked.body).into_owned().collect();
    let expected = [
        ("grant_type", "refresh_token"),
        ("refresh_token", "M.R3_1"),
        ("client_id", "client"),
        ("client_secret", "s3cret~1"),
    ];
    assert_eq!(form, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    assert!(asked.headers.get("authorization").is_none() && asked.url.query().is_none());
}

#[tokio::test]
async fn a_refusal_tells_its_code_and_no_secret() {
    let server = MockServer::start().await;
    let body = json!({ "error": "invalid_client", "error_description": "AADSTS7000215: s3cret~1 is not valid" });
    let answer = ResponseTemplate::new(401).set_body_json(body);
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    let error = at(&server.uri()).refresh("M.R3_1".into()).await.unwrap_err();
    assert_eq!((error.kind, error.detail.as_deref()), (OAuthErrorKind::Misconfigured, Some("invalid_client")));
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
}

/// Personal accounts may have no `mail`.
#[tokio::test]
async fn an_account_without_an_address_is_named_by_its_sign_in() {
    let server = MockServer::start().await;
    let me = json!({ "id": "48d31887", "mail": null, "userPrincipalName": "ayse@outlook.com" });
    let asked = Mock::given(method("GET")).and(path("/v1.0/me"));
    asked.respond_with(ResponseTemplate::new(200).set_body_json(me)).mount(&server).await;
    let account = at(&server.uri()).account("EwB".into()).await.unwrap();
    assert_eq!((account.id.as_str(), account.email.as_str()), ("48d31887", "ayse@outlook.com"));
}
