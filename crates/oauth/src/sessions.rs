//! Access tokens that are always valid for some minutes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::oauth::{Grant, OAuthErrorKind, OAuthProvider};
use kopru_ports::tokens::{AccessTokens, ConnectionStatus, Saved, StoredToken, TokenErrorKind, TokenKey, TokenStore};
use kopru_ports::{Clock, PortError, Retry, StoreError};
use secrecy::{ExposeSecret, SecretString};

type TokenError = PortError<TokenErrorKind>;

/// A token is refreshed when less than this is left of it.
const MARGIN: Duration = Duration::from_mins(5);
/// So long one caller may take to refresh before another one tries.
const REFRESH: Duration = Duration::from_secs(30);
/// How often those who wait look whether the refresh is done.
const LOOK: Duration = Duration::from_millis(100);

/// Stored connections of one provider, refreshed by one caller at a time across tasks and instances: some
/// providers replace the refresh token with every use.
pub struct TokenSessions {
    tokens: Arc<dyn TokenStore>,
    provider: Arc<dyn OAuthProvider>,
    clock: Arc<dyn Clock>,
}

impl TokenSessions {
    /// Sessions over stored tokens.
    #[must_use]
    pub fn new(tokens: Arc<dyn TokenStore>, provider: Arc<dyn OAuthProvider>, clock: Arc<dyn Clock>) -> Self {
        Self { tokens, provider, clock }
    }

    async fn load(&self, key: &TokenKey) -> Result<StoredToken, TokenError> {
        let found = self.tokens.load(key).await.map_err(unavailable)?;
        let token = found.ok_or_else(|| error(TokenErrorKind::NotConnected, Retry::Never))?;
        if token.status == ConnectionStatus::ReconnectRequired {
            return Err(error(TokenErrorKind::ReconnectRequired, Retry::Never));
        }
        Ok(token)
    }

    fn is_fresh(&self, token: &StoredToken) -> bool {
        self.clock.now() + MARGIN < token.expires_at
    }

    /// Refreshes as the only one, and stores the outcome.
    async fn refresh(&self, key: &TokenKey, token: StoredToken) -> Result<SecretString, TokenError> {
        let Some(refresh) = token.refresh.clone() else {
            return self.ended(key, &token, "no refresh token was given").await;
        };
        match self.provider.refresh(refresh).await {
            Ok(grant) => self.store(key, token, grant).await,
            Err(error) if error.kind == OAuthErrorKind::InvalidGrant => {
                self.ended(key, &token, "the provider ended the connection").await
            }
            Err(cause) => {
                let kind = if cause.kind == OAuthErrorKind::Misconfigured {
                    TokenErrorKind::Misconfigured
                } else {
                    TokenErrorKind::Unavailable
                };
                Err(error(kind, cause.retry).caused_by(cause))
            }
        }
    }

    async fn store(&self, key: &TokenKey, token: StoredToken, grant: Grant) -> Result<SecretString, TokenError> {
        let renewed = StoredToken {
            access: grant.access.clone(),
            refresh: grant.refresh.or(token.refresh),
            expires_at: grant.expires_at,
            scopes: if grant.scopes.is_empty() { token.scopes } else { grant.scopes },
            status: ConnectionStatus::Active,
            last_error: None,
            ..token
        };
        match self.tokens.save(key, renewed).await.map_err(unavailable)? {
            Saved::At(_) => Ok(grant.access),
            // Somebody connected anew meanwhile: theirs counts.
            Saved::Conflict => Ok(self.load(key).await?.access),
        }
    }

    /// The provider knows the grant no more, unless somebody stored another one meanwhile.
    async fn ended(&self, key: &TokenKey, token: &StoredToken, why: &str) -> Result<SecretString, TokenError> {
        let now = self.load(key).await?;
        if now.version != token.version {
            return Ok(now.access);
        }
        let status = ConnectionStatus::ReconnectRequired;
        self.tokens.set_status(key, status, Some(why.to_owned())).await.map_err(unavailable)?;
        Err(error(TokenErrorKind::ReconnectRequired, Retry::Never))
    }
}

#[async_trait]
impl AccessTokens for TokenSessions {
    async fn access_token(&self, key: &TokenKey) -> Result<SecretString, TokenError> {
        let give_up = self.clock.now() + REFRESH * 2;
        loop {
            let token = self.load(key).await?;
            if self.is_fresh(&token) {
                return Ok(token.access);
            }
            let now = self.clock.now();
            if self.tokens.begin_refresh(key, token.version, now, now + REFRESH).await.map_err(unavailable)? {
                return self.refresh(key, token).await;
            }
            if now > give_up {
                return Err(error(TokenErrorKind::Unavailable, Retry::After(None)));
            }
            self.clock.sleep_until(now + LOOK).await;
        }
    }

    async fn refused(&self, key: &TokenKey, token: &SecretString) -> Result<(), TokenError> {
        let stored = self.load(key).await?;
        if stored.access.expose_secret() == token.expose_secret() {
            let expired = StoredToken { expires_at: Timestamp::UNIX_EPOCH, ..stored };
            self.tokens.save(key, expired).await.map_err(unavailable)?;
        }
        Ok(())
    }
}

fn error(kind: TokenErrorKind, retry: Retry) -> TokenError {
    PortError::new("oauth", kind, retry)
}

fn unavailable(cause: StoreError) -> TokenError {
    error(TokenErrorKind::Unavailable, Retry::After(None)).caused_by(cause)
}
