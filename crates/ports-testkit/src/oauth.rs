//! A vendor's OAuth in memory, for engines and for the suites themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use kopru_ports::oauth::{Account, AuthorizeRequest, Grant, OAuthErrorKind, OAuthProvider};
use kopru_ports::{Clock, PortError, Retry};
use secrecy::{ExposeSecret as _, SecretString};

use crate::suites::oauth_provider::OAuthWorld;
use crate::suites::trouble::Trouble;

const SCOPE: &str = "files";

type OAuthError = PortError<OAuthErrorKind>;

/// What the vendor gave, and what of it still works.
#[derive(Debug, Default)]
struct State {
    given: u32,
    /// The challenges of codes that nobody used yet.
    codes: BTreeMap<String, String>,
    access: BTreeSet<String>,
    refresh: BTreeSet<String>,
    next: Option<Trouble>,
    gone: bool,
}

/// One person's grants to one client; a refresh replaces both tokens.
#[derive(Clone)]
pub struct MemoryOAuth {
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
    /// Whether the vendor knows our client.
    is_known: bool,
}

impl MemoryOAuth {
    /// A vendor that gave nothing yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Arc::default(), is_known: true }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call: what is carried out of it, and what the caller hears.
    fn call<T>(&self, effect: impl FnOnce(&mut State) -> Result<T, OAuthError>) -> Result<T, OAuthError> {
        let mut state = self.state();
        let lost = || error(OAuthErrorKind::Unavailable, Retry::OutcomeUnknown);
        match state.next.take() {
            _ if state.gone => Err(error(OAuthErrorKind::Unavailable, Retry::After(None))),
            _ if !self.is_known => Err(error(OAuthErrorKind::Misconfigured, Retry::Never)),
            Some(Trouble::Busy) => Err(error(OAuthErrorKind::Unavailable, Retry::After(None))),
            Some(Trouble::LostBefore) => Err(lost()),
            Some(Trouble::LostAfter | Trouble::Silence) => effect(&mut state).and(Err(lost())),
            None => effect(&mut state),
        }
    }

    fn grant(&self, state: &mut State) -> Grant {
        state.given += 1;
        let [access, refresh] = ["access", "refresh"].map(|kind| format!("{kind}-{}", state.given));
        state.access.insert(access.clone());
        state.refresh.insert(refresh.clone());
        let expires_at = self.clock.now() + Duration::from_hours(1);
        Grant { access: access.into(), refresh: Some(refresh.into()), expires_at, scopes: vec![SCOPE.to_owned()] }
    }
}

fn error(kind: OAuthErrorKind, retry: Retry) -> OAuthError {
    PortError::new("memory", kind, retry)
}

fn invalid() -> OAuthError {
    error(OAuthErrorKind::InvalidGrant, Retry::Never)
}

fn challenge(verifier: &SecretString) -> String {
    let mut hasher = DefaultHasher::new();
    verifier.expose_secret().hash(&mut hasher);
    format!("{:x}", hasher.finish())
}

#[async_trait]
impl OAuthProvider for MemoryOAuth {
    fn authorize_url(&self, request: &AuthorizeRequest) -> String {
        let challenge = challenge(&request.verifier);
        format!("https://memory.example/?challenge={challenge}&state={}", request.state.expose_secret())
    }

    fn needed_scopes(&self) -> &[&'static str] {
        &[SCOPE]
    }

    async fn exchange(&self, code: SecretString, verifier: SecretString, _: &str) -> Result<Grant, OAuthError> {
        self.call(|state| {
            let asked = state.codes.remove(code.expose_secret()).filter(|asked| *asked == challenge(&verifier));
            asked.ok_or_else(invalid).map(|_| self.grant(state))
        })
    }

    async fn refresh(&self, refresh: SecretString) -> Result<Grant, OAuthError> {
        let renewed = self.call(|state| {
            let known = state.refresh.remove(refresh.expose_secret());
            state.access.clear();
            if known { Ok(self.grant(state)) } else { Err(invalid()) }
        });
        renewed.map_err(OAuthError::without_effect)
    }

    async fn revoke(&self, token: SecretString) -> Result<(), OAuthError> {
        self.call(|state| {
            if state.refresh.remove(token.expose_secret()) {
                state.access.clear();
            }
            Ok(())
        })
    }

    async fn account(&self, access: SecretString) -> Result<Account, OAuthError> {
        self.call(|state| {
            let known = state.access.contains(access.expose_secret());
            let account = Account { id: "1".to_owned(), email: "ayse@example.com".to_owned() };
            if known { Ok(account) } else { Err(invalid()) }
        })
    }
}

#[async_trait]
impl OAuthWorld for MemoryOAuth {
    fn provider(&self) -> &dyn OAuthProvider {
        self
    }

    fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    fn redirect_uri(&self) -> String {
        "https://kopru.example/callback".to_owned()
    }

    async fn misconfigured(&self) -> Box<dyn OAuthProvider> {
        Box::new(Self { is_known: false, ..self.clone() })
    }

    async fn agree(&self, address: &str) -> (SecretString, String) {
        let (asked, state) = address.split_once("&state=").unwrap_or_default();
        let (_, challenge) = asked.split_once("challenge=").unwrap_or_default();
        let mut vendor = self.state();
        vendor.given += 1;
        let code = format!("code-{}", vendor.given);
        vendor.codes.insert(code.clone(), challenge.to_owned());
        (code.into(), state.to_owned())
    }

    async fn expire(&self) {
        self.state().access.clear();
    }

    async fn withdraw(&self) {
        let mut state = self.state();
        state.access.clear();
        state.refresh.clear();
    }

    async fn next(&self, trouble: Trouble) {
        self.state().next = Some(trouble);
    }

    async fn cut_off(&self) {
        self.state().gone = true;
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::Arc;

    use super::MemoryOAuth;
    use crate::ManualClock;

    crate::oauth_provider_suite!(ready(MemoryOAuth::new(Arc::<ManualClock>::default())));
}
