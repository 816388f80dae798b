//! Access tokens that are always valid for some minutes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_ports::oauth::{Grant, OAuthErrorKind, OAuthProvider};
use kopru_ports::tokens::{
    AccessToken, AccessTokens, ConnectionStatus, Saved, StoredToken, TokenErrorKind, TokenKey, TokenStore,
};
use kopru_ports::{Clock, PortError, Retry, StoreError};
use secrecy::{ExposeSecret, SecretString};

type TokenError = PortError<TokenErrorKind>;

/// A token is refreshed when less than this is left of it.
const MARGIN: Duration = Duration::from_mins(5);
/// So long one caller may take to refresh before another one tries: longer than a call's time-out.
const REFRESH: Duration = Duration::from_secs(40);
/// The end of a token that the vendor refused before its time.
const REFUSED: Timestamp = Timestamp::UNIX_EPOCH;
/// How often those who wait look whether the refresh is done.
const LOOK: Duration = Duration::from_millis(100);

/// Stored connections of one provider, refreshed by one caller at a time across tasks and instances: some
/// providers replace the refresh token with every use.
pub struct TokenSessions {
    tokens: Arc<dyn TokenStore>,
    provider: Arc<dyn OAuthProvider>,
    clock: Arc<dyn Clock>,
    ahead: bool,
}

impl TokenSessions {
    /// Sessions over stored tokens.
    #[must_use]
    pub fn new(tokens: Arc<dyn TokenStore>, provider: Arc<dyn OAuthProvider>, clock: Arc<dyn Clock>) -> Self {
        Self { tokens, provider, clock, ahead: true }
    }

    /// Sessions that refresh what the vendor refused, and nothing ahead of time: some vendors block clients for
    /// that.
    #[must_use]
    pub fn only_when_refused(self) -> Self {
        Self { ahead: false, ..self }
    }

    async fn stored(&self, key: &TokenKey) -> Result<StoredToken, TokenError> {
        let found = self.tokens.load(key).await.map_err(unavailable)?;
        found.ok_or_else(|| error(TokenErrorKind::NotConnected, Retry::Never))
    }

    async fn usable(&self, key: &TokenKey) -> Result<StoredToken, TokenError> {
        let token = self.stored(key).await?;
        if token.status == ConnectionStatus::ReconnectRequired {
            return Err(error(TokenErrorKind::ReconnectRequired, Retry::Never));
        }
        Ok(token)
    }

    fn is_fresh(&self, token: &StoredToken) -> bool {
        if self.ahead { self.clock.now() + MARGIN < token.expires_at } else { token.expires_at != REFUSED }
    }

    /// Refreshes as the only one, and stores the outcome. `None`: somebody stored another grant meanwhile.
    async fn refresh(&self, key: &TokenKey, token: StoredToken) -> Result<Option<SecretString>, TokenError> {
        let Some(refresh) = token.refresh.clone() else {
            return self.ended(key, token, "no refresh token was given").await;
        };
        match self.provider.refresh(refresh).await {
            Ok(grant) => self.renew(key, token, grant).await,
            Err(error) if error.kind == OAuthErrorKind::InvalidGrant => {
                self.ended(key, token, "the provider ended the connection").await
            }
            Err(cause) => {
                // Ends our turn: who waits for it may try at once. The store's own trouble changes nothing in that.
                let _ = self.tokens.save(key, token).await;
                Err(failed(cause))
            }
        }
    }

    /// Stores what the provider gave. When others only touched the connection that was refreshed, such as by
    /// [`AccessTokens::refused`], the new tokens still belong to it; the old ones may be void already.
    async fn renew(&self, key: &TokenKey, used: StoredToken, grant: Grant) -> Result<Option<SecretString>, TokenError> {
        let mut onto = used.clone();
        while self.tokens.save(key, renewed(onto, &grant)).await.map_err(unavailable)? == Saved::Conflict {
            onto = self.stored(key).await?;
            if !same_refresh_token(&onto, &used) {
                return Ok(None);
            }
        }
        Ok(Some(grant.access))
    }

