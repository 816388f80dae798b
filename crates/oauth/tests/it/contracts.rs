//! Token sessions against the contract suite of access tokens, over a store and a vendor in memory.

use std::sync::Arc;

use async_trait::async_trait;
use kopru_oauth::TokenSessions;
use kopru_ports::Clock;
use kopru_ports::oauth::{AuthorizeRequest, OAuthProvider};
use kopru_ports::tokens::{AccessTokens, StoredToken, TokenKey, TokenStore as _};
use kopru_ports_testkit::suites::access_tokens::TokensWorld;
use kopru_ports_testkit::suites::oauth_provider::OAuthWorld;
use kopru_ports_testkit::suites::trouble::Trouble;
use kopru_ports_testkit::{ManualClock, MemoryOAuth, MemoryStore};
use secrecy::SecretString;

use crate::fakes::{key, token};

/// A person's connection to a vendor, and the sessions over it.
pub struct Connected<V> {
    pub vendor: V,
    pub store: Arc<MemoryStore>,
    pub sessions: Arc<TokenSessions>,
}

/// A person of the vendor who agreed a moment ago.
pub async fn connected<V: OAuthProvider + OAuthWorld + Clone + 'static>(
    (vendor, clock): (V, Arc<dyn Clock>),
    sessions: impl Fn(TokenSessions) -> TokenSessions,
) -> Connected<V> {
    let (store, redirect_uri) = (Arc::<MemoryStore>::default(), vendor.redirect_uri());
    let verifier = SecretString::from("v".repeat(43));
    let request = AuthorizeRequest { state: "state".into(), verifier, redirect_uri: redirect_uri.clone() };
    let (code, _) = vendor.agree(&vendor.authorize_url(&request)).await;
    let grant = vendor.exchange(code, request.verifier, &redirect_uri).await.unwrap();
    let expires_at = grant.expires_at;
    let stored = StoredToken { access: grant.access, refresh: grant.refresh, expires_at, ..token("") };
    store.save(&key(), stored).await.unwrap();
    let sessions = Arc::new(sessions(TokenSessions::new(store.clone(), Arc::new(vendor.clone()), clock)));
    Connected { vendor, store, sessions }
}

fn in_memory() -> (MemoryOAuth, Arc<dyn Clock>) {
    let clock = Arc::<ManualClock>::default();
    (MemoryOAuth::new(clock.clone()), clock)
}

#[async_trait]
impl<V: OAuthProvider + OAuthWorld> TokensWorld for Connected<V> {
    fn tokens(&self) -> Arc<dyn AccessTokens> {
        self.sessions.clone()
    }

    fn key(&self) -> TokenKey {
        key()
    }

    async fn takes(&self, token: &SecretString) -> bool {
        self.vendor.account(token.clone()).await.is_ok()
    }

    async fn expire(&self) {
        self.vendor.expire().await;
    }

    async fn withdraw(&self) {
        self.vendor.withdraw().await;
    }

    async fn next(&self, trouble: Trouble) {
        self.vendor.next(trouble).await;
    }
}

kopru_ports_testkit::access_tokens_suite!(connected(in_memory(), std::convert::identity));

mod renewed_when_refused {
    use super::{TokenSessions, connected, in_memory};

    kopru_ports_testkit::access_tokens_suite!(connected(in_memory(), TokenSessions::only_when_refused));
}
