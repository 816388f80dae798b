//! The consent over a stand-in that answers as Google documents it
//! ([web server applications](https://developers.google.com/identity/protocols/oauth2/web-server)), behind a
//! gateway whose pages are all that is heard of a call that is lost.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kopru_adapters_google::{GoogleConfig, GoogleConsent};
use kopru_ports::Clock;
use kopru_ports::oauth::OAuthProvider;
use kopru_ports_testkit::ManualClock;
use kopru_ports_testkit::suites::oauth_provider::OAuthWorld;
use kopru_ports_testkit::suites::trouble::Trouble;
use secrecy::SecretString;
use serde_json::json;
use url::Url;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{PATIENCE, nobody};
use crate::scripted::{html, ok};
use crate::world::http;

const SCOPES: &str =
    "https://www.googleapis.com/auth/spreadsheets https://www.googleapis.com/auth/drive.metadata.readonly openid";
/// `client:s3cret`
const OUR_CLIENT: &str = "Basic Y2xpZW50OnMzY3JldA==";

/// What was given and still works.
#[derive(Default)]
struct Given {
    count: u32,
    codes: BTreeSet<String>,
    access: BTreeSet<String>,
    refresh: BTreeSet<String>,
    next: Option<Trouble>,
}

#[derive(Clone, Default)]
struct Vendor(Arc<Mutex<Given>>);

impl Respond for Vendor {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut given = self.0.lock().unwrap();
        match given.next.take() {
            Some(Trouble::Busy) => html(503),
            Some(Trouble::LostBefore) => html(502),
            Some(Trouble::LostAfter) => {
                given.answer(request);
                html(504)
            }
            Some(Trouble::Silence) => given.answer(request).set_delay(PATIENCE * 2),
            None => given.answer(request),
        }
    }
}

fn refused(status: u16, error: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({ "error": error, "error_description": "Bad Request" }))
}

impl Given {
    fn answer(&mut self, request: &Request) -> ResponseTemplate {
        let form: HashMap<String, String> = url::form_urlencoded::parse(&request.body).into_owned().collect();
        let header = request.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        match request.url.path() {
            "/token" if header == OUR_CLIENT => self.token(&form),
            "/token" => refused(401, "invalid_client"),
            "/revoke" if self.refresh.remove(&form["token"]) => {
                self.access.clear();
                ok(json!({}))
            }
            "/revoke" => refused(400, "invalid_token"),
            "/v1/userinfo" if self.access.contains(header.trim_start_matches("Bearer ")) => {
                ok(json!({ "sub": "110169484474386276334", "email": "ayse@example.com", "email_verified": true }))
            }
            "/v1/userinfo" => refused(401, "invalid_request"),
            path => panic!("{path}"),
        }
    }

    /// A refresh token comes with a code only.
    fn token(&mut self, form: &HashMap<String, String>) -> ResponseTemplate {
        let by_code = form["grant_type"] == "authorization_code";
        let known =
            if by_code { self.codes.remove(&form["code"]) } else { self.refresh.contains(&form["refresh_token"]) };
        if !known {
            return refused(400, "invalid_grant");
        }
        let mut answer = json!({ "expires_in": 3599, "scope": SCOPES, "token_type": "Bearer" });
        answer["access_token"] = self.make("ya29").into();
        self.access.extend(answer["access_token"].as_str().map(str::to_owned));
        if by_code {
            answer["refresh_token"] = self.make("1//").into();
            self.refresh.extend(answer["refresh_token"].as_str().map(str::to_owned));
        }
        ok(answer)
    }

    fn make(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}-{}", self.count)
    }
}

struct Gateway {
    server: MockServer,
    vendor: Vendor,
    clock: Arc<ManualClock>,
    provider: GoogleConsent,
    away: GoogleConsent,
    is_away: AtomicBool,
}

fn consent(config: GoogleConfig, clock: &Arc<ManualClock>) -> GoogleConsent {
    GoogleConsent::new(config, http(PATIENCE), clock.clone()).unwrap()
}

fn at(server: &MockServer, secret: &str) -> GoogleConfig {
    GoogleConfig::at("client".into(), secret.into(), &server.uri())
}

async fn gateway() -> Gateway {
    let (server, vendor, clock) = (MockServer::start().await, Vendor::default(), Arc::<ManualClock>::default());
    Mock::given(any()).respond_with(vendor.clone()).mount(&server).await;
    let (provider, away) = (consent(at(&server, "s3cret"), &clock), consent(nobody(), &clock));
    Gateway { server, vendor, clock, provider, away, is_away: AtomicBool::new(false) }
}

#[async_trait]
impl OAuthWorld for Gateway {
    fn provider(&self) -> &dyn OAuthProvider {
        if self.is_away.load(Ordering::Relaxed) { &self.away } else { &self.provider }
    }

    fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    fn redirect_uri(&self) -> String {
        "https://kopru.example/callback".to_owned()
    }

    async fn misconfigured(&self) -> Box<dyn OAuthProvider> {
        Box::new(consent(at(&self.server, "wrong"), &self.clock))
    }

    async fn agree(&self, address: &str) -> (SecretString, String) {
        let asked: HashMap<String, String> = Url::parse(address).unwrap().query_pairs().into_owned().collect();
        let mut given = self.vendor.0.lock().unwrap();
        let code = given.make("4/");
        given.codes.insert(code.clone());
        (code.into(), asked["state"].clone())
    }

    async fn expire(&self) {
        self.vendor.0.lock().unwrap().access.clear();
    }

    async fn withdraw(&self) {
        *self.vendor.0.lock().unwrap() = Given::default();
    }

    async fn next(&self, trouble: Trouble) {
        self.vendor.0.lock().unwrap().next = Some(trouble);
    }

    async fn cut_off(&self) {
        self.is_away.store(true, Ordering::Relaxed);
    }
}

kopru_ports_testkit::oauth_provider_suite!(gateway(); skip: [
    a_code_works_with_its_verifier_only = "this stand-in computes no challenges; the sandbox does",
]);
