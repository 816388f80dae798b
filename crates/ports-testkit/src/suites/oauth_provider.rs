//! [`OAuthProvider`]'s clauses.

use async_trait::async_trait;
use kopru_ports::oauth::{AuthorizeRequest, Grant, OAuthErrorKind, OAuthProvider};
use kopru_ports::{Clock, PortError, Retry};
use secrecy::{ExposeSecret as _, SecretString};

use super::trouble::Trouble;

/// Runs the clauses of [`kopru_ports::oauth::OAuthProvider`]: `$world` gives a future of a fresh
/// [`OAuthWorld`](crate::suites::oauth_provider::OAuthWorld); after `served:` of `Some` of it, or of `None` where
/// its server is missing: then it has to say that the test is skipped.
#[macro_export]
macro_rules! oauth_provider_suite {
    (served: $open:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::clauses!($open, oauth_provider: [
            a_consents_address_is_pure_and_keeps_the_verifier,
            a_consent_leads_to_a_grant,
            a_code_works_once,
            a_code_works_with_its_verifier_only,
            a_code_that_nobody_gave_is_an_invalid_grant,
            a_refresh_gives_a_new_access_token,
            a_refresh_token_that_nobody_gave_is_an_invalid_grant,
            a_revoked_grant_gives_no_more_tokens,
            a_revocation_may_be_repeated,
            a_grant_that_the_person_ended_is_an_invalid_one,
            an_account_keeps_its_id,
            a_token_that_ended_tells_no_account,
            a_client_that_is_refused_is_no_grants_fault,
            a_lost_exchange_is_unknown,
            a_lost_refresh_ends_no_connection,
            a_vendor_that_asks_for_a_pause_has_done_nothing,
            where_nobody_listens_nothing_was_done,
        ], skip: [$($($skip)*)?]);
    };
    ($world:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::oauth_provider_suite!(served: async { Some($world.await) } $(; skip: [$($skip)*])?);
    };
}

/// A vendor with one person and our client, and the adapter under test. Its author arranges what a clause asks
/// for, by other means than the adapter.
#[async_trait]
pub trait OAuthWorld: Send + Sync {
    /// The adapter.
    fn provider(&self) -> &dyn OAuthProvider;
    /// The clock by which grants end.
    fn clock(&self) -> &dyn Clock;
    /// The address of ours that the vendor knows.
    fn redirect_uri(&self) -> String;

    /// Another adapter, with a secret of our client that the vendor does not accept.
    async fn misconfigured(&self) -> Box<dyn OAuthProvider>;
    /// The person goes to the consent's address and agrees to everything: the code and the state with which the
    /// vendor sends them back.
    async fn agree(&self, address: &str) -> (SecretString, String);
    /// All access tokens that were given have ended.
    async fn expire(&self);
    /// The person ends the grant at the vendor.
    async fn withdraw(&self);
    /// The next call to the vendor meets `trouble`.
    async fn next(&self, trouble: Trouble);
    /// From now on nobody listens at the vendor's address.
    async fn cut_off(&self);
}

const STATE: &str = "st4te-_.~";
/// As long as RFC 7636 asks for, all of its signs.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEj.~";

type OAuthError = PortError<OAuthErrorKind>;

fn request(world: &impl OAuthWorld) -> AuthorizeRequest {
    AuthorizeRequest { state: STATE.into(), verifier: VERIFIER.into(), redirect_uri: world.redirect_uri() }
}

async fn code(world: &impl OAuthWorld) -> SecretString {
    let (code, state) = world.agree(&world.provider().authorize_url(&request(world))).await;
    assert_eq!(state, STATE);
    code
}

async fn exchange(world: &impl OAuthWorld, code: &SecretString, verifier: &str) -> Result<Grant, OAuthError> {
    world.provider().exchange(code.clone(), verifier.into(), &world.redirect_uri()).await
}

async fn granted(world: &impl OAuthWorld) -> Grant {
    exchange(world, &code(world).await, VERIFIER).await.expect("a grant")
}

fn refresh_token(grant: &Grant) -> SecretString {
    grant.refresh.clone().expect("a refresh token")
}

fn assert_invalid<T>(answer: Result<T, OAuthError>) {
    let error = answer.err().expect("an invalid grant");
    assert_eq!((error.kind, error.retry), (OAuthErrorKind::InvalidGrant, Retry::Never));
}

/// The same request is the same address, whoever sees it.
pub async fn a_consents_address_is_pure_and_keeps_the_verifier(world: impl OAuthWorld) {
    let address = world.provider().authorize_url(&request(&world));
    assert_eq!(world.provider().authorize_url(&request(&world)), address);
    assert!(!address.contains(VERIFIER), "{address}");
    let (_, state) = world.agree(&address).await;
    assert_eq!(state, STATE);
}

/// With what is needed, a refresh token, and an end that is still to come.
pub async fn a_consent_leads_to_a_grant(world: impl OAuthWorld) {
    let grant = granted(&world).await;
    for needed in world.provider().needed_scopes() {
        assert!(grant.scopes.iter().any(|scope| scope == needed), "{needed} is not in {:?}", grant.scopes);
    }
    assert!(grant.expires_at > world.clock().now());
    assert!(!refresh_token(&grant).expose_secret().is_empty());
    world.provider().account(grant.access).await.expect("a token that works");
}

/// Who has seen it in an address cannot use it.
pub async fn a_code_works_once(world: impl OAuthWorld) {
    let code = code(&world).await;
    exchange(&world, &code, VERIFIER).await.expect("a grant");
    assert_invalid(exchange(&world, &code, VERIFIER).await);
}

/// Who has stolen it cannot use it (RFC 7636).
pub async fn a_code_works_with_its_verifier_only(world: impl OAuthWorld) {
    let code = code(&world).await;
    assert_invalid(exchange(&world, &code, &VERIFIER.to_lowercase()).await);
}

