//! Tokens of a host with a shared secret, and of one that publishes its keys.

#![cfg(test)]

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kopru_host_tokens::{HostJwts, KeyError, Keys, Terms};
use kopru_http_client::{HttpClient, HttpOptions, PrivateAddresses};
use kopru_ports::host::{HostErrorKind, HostTokens};
use kopru_ports_testkit::suites::host_tokens::{AUDIENCE, HostWorld};
use secrecy::SecretString;
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

struct Host {
    tokens: HostJwts,
    key: EncodingKey,
    header: Header,
    /// Kept so that it goes on serving.
    _server: Option<MockServer>,
}

impl HostWorld for Host {
    fn tokens(&self) -> &dyn HostTokens {
        &self.tokens
    }

    fn sign(&self, claims: &Value) -> SecretString {
        let present: serde_json::Map<_, _> =
            claims.as_object().unwrap().clone().into_iter().filter(|(_, value)| !value.is_null()).collect();
        encode(&self.header, &present, &self.key).unwrap().into()
    }
}

fn terms() -> Terms {
    Terms { audience: AUDIENCE.into(), issuer: None, user_claim: "sub".into(), company_claim: "company".into() }
}

fn shared() -> Host {
    let tokens = HostJwts::new(Keys::shared(&SECRET.into()).unwrap(), terms());
    Host { tokens, key: EncodingKey::from_secret(SECRET.as_bytes()), header: Header::default(), _server: None }
}

/// A new key and how it is published, under this id.
fn published_key(id: &str) -> (EncodingKey, Jwk) {
    let pair = rcgen::KeyPair::generate().unwrap();
    let key = EncodingKey::from_ec_der(pair.serialized_der());
    let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).unwrap();
    jwk.common.key_id = Some(id.to_owned());
    (key, jwk)
}

fn header(id: &str) -> Header {
    Header { kid: Some(id.to_owned()), ..Header::new(Algorithm::ES256) }
}

fn of_published(server: &MockServer) -> HostJwts {
    let second = Duration::from_secs(5);
    let options = HttpOptions { timeout: second, connect_timeout: second, private_addresses: PrivateAddresses::Allow };
    let keys = Keys::published(HttpClient::new(&options).unwrap(), format!("{}/jwks.json", server.uri()));
    HostJwts::new(keys, terms())
}

async fn publish(server: &MockServer, keys: Vec<Jwk>) {
    server.reset().await;
    let set = ResponseTemplate::new(200).set_body_json(JwkSet { keys });
    Mock::given(path("/jwks.json")).respond_with(set).mount(server).await;
}

async fn published() -> Host {
    let server = MockServer::start().await;
    let (key, jwk) = published_key("one");
    publish(&server, vec![jwk]).await;
    Host { tokens: of_published(&server), key, header: header("one"), _server: Some(server) }
}

mod with_a_shared_secret {
    use super::shared;
    kopru_ports_testkit::host_tokens_suite!(async { shared() });
}

mod with_published_keys {
    use super::published;
    kopru_ports_testkit::host_tokens_suite!(published());
}

fn claims() -> Value {
    json!({ "sub": "ayse", "company": "acme", "aud": AUDIENCE, "exp": 32_503_680_000_u64 })
}

async fn kind(host: &Host) -> Result<(), HostErrorKind> {
    host.tokens.verify(&host.sign(&claims())).await.map(drop).map_err(|error| error.kind)
}

#[tokio::test]
async fn a_published_key_is_no_shared_secret() {
    let server = MockServer::start().await;
    let (key, jwk) = published_key("one");
    let public = serde_json::to_vec(&jwk).unwrap();
    let secret: Jwk =
        serde_json::from_value(json!({ "kty": "oct", "kid": "two", "alg": "HS256", "k": "c2VjcmV0" })).unwrap();
    publish(&server, vec![jwk, secret]).await;
    let good = Host { tokens: of_published(&server), key, header: header("one"), _server: None };
    assert_eq!(kind(&good).await, Ok(()));
    for (id, key) in [("one", public), ("two", b"secret".to_vec())] {
        let header = Header { kid: Some(id.to_owned()), ..Header::new(Algorithm::HS256) };
        let forged =
            Host { key: EncodingKey::from_secret(&key), header, ..Host { tokens: of_published(&server), ..shared() } };
        assert_eq!(kind(&forged).await, Err(HostErrorKind::Refused), "{id}");
    }
}

