//! The consent to an app.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use kopru_http_client::Method;
use kopru_ports::Clock;
use kopru_ports::connections::PortalConnections as _;
use kopru_ports::oauth::OAuthProvider;
use kopru_ports_testkit::suites::oauth_provider::OAuthWorld;
use kopru_ports_testkit::suites::trouble::Trouble;
use secrecy::SecretString;
use serde_json::json;
use url::Url;

use super::{PATIENCE, fault, nobody};
use crate::sandbox::Simulated;
use crate::world::company;

const CLIENT: &str = "app.573ad8a0346747.09223434";
const REDIRECT: &str = "http://127.0.0.1:9/callback";

struct Consent {
    simulated: Simulated,
    provider: Box<dyn OAuthProvider>,
    /// The same adapter, where nobody listens.
    away: Box<dyn OAuthProvider>,
    is_away: AtomicBool,
}

/// The consent to the app whose portal and authorization server are at `address`.
async fn of(simulated: &Simulated, address: &str, secret: &str) -> Box<dyn OAuthProvider> {
    let settings = json!({ "client_id": CLIENT, "client_secret": secret,
        "client_endpoint": format!("{address}/bitrix24/rest/"), "server_endpoint": format!("{address}/rest/") });
    simulated.world.connect_by(&settings).await;
    simulated.world.bitrix.consent(&company()).await.unwrap()
}

async fn consent() -> Consent {
    let simulated = Simulated::with(PATIENCE).await;
    let app = json!({ "client_id": CLIENT, "client_secret": "s3cret", "redirect_uri": REDIRECT });
    simulated.control(Method::POST, "bitrix24/apps", app).await;
    let away = of(&simulated, &nobody(), "s3cret").await;
    let provider = of(&simulated, &simulated.sandbox.base_url(), "s3cret").await;
    Consent { simulated, provider, away, is_away: AtomicBool::new(false) }
}

#[async_trait]
impl OAuthWorld for Consent {
    fn provider(&self) -> &dyn OAuthProvider {
        if self.is_away.load(Ordering::Relaxed) { &*self.away } else { &*self.provider }
    }

    fn clock(&self) -> &dyn Clock {
        &*self.simulated.world.clock
    }

    fn redirect_uri(&self) -> String {
        REDIRECT.to_owned()
    }

    async fn misconfigured(&self) -> Box<dyn OAuthProvider> {
        of(&self.simulated, &self.simulated.sandbox.base_url(), "wrong").await
    }

    async fn agree(&self, address: &str) -> (SecretString, String) {
        let form: Vec<(String, String)> = Url::parse(address).unwrap().query_pairs().into_owned().collect();
        let http = &self.simulated.http;
        let reply = http.send(http.request(Method::POST, address).form(&form)).await.unwrap();
        let back = Url::parse(reply.location().unwrap()).unwrap();
        let back: HashMap<String, String> = back.query_pairs().into_owned().collect();
        (back["code"].as_str().into(), back["state"].clone())
    }

    async fn expire(&self) {
        self.simulated.control(Method::POST, "bitrix24/expire", json!({})).await;
    }

    async fn withdraw(&self) {
        self.simulated.control(Method::POST, "bitrix24/revoke", json!({ "client_id": CLIENT })).await;
    }

    async fn next(&self, trouble: Trouble) {
        self.simulated.control(Method::POST, "faults", fault(trouble)).await;
    }

    async fn cut_off(&self) {
        self.is_away.store(true, Ordering::Relaxed);
    }
}

kopru_ports_testkit::oauth_provider_suite!(consent(); skip: [
    a_code_works_with_its_verifier_only = "Bitrix24 knows no PKCE",
    a_revoked_grant_gives_no_more_tokens = "Bitrix24 ends a grant only when its people remove the app",
]);
