//! [`AccessTokens`]' clauses.

use std::sync::Arc;

use async_trait::async_trait;
use kopru_ports::tokens::{AccessTokens, TokenErrorKind, TokenKey};
use kopru_ports::{PortError, Retry};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::task::JoinSet;

use super::trouble::Trouble;

/// Runs the clauses of [`kopru_ports::tokens::AccessTokens`]: `$world` gives a future of a fresh
/// [`TokensWorld`](crate::suites::access_tokens::TokensWorld); after `served:` of `Some` of it, or of `None` where
/// its server is missing: then it has to say that the test is skipped.
#[macro_export]
macro_rules! access_tokens_suite {
    (served: $open:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::clauses!($open, access_tokens: [
            a_token_is_one_that_the_vendor_takes,
            a_token_stays_while_it_is_good,
            a_refused_token_is_replaced,
            a_refusal_of_another_token_changes_nothing,
            a_new_token_that_is_refused_too_ends_the_connection,
            callers_at_once_get_one_token,
            who_never_connected_is_not_connected,
            who_ended_the_connection_has_to_connect_again,
            a_vendor_that_is_away_ends_no_connection,
        ], skip: [$($($skip)*)?]);
    };
    ($world:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::access_tokens_suite!(served: async { Some($world.await) } $(; skip: [$($skip)*])?);
    };
}

/// One person who is connected to a vendor, and the implementation under test.
#[async_trait]
pub trait TokensWorld: Send + Sync {
    /// The implementation.
    fn tokens(&self) -> Arc<dyn AccessTokens>;
    /// The person's connection.
    fn key(&self) -> TokenKey;
    /// Whether the vendor takes a token.
    async fn takes(&self, token: &SecretString) -> bool;
    /// All access tokens that were given have ended at the vendor.
    async fn expire(&self);
    /// The person ends the connection at the vendor.
    async fn withdraw(&self);
    /// The next call to the vendor meets `trouble`.
    async fn next(&self, trouble: Trouble);
}

type TokenError = PortError<TokenErrorKind>;

async fn ask(world: &impl TokensWorld) -> Result<SecretString, TokenError> {
    Ok(world.tokens().access_token(&world.key()).await?.secret)
}

async fn token(world: &impl TokensWorld) -> SecretString {
    ask(world).await.expect("a token")
}

/// The token ends at the vendor, which refuses it.
async fn end(world: &impl TokensWorld) -> SecretString {
    let old = token(world).await;
    world.expire().await;
    world.tokens().refused(&world.key(), &old).await.expect("noted");
    old
}

/// Right from the connection on.
pub async fn a_token_is_one_that_the_vendor_takes(world: impl TokensWorld) {
    assert!(world.takes(&token(&world).await).await);
}

/// Nobody renews it without need.
pub async fn a_token_stays_while_it_is_good(world: impl TokensWorld) {
    assert_eq!(token(&world).await.expose_secret(), token(&world).await.expose_secret());
}

/// Also when it is refused twice, by two callers that had the same one.
pub async fn a_refused_token_is_replaced(world: impl TokensWorld) {
    for _ in 0..2 {
        let old = end(&world).await;
        world.tokens().refused(&world.key(), &old).await.expect("noted");
        let new = token(&world).await;
        assert_ne!(new.expose_secret(), old.expose_secret());
        assert!(world.takes(&new).await);
    }
}

/// A caller that comes late refuses what was replaced already.
pub async fn a_refusal_of_another_token_changes_nothing(world: impl TokensWorld) {
    let good = token(&world).await;
    world.tokens().refused(&world.key(), &"an older one".into()).await.expect("noted");
    world.tokens().refused_again(&world.key(), &"an older one".into()).await.expect("noted");
    assert_eq!(token(&world).await.expose_secret(), good.expose_secret());
}

/// Whoever asks afterwards hears so, and the vendor is not asked for one token after another.
pub async fn a_new_token_that_is_refused_too_ends_the_connection(world: impl TokensWorld) {
    end(&world).await;
    let new = token(&world).await;
    for _ in 0..2 {
        world.tokens().refused_again(&world.key(), &new).await.expect("noted");
        let error = ask(&world).await.expect_err("no connection");
        assert_eq!((error.kind, error.retry), (TokenErrorKind::ReconnectRequired, Retry::Never));
    }
}

/// One of them fetches it: a vendor may end all others with every one that it gives.
pub async fn callers_at_once_get_one_token(world: impl TokensWorld) {
    end(&world).await;
    let (mut callers, mut got) = (JoinSet::new(), Vec::new());
    for _ in 0..10 {
        let (tokens, key) = (world.tokens(), world.key());
        callers.spawn(async move { tokens.access_token(&key).await.expect("a token") });
    }
    while let Some(token) = callers.join_next().await {
        got.push(token.expect("a caller").secret.expose_secret().to_owned());
    }
    got.dedup();
    assert_eq!(got.len(), 1);
    assert!(world.takes(&token(&world).await).await);
}

/// Another person's connection is not used.
pub async fn who_never_connected_is_not_connected(world: impl TokensWorld) {
    let stranger = TokenKey { user: "stranger".parse().expect("an id"), ..world.key() };
    let error = world.tokens().access_token(&stranger).await.expect_err("nobody's token");
    assert_eq!((error.kind, error.retry), (TokenErrorKind::NotConnected, Retry::Never));
}

/// Nothing but a new consent helps.
pub async fn who_ended_the_connection_has_to_connect_again(world: impl TokensWorld) {
    world.withdraw().await;
    end(&world).await;
    for _ in 0..2 {
        let error = ask(&world).await.expect_err("no connection");
        assert_eq!((error.kind, error.retry), (TokenErrorKind::ReconnectRequired, Retry::Never));
    }
}

/// It is tried again, and then there is a token.
pub async fn a_vendor_that_is_away_ends_no_connection(world: impl TokensWorld) {
    end(&world).await;
    for trouble in [Trouble::Busy, Trouble::LostBefore] {
        world.next(trouble).await;
        let error = ask(&world).await.expect_err("no answer");
        assert_eq!(error.kind, TokenErrorKind::Unavailable);
        assert_ne!(error.retry, Retry::Never);
    }
    assert!(world.takes(&token(&world).await).await);
}
