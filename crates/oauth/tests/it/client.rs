use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_oauth::{Endpoints, OAuthClient};
use kopru_ports::oauth::{AuthorizeRequest, Grant, OAuthErrorKind};
use kopru_ports::{Clock, PortError, Retry};
use kopru_ports_testkit::ManualClock;
use rstest::rstest;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;
use wiremock::matchers::{body_string_contains, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use OAuthErrorKind::{InvalidGrant, Misconfigured, Protocol, Unavailable};
use Retry::{After, Never, OutcomeUnknown};

/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT: &str = "https://kopru.example/callback";

type Error = PortError<OAuthErrorKind>;

fn client(base: &str) -> OAuthClient {
    let timeout = Duration::from_millis(300);
    let options = HttpOptions { timeout, connect_timeout: timeout, private_addresses: PrivateAddresses::Allow };
    let endpoints = Endpoints {
        adapter: "vendor",
        authorize: format!("{base}/authorize"),
        token: format!("{base}/token"),
        revoke: format!("{base}/revoke"),
        client_id: "our-client".into(),
        client_secret: "s3cret".into(),
    };
    OAuthClient::new(endpoints, HttpClient::new(&options).unwrap(), Arc::new(ManualClock::default())).unwrap()
}

async fn vendor(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    server
}

fn refusal(status: u16, code: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({ "error": code, "error_description": "Bad Request" }))
}

fn page(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw("<html>", "text/html")
}

async fn exchange(base: &str) -> Result<Grant, Error> {
    client(base).exchange("4/code".into(), VERIFIER.into(), REDIRECT).await
}

async fn refresh(base: &str) -> Result<Grant, Error> {
    client(base).refresh("old".into()).await
}

/// What the last request's form says.
async fn form(server: &MockServer) -> HashMap<String, String> {
    let requests = server.received_requests().await.unwrap();
    let body = String::from_utf8(requests.last().unwrap().body.clone()).unwrap();
    Url::parse(&format!("http://x/?{body}")).unwrap().query_pairs().into_owned().collect()
}

#[test]
fn the_consent_pages_address_carries_the_challenge_and_the_vendors_own_parameters() {
    let request =
        AuthorizeRequest { state: "a state".into(), verifier: VERIFIER.into(), redirect_uri: REDIRECT.into() };
    let url = client("https://vendor.example").authorize_url(&request, &["one", "two"], &[("prompt", "consent")]);
    let url = Url::parse(&url).unwrap();
    assert_eq!((url.host_str(), url.path()), (Some("vendor.example"), "/authorize"));
    let found: HashMap<String, String> = url.query_pairs().into_owned().collect();
    let expected = [
        ("response_type", "code"),
        ("client_id", "our-client"),
        ("redirect_uri", REDIRECT),
        ("scope", "one two"),
        ("state", "a state"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("prompt", "consent"),
    ];
    assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[tokio::test]
async fn a_code_is_exchanged_with_its_verifier() {
    let tokens = json!({ "access_token": "new", "token_type": "Bearer", "expires_in": 3599, "scope": "one two",
        "refresh_token": "kept" });
    let server = vendor(ResponseTemplate::new(200).set_body_json(tokens)).await;
    let grant = exchange(&server.uri()).await.unwrap();

    assert_eq!(grant.access.expose_secret(), "new");
    assert_eq!(grant.refresh.unwrap().expose_secret(), "kept");
    assert_eq!(grant.scopes, ["one", "two"]);
    assert_eq!(grant.expires_at, ManualClock::default().now() + Duration::from_secs(3599));
    let form = form(&server).await;
    let said = |name: &str| form.get(name).map(String::as_str);
    assert_eq!((said("grant_type"), said("code")), (Some("authorization_code"), Some("4/code")));
    assert_eq!((said("code_verifier"), said("redirect_uri")), (Some(VERIFIER), Some(REDIRECT)));
}

#[tokio::test]
async fn what_a_refresh_leaves_out_is_left_to_the_caller() {
    let tokens = json!({ "access_token": "new", "token_type": "Bearer", "expires_in": u64::MAX });
    let server = vendor(ResponseTemplate::new(200).set_body_json(tokens)).await;
    let grant = refresh(&server.uri()).await.unwrap();
    assert!(grant.refresh.is_none() && grant.scopes.is_empty());
    let form = form(&server).await;
    assert_eq!(form.get("grant_type").map(String::as_str), Some("refresh_token"));
    assert_eq!(form.get("refresh_token").map(String::as_str), Some("old"));
}

/// Kind, whether an exchange may be repeated, whether a refresh may.
#[rstest]
#[case::revoked(refusal(400, "invalid_grant"), InvalidGrant, Never, Never)]
#[case::client(refusal(401, "invalid_client"), Misconfigured, Never, Never)]
#[case::unauthorized(refusal(400, "unauthorized_client"), Misconfigured, Never, Never)]
#[case::deleted(refusal(401, "deleted_client"), Misconfigured, Never, Never)]
#[case::redirect(refusal(400, "redirect_uri_mismatch"), Misconfigured, Never, Never)]
#[case::limited(refusal(429, "rate_limited").insert_header("retry-after", "7"), Unavailable,
    After(Some(Duration::from_secs(7))), After(Some(Duration::from_secs(7))))]
#[case::closed(ResponseTemplate::new(503), Unavailable, After(None), After(None))]
#[case::failed(refusal(500, "internal_failure"), Unavailable, OutcomeUnknown, After(None))]
#[case::gateway(page(502), Unavailable, OutcomeUnknown, After(None))]
#[case::page(page(200), Protocol, OutcomeUnknown, After(None))]
#[case::other(ResponseTemplate::new(200).set_body_json(json!({ "ok": true })), Protocol, OutcomeUnknown, After(None))]
#[case::silent(ResponseTemplate::new(200).set_delay(Duration::from_secs(5)), Unavailable, OutcomeUnknown, After(None))]
#[tokio::test]
async fn failures_are_told_by_meaning(
    #[case] answer: ResponseTemplate,
    #[case] kind: OAuthErrorKind,
    #[case] of_exchange: Retry,
    #[case] of_refresh: Retry,
) {
    let server = vendor(answer).await;
    let error = exchange(&server.uri()).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (kind, of_exchange));
    let error = refresh(&server.uri()).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (kind, of_refresh));
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("old") && !shown.contains("s3cret"), "a secret in an error: {shown}");
}

#[tokio::test]
async fn without_a_connection_a_code_may_be_exchanged_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = exchange(&base).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Unavailable, After(None)));
}

#[rstest]
#[case::ended(200, json!({}), Ok(()))]
#[case::ended_before(400, json!({ "error": "invalid_token" }), Ok(()))]
#[case::wrong(400, json!({ "error": "invalid_request" }), Err((Misconfigured, Never)))]
#[case::limited(429, json!({}), Err((Unavailable, After(None))))]
#[case::failed(503, json!({}), Err((Unavailable, After(None))))]
#[tokio::test]
async fn a_grant_is_ended(
    #[case] status: u16,
    #[case] body: Value,
    #[case] expected: Result<(), (OAuthErrorKind, Retry)>,
) {
    let server = MockServer::start().await;
    Mock::given(path("/revoke"))
        .and(body_string_contains("token=a%2Ftoken"))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .expect(1)
        .mount(&server)
        .await;
    let answer = client(&server.uri()).revoke("a/token".into()).await;
    assert_eq!(answer.map_err(|error| (error.kind, error.retry)), expected);
}
