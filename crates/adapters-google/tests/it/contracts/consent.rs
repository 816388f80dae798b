//! The consent, over the simulated Google.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use kopru_adapters_google::{GoogleConfig, GoogleConsent};
use kopru_http_client::Method;
use kopru_ports::Clock;
use kopru_ports::oauth::OAuthProvider;
use kopru_ports_testkit::suites::oauth_provider::OAuthWorld;
use kopru_ports_testkit::suites::trouble::Trouble;
use secrecy::SecretString;
use serde_json::json;

use super::{PATIENCE, fault, nobody};
use crate::sandbox::{REDIRECT, Simulated, config};
use crate::world::http;

/// The consent of a person who has not agreed to anything yet.
struct Consent {
    simulated: Simulated,
    provider: GoogleConsent,
    /// The same adapter, where nobody listens.
    away: GoogleConsent,
    is_away: AtomicBool,
}

async fn consent() -> Consent {
    let simulated = Simulated::start().await;
    let consent = |config| GoogleConsent::new(config, http(PATIENCE), simulated.clock.clone()).unwrap();
    let (provider, away) = (consent(config(&simulated.sandbox)), consent(nobody()));
    Consent { simulated, provider, away, is_away: AtomicBool::new(false) }
}

#[async_trait]
impl OAuthWorld for Consent {
    fn provider(&self) -> &dyn OAuthProvider {
        if self.is_away.load(Ordering::Relaxed) { &self.away } else { &self.provider }
    }

    fn clock(&self) -> &dyn Clock {
        &*self.simulated.clock
    }

    fn redirect_uri(&self) -> String {
        REDIRECT.to_owned()
    }

    async fn misconfigured(&self) -> Box<dyn OAuthProvider> {
        let config = GoogleConfig { client_secret: "wrong".into(), ..config(&self.simulated.sandbox) };
        Box::new(GoogleConsent::new(config, http(PATIENCE), self.simulated.clock.clone()).unwrap())
    }

    async fn agree(&self, address: &str) -> (SecretString, String) {
        self.simulated.agree_at(address).await
    }

    async fn expire(&self) {
        self.simulated.control(Method::POST, "google/expire", json!({})).await;
    }

    async fn withdraw(&self) {
        self.simulated.control(Method::POST, "google/revoke_user", json!({})).await;
    }

    async fn next(&self, trouble: Trouble) {
        self.simulated.control(Method::POST, "faults", fault(trouble)).await;
    }

    async fn cut_off(&self) {
        self.is_away.store(true, Ordering::Relaxed);
    }
}

kopru_ports_testkit::oauth_provider_suite!(consent());