#[tokio::test]
async fn a_new_key_is_looked_up_but_not_for_every_token() {
    tokio::time::pause();
    let server = MockServer::start().await;
    let (old, old_jwk) = published_key("old");
    let (new, new_jwk) = published_key("new");
    publish(&server, vec![old_jwk]).await;
    let mut host = Host { tokens: of_published(&server), key: old, header: header("old"), _server: None };
    tokio::time::resume();
    assert_eq!(kind(&host).await, Ok(()));
    publish(&server, vec![new_jwk]).await;
    (host.key, host.header) = (new, header("new"));
    for _ in 0..3 {
        assert_eq!(kind(&host).await, Err(HostErrorKind::Refused), "just looked up");
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 0);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(31)).await;
    tokio::time::resume();
    assert_eq!(kind(&host).await, Ok(()));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn keys_that_cannot_be_had_are_no_fault_of_the_token() {
    for answer in [ResponseTemplate::new(503), ResponseTemplate::new(200).set_body_string("<html>")] {
        let server = MockServer::start().await;
        let (key, jwk) = published_key("one");
        let host = Host { tokens: of_published(&server), key, header: header("one"), _server: None };
        Mock::given(path("/jwks.json")).respond_with(answer).mount(&server).await;
        for _ in 0..3 {
            assert_eq!(kind(&host).await, Err(HostErrorKind::Unavailable));
        }
        assert_eq!(asked(&server).await, 1, "it is left alone for a while");
        publish(&server, vec![jwk]).await;
        pass(Duration::from_secs(6)).await;
        assert_eq!(kind(&host).await, Ok(()));
    }
}

async fn asked(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_known_key_is_good_for_a_day_while_the_host_does_not_answer() {
    let server = MockServer::start().await;
    let (key, jwk) = published_key("one");
    publish(&server, vec![jwk]).await;
    let host = Host { tokens: of_published(&server), key, header: header("one"), _server: None };
    assert_eq!(kind(&host).await, Ok(()));
    server.reset().await;
    pass(Duration::from_mins(11)).await;
    for _ in 0..3 {
        assert_eq!(kind(&host).await, Ok(()));
    }
    assert_eq!(asked(&server).await, 1, "looked up again, and then left alone for a while");
    pass(Duration::from_hours(24)).await;
    assert_eq!(kind(&host).await, Err(HostErrorKind::Unavailable));
    publish(&server, Vec::new()).await;
    pass(Duration::from_secs(6)).await;
    assert_eq!(kind(&host).await, Err(HostErrorKind::Refused), "withdrawn");
}

#[tokio::test]
async fn tokens_with_made_up_keys_hold_nobody_up_and_are_looked_up_once() {
    let server = MockServer::start().await;
    let (key, jwk) = published_key("one");
    publish(&server, vec![jwk]).await;
    let host = Host { tokens: of_published(&server), key, header: header("one"), _server: None };
    assert_eq!(kind(&host).await, Ok(()));
    let host = Arc::new(host);
    for age in [Duration::from_secs(31), Duration::from_mins(11)] {
        server.reset().await;
        let slow = ResponseTemplate::new(503).set_delay(Duration::from_secs(1));
        Mock::given(path("/jwks.json")).respond_with(slow).mount(&server).await;
        pass(age).await;
        let junk = (0..8).map(|number| {
            let (host, header) = (host.clone(), header(&format!("made up {number}")));
            let token = encode(&header, &claims(), &host.key).unwrap().into();
            tokio::spawn(async move { host.tokens.verify(&token).await.map_err(|error| error.kind) })
        });
        let junk: Vec<_> = junk.collect();
        while asked(&server).await == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(kind(&host).await, Ok(()), "{age:?}");
        assert!(junk.iter().all(|one| !one.is_finished()), "the host has not answered yet");
        for one in junk {
            assert_eq!(one.await.unwrap(), Err(HostErrorKind::Unavailable));
        }
        assert_eq!(asked(&server).await, 1, "{age:?}");
    }
}

#[tokio::test]
async fn an_issuer_that_is_set_has_to_be_the_tokens() {
    let terms = Terms { issuer: Some("https://host.example".into()), ..terms() };
    let host = Host { tokens: HostJwts::new(Keys::shared(&SECRET.into()).unwrap(), terms), ..shared() };
    for (issuer, expected) in
        [(Value::Null, false), (json!("https://evil.example"), false), (json!("https://host.example"), true)]
    {
        let mut claims = claims();
        claims["iss"] = issuer;
        assert_eq!(host.tokens.verify(&host.sign(&claims)).await.is_ok(), expected);
    }
}

#[test]
fn a_short_secret_is_refused() {
    assert!(matches!(Keys::shared(&"0123456789abcdef0123456789abcde".into()), Err(KeyError::TooShort)));
}
