//! A provider in memory.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use kopru_oauth::TokenSessions;
use kopru_ports::oauth::{Account, AuthorizeRequest, Grant, OAuthErrorKind, OAuthProvider};
use kopru_ports::tokens::{ConnectionStatus, Service, StoredToken, TokenKey};
use kopru_ports::{Clock, PortError, Retry};
use kopru_ports_testkit::{ManualClock, MemoryTokens};
use secrecy::{ExposeSecret, SecretString};

type Answer = Result<Grant, PortError<OAuthErrorKind>>;

/// Gives the answers in turn, each after a while; meanwhile something may happen to the store.
pub struct Provider {
    pub calls: AtomicUsize,
    pub used: Mutex<Vec<String>>,
    answers: Mutex<VecDeque<(Answer, Option<StoredToken>)>>,
    store: Arc<MemoryTokens>,
}

#[async_trait]
impl OAuthProvider for Provider {
    fn authorize_url(&self, _: &AuthorizeRequest) -> String {
        unreachable!("sessions ask for no consent")
    }
    fn needed_scopes(&self) -> &[&'static str] {
        &[]
    }
    async fn exchange(&self, _: SecretString, _: SecretString, _: &str) -> Answer {
        unreachable!("sessions exchange no codes")
    }
    async fn refresh(&self, refresh: SecretString) -> Answer {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.used.lock().unwrap().push(refresh.expose_secret().to_owned());
        // Each look of each waiting caller takes a tenth of a second of the manual clock.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        let (answer, meanwhile) = self.answers.lock().unwrap().pop_front().expect("one refresh too many");
        if let Some(token) = meanwhile {
            self.store.replace(token);
        }
        answer
    }
    async fn revoke(&self, _: SecretString) -> Result<(), PortError<OAuthErrorKind>> {
        unreachable!("sessions end no grants")
    }
    async fn account(&self, _: SecretString) -> Result<Account, PortError<OAuthErrorKind>> {
        unreachable!("sessions ask for no account")
    }
}

/// A stored connection whose access token ends in `left`, and a provider that answers so.
pub struct Stage {
    pub store: Arc<MemoryTokens>,
    pub provider: Arc<Provider>,
    pub clock: Arc<ManualClock>,
}

impl Stage {
    pub fn new(left: Duration, answers: Vec<(Answer, Option<StoredToken>)>) -> Self {
        let store = Arc::new(MemoryTokens::default());
        let clock = Arc::new(ManualClock::default());
        store.replace(StoredToken { expires_at: clock.now() + left, ..token("old") });
        let provider = Arc::new(Provider {
            calls: AtomicUsize::new(0),
            used: Mutex::default(),
            answers: Mutex::new(answers.into()),
            store: store.clone(),
        });
        Self { store, provider, clock }
    }

    /// Sessions as one instance of the service has them.
    pub fn sessions(&self) -> Arc<TokenSessions> {
        Arc::new(TokenSessions::new(self.store.clone(), self.provider.clone(), self.clock.clone()))
    }

    pub fn calls(&self) -> usize {
        self.provider.calls.load(Ordering::Relaxed)
    }
}

pub fn key() -> TokenKey {
    TokenKey { company: "acme".parse().unwrap(), user: "ayse".parse().unwrap(), service: Service::GoogleSheets }
}

/// A connection with the access token `access` and the refresh token `access`-refresh, good for an hour.
pub fn token(access: &str) -> StoredToken {
    StoredToken {
        version: 0,
        access: access.into(),
        refresh: Some(format!("{access}-refresh").into()),
        expires_at: ManualClock::default().now() + Duration::from_hours(1),
        scopes: vec!["granted".into()],
        account_id: "7".into(),
        account_email: "ayse@example.com".into(),
        status: ConnectionStatus::Active,
        last_error: None,
    }
}

pub fn grant(access: &str, refresh: Option<&str>) -> Grant {
    let expires_at = ManualClock::default().now() + Duration::from_hours(1);
    Grant { access: access.into(), refresh: refresh.map(SecretString::from), expires_at, scopes: Vec::new() }
}

pub fn failure(kind: OAuthErrorKind, retry: Retry) -> Answer {
    Err(PortError::new("vendor", kind, retry))
}
