//! Token sessions against the contract suite of access tokens, over a store and a vendor in memory.

use std::sync::Arc;

use async_trait::async_trait;
use kopru_oauth::TokenSessions;
use kopru_ports::oauth::{AuthorizeRequest, OAuthProvider as _};
use kopru_ports::tokens::{AccessTokens, StoredToken, TokenKey, TokenStore as _};
use kopru_ports_testkit::suites::access_tokens::TokensWorld;
use kopru_ports_testkit::suites::oauth_provider::OAuthWorld as _;
use kopru_ports_testkit::suites::trouble::Trouble;
use kopru_ports_testkit::{ManualClock, MemoryOAuth, MemoryStore};
use secrecy::SecretString;

use crate::fakes::{key, token};

struct Connected {
    vendor: MemoryOAuth,
    sessions: Arc<TokenSessions>,
}

/// A person who agreed a moment ago.
async fn connected(sessions: impl Fn(TokenSessions) -> TokenSessions) -> Connected {
    let (store, clock) = (Arc::<MemoryStore>::default(), Arc::<ManualClock>::default());
    let vendor = MemoryOAuth::new(clock.clone());
    let redirect_uri = vendor.redirect_uri();
    let request = AuthorizeRequest { state: "state".into(), verifier: "v".into(), redirect_uri: redirect_uri.clone() };
    let (code, _) = vendor.agree(&vendor.authorize_url(&request)).await;
    let grant = vendor.exchange(code, request.verifier, &redirect_uri).await.unwrap();
    let stored = StoredToken { access: grant.access, refresh: grant.refresh, ..token("") };
    store.save(&key(), stored).await.unwrap();
    let sessions = Arc::new(sessions(TokenSessions::new(store, Arc::new(vendor.clone()), clock)));
    Connected { vendor, sessions }
}

#[async_trait]
impl TokensWorld for Connected {
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

kopru_ports_testkit::access_tokens_suite!(connected(std::convert::identity));

mod renewed_when_refused {
    use super::{TokenSessions, connected};

    kopru_ports_testkit::access_tokens_suite!(connected(TokenSessions::only_when_refused));
}