    /// The provider knows the grant no more, unless somebody stored another version meanwhile.
    async fn ended(&self, key: &TokenKey, token: StoredToken, why: &str) -> Result<Option<SecretString>, TokenError> {
        match self.close(key, token, why).await? {
            Saved::At(_) => Err(error(TokenErrorKind::ReconnectRequired, Retry::Never)),
            Saved::Conflict => Ok(None),
        }
    }

    /// Stores that the person has to connect again. Under the version, and not as a bare status: a connection that
    /// was made meanwhile is not closed.
    async fn close(&self, key: &TokenKey, token: StoredToken, why: &str) -> Result<Saved, TokenError> {
        let status = ConnectionStatus::ReconnectRequired;
        let closed = StoredToken { status, last_error: Some(why.to_owned()), ..token };
        self.tokens.save(key, closed).await.map_err(unavailable)
    }
}

/// A connection with its new tokens; what the provider left out stays.
fn renewed(token: StoredToken, grant: &Grant) -> StoredToken {
    StoredToken {
        access: grant.access.clone(),
        refresh: grant.refresh.clone().or(token.refresh),
        expires_at: grant.expires_at,
        scopes: if grant.scopes.is_empty() { token.scopes } else { grant.scopes.clone() },
        status: ConnectionStatus::Active,
        last_error: None,
        ..token
    }
}

fn same_refresh_token(one: &StoredToken, other: &StoredToken) -> bool {
    let text = |token: &StoredToken| token.refresh.as_ref().map(|refresh| refresh.expose_secret().to_owned());
    text(one) == text(other)
}

#[async_trait]
impl AccessTokens for TokenSessions {
    async fn access_token(&self, key: &TokenKey) -> Result<AccessToken, TokenError> {
        let give_up = self.clock.now() + REFRESH * 2;
        loop {
            let token = self.usable(key).await?;
            if self.is_fresh(&token) {
                return Ok(AccessToken { secret: token.access, account: token.account_id });
            }
            let now = self.clock.now();
            if now > give_up {
                return Err(error(TokenErrorKind::Unavailable, Retry::After(None)));
            }
            if self.tokens.begin_refresh(key, token.version, now, now + REFRESH).await.map_err(unavailable)? {
                let account = token.account_id.clone();
                if let Some(secret) = self.refresh(key, token).await? {
                    return Ok(AccessToken { secret, account });
                }
            } else {
                self.clock.sleep_until(now + LOOK).await;
            }
        }
    }

    async fn refused(&self, key: &TokenKey, token: &SecretString) -> Result<(), TokenError> {
        let stored = self.usable(key).await?;
        // Said twice, it would end the refresh that the first one caused.
        if stored.access.expose_secret() == token.expose_secret() && stored.expires_at != REFUSED {
            let expired = StoredToken { expires_at: REFUSED, ..stored };
            self.tokens.save(key, expired).await.map_err(unavailable)?;
        }
        Ok(())
    }

    async fn refused_again(&self, key: &TokenKey, token: &SecretString) -> Result<(), TokenError> {
        let stored = self.stored(key).await?;
        if stored.access.expose_secret() == token.expose_secret() {
            // Where another version is stored meanwhile, its token's own refusals tell.
            self.close(key, stored, "the vendor refused a new token too").await?;
        }
        Ok(())
    }
}

fn error(kind: TokenErrorKind, retry: Retry) -> TokenError {
    PortError::new("oauth", kind, retry)
}

fn failed(cause: PortError<OAuthErrorKind>) -> TokenError {
    let kind = match cause.kind {
        OAuthErrorKind::Misconfigured => TokenErrorKind::Misconfigured,
        _ => TokenErrorKind::Unavailable,
    };
    error(kind, cause.retry).caused_by(cause)
}

fn unavailable(cause: StoreError) -> TokenError {
    error(TokenErrorKind::Unavailable, Retry::After(None)).caused_by(cause)
}