/// Somebody made it up.
pub async fn a_code_that_nobody_gave_is_an_invalid_grant(world: impl OAuthWorld) {
    assert_invalid(exchange(&world, &"nobody-s-code".into(), VERIFIER).await);
}

/// As often as needed, with the token it gives or the one that stays.
pub async fn a_refresh_gives_a_new_access_token(world: impl OAuthWorld) {
    let mut last = granted(&world).await;
    for _ in 0..2 {
        world.expire().await;
        let refresh = refresh_token(&last);
        let next = world.provider().refresh(refresh.clone()).await.expect("a grant");
        assert_ne!(next.access.expose_secret(), last.access.expose_secret());
        assert!(next.expires_at > world.clock().now());
        world.provider().account(next.access.clone()).await.expect("a token that works");
        last = Grant { refresh: next.refresh.or(Some(refresh)), ..next };
    }
}

/// Somebody made it up, or it is long gone.
pub async fn a_refresh_token_that_nobody_gave_is_an_invalid_grant(world: impl OAuthWorld) {
    assert_invalid(world.provider().refresh("nobody-s-token".into()).await);
}

/// Neither by refreshing nor with what was given before.
pub async fn a_revoked_grant_gives_no_more_tokens(world: impl OAuthWorld) {
    let grant = granted(&world).await;
    world.provider().revoke(refresh_token(&grant)).await.expect("revoked");
    assert_invalid(world.provider().refresh(refresh_token(&grant)).await);
    assert_invalid(world.provider().account(grant.access).await);
}

/// A token that is not known any more, or never was, counts as ended.
pub async fn a_revocation_may_be_repeated(world: impl OAuthWorld) {
    let refresh = refresh_token(&granted(&world).await);
    for token in [refresh.clone(), refresh, "nobody-s-token".into()] {
        world.provider().revoke(token).await.expect("ended");
    }
}

/// Nothing but a new consent helps.
pub async fn a_grant_that_the_person_ended_is_an_invalid_one(world: impl OAuthWorld) {
    let grant = granted(&world).await;
    world.withdraw().await;
    for _ in 0..2 {
        assert_invalid(world.provider().refresh(refresh_token(&grant)).await);
    }
}

/// Whichever of its tokens is shown.
pub async fn an_account_keeps_its_id(world: impl OAuthWorld) {
    let grant = granted(&world).await;
    let account = world.provider().account(grant.access.clone()).await.expect("an account");
    assert!(!account.id.is_empty());
    let next = world.provider().refresh(refresh_token(&grant)).await.expect("a grant");
    assert_eq!(world.provider().account(next.access).await.expect("an account"), account);
}

/// Nor one that nobody gave.
pub async fn a_token_that_ended_tells_no_account(world: impl OAuthWorld) {
    let grant = granted(&world).await;
    world.expire().await;
    for token in [grant.access, "nobody-s-token".into()] {
        assert_invalid(world.provider().account(token).await);
    }
}

/// Nobody has to connect again because of our own settings.
pub async fn a_client_that_is_refused_is_no_grants_fault(world: impl OAuthWorld) {
    let grant = granted(&world).await;
    let error = world.misconfigured().await.refresh(refresh_token(&grant)).await.expect_err("refused");
    assert_eq!((error.kind, error.retry), (OAuthErrorKind::Misconfigured, Retry::Never));
    world.provider().refresh(refresh_token(&grant)).await.expect("the grant is as it was");
}

/// The code may be used up.
pub async fn a_lost_exchange_is_unknown(world: impl OAuthWorld) {
    for trouble in [Trouble::LostBefore, Trouble::LostAfter] {
        let code = code(&world).await;
        world.next(trouble).await;
        let error = exchange(&world, &code, VERIFIER).await.expect_err("no answer");
        assert_eq!((error.kind, error.retry), (OAuthErrorKind::Unavailable, Retry::OutcomeUnknown), "{trouble:?}");
    }
}

/// What did not arrive may arrive the next time.
pub async fn a_lost_refresh_ends_no_connection(world: impl OAuthWorld) {
    let grant = granted(&world).await;
    world.next(Trouble::LostBefore).await;
    let error = world.provider().refresh(refresh_token(&grant)).await.expect_err("no answer");
    assert_eq!(error.kind, OAuthErrorKind::Unavailable);
    assert_ne!(error.retry, Retry::Never);
    world.provider().refresh(refresh_token(&grant)).await.expect("a grant");
}

/// The same code works afterwards.
pub async fn a_vendor_that_asks_for_a_pause_has_done_nothing(world: impl OAuthWorld) {
    let code = code(&world).await;
    world.next(Trouble::Busy).await;
    let error = exchange(&world, &code, VERIFIER).await.expect_err("busy");
    assert_eq!(error.kind, OAuthErrorKind::Unavailable);
    assert!(matches!(error.retry, Retry::After(_)), "{error:?}");
    exchange(&world, &code, VERIFIER).await.expect("a grant");
}

/// And it is worth another try.
pub async fn where_nobody_listens_nothing_was_done(world: impl OAuthWorld) {
    let (code, grant) = (code(&world).await, granted(&world).await);
    world.cut_off().await;
    let refresh = refresh_token(&grant);
    let errors = [
        exchange(&world, &code, VERIFIER).await.map(drop),
        world.provider().refresh(refresh.clone()).await.map(drop),
        world.provider().account(grant.access).await.map(drop),
    ];
    for error in errors.map(|answer| answer.expect_err("nobody")) {
        assert_eq!(error.kind, OAuthErrorKind::Unavailable);
        assert!(matches!(error.retry, Retry::After(_)), "{error:?}");
    }
}
