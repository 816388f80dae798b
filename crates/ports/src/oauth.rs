//! The vendor's side of a consent, and the single-use states that tie a consent to a person.

use std::ops::Range;

use async_trait::async_trait;
use jiff::Timestamp;
use kopru_domain::UserId;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::audit::Actor;
use crate::error::{PortError, StoreError};
use crate::seal::SealedPlace;
use crate::tokens::TokenKey;

/// Why a consent or a refresh failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OAuthErrorKind {
    /// The code or the refresh token is used up, expired or revoked.
    InvalidGrant,
    /// The vendor does not accept our client id, secret or return address.
    Misconfigured,
    /// The vendor does not answer.
    Unavailable,
    /// The vendor's answer cannot be read.
    Protocol,
}

/// A consent about to be asked for.
#[derive(Debug, Clone)]
pub struct AuthorizeRequest {
    /// Unguessable text that comes back with the answer.
    pub state: SecretString,
    /// PKCE verifier; its S256 challenge goes into the address.
    pub verifier: SecretString,
    /// Where the vendor sends the person back to.
    pub redirect_uri: String,
}

/// What a vendor grants.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The access token.
    pub access: SecretString,
    /// A refresh token; `None` leaves the stored one in place.
    pub refresh: Option<SecretString>,
    /// When the access token ends.
    pub expires_at: Timestamp,
    /// What was granted, which can be less or more than was asked.
    pub scopes: Vec<String>,
}

/// The account that granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Stable id at the vendor.
    pub id: String,
    /// E-mail address.
    pub email: String,
}

/// A vendor's OAuth 2.0 endpoints.
#[async_trait]
pub trait OAuthProvider: Send + Sync {
    /// The address to send the person to, with the state in it and without the verifier. Pure.
    fn authorize_url(&self, request: &AuthorizeRequest) -> String;

    /// The scopes without which the connection is of no use.
    fn needed_scopes(&self) -> &[&'static str];

    /// Exchanges a code. Not repeatable: a code works once, and with its verifier only where the vendor knows PKCE.
    /// Where no answer came, the code may be used up: [`crate::Retry::OutcomeUnknown`].
    async fn exchange(
        &self,
        code: SecretString,
        verifier: SecretString,
        redirect_uri: &str,
    ) -> Result<Grant, PortError<OAuthErrorKind>>;

    /// A new access token. May be tried again where no answer came; a vendor that replaces refresh tokens may then
    /// say [`OAuthErrorKind::InvalidGrant`], as it does of whatever it did not give or has ended.
    async fn refresh(&self, refresh: SecretString) -> Result<Grant, PortError<OAuthErrorKind>>;

    /// Ends the grant at the vendor; a token that is not known any more counts as ended. Repeatable.
    async fn revoke(&self, token: SecretString) -> Result<(), PortError<OAuthErrorKind>>;

    /// Whose account the token is; [`OAuthErrorKind::InvalidGrant`] where it has ended. Repeatable.
    async fn account(&self, access: SecretString) -> Result<Account, PortError<OAuthErrorKind>>;
}

/// A consent under way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PendingConsent {
    /// For whom.
    pub key: TokenKey,
    /// The PKCE verifier, sealed.
    pub sealed_verifier: String,
    /// Where the person goes afterwards; a path of ours or an allowed address.
    pub return_to: String,
    /// By what whoever began it is known again, where it is one person: it has to end with the same one.
    #[serde(default)]
    pub session: Option<String>,
    /// Whether that is shown with a code, which the browser is given at its return; otherwise by the browser itself.
    #[serde(default)]
    pub by_code: bool,
    /// What the vendor gives tokens for, sealed, from the browser's return until whoever began it shows that code.
    #[serde(default)]
    pub sealed_code: Option<String>,
    /// Who began it.
    #[serde(default)]
    pub actor: Actor,
}

impl PendingConsent {
    /// What is sealed of it, where it is known by that hash.
    #[must_use]
    pub fn sealed(&self, hash: String) -> Vec<(SealedPlace, String)> {
        let verifier = (SealedPlace::Verifier(self.key.clone(), hash.clone()), self.sealed_verifier.clone());
        let code = self.sealed_code.clone().map(|code| (SealedPlace::Code(self.key.clone(), hash), code));
        std::iter::once(verifier).chain(code).collect()
    }

    /// Whether it is for the person, or the person began it.
    #[must_use]
    pub fn is_of(&self, person: &UserId) -> bool {
        self.key.user == *person || self.actor.user.as_ref() == Some(person)
    }
}

/// Keeps consents under way, by the hash of their state, later by that of the code which stands for it.
#[async_trait]
pub trait ConsentStore: Send + Sync {
    /// Stores a consent from now until its end, and forgets its company's expired ones. [`crate::StoreErrorKind::Conflict`]
    /// where there is no such company.
    async fn put(&self, state_hash: &str, consent: PendingConsent, time: Range<Timestamp>) -> Result<(), StoreError>;

    /// Gives a consent once, if it has not expired.
    async fn take(&self, state_hash: &str, now: Timestamp) -> Result<Option<PendingConsent>, StoreError>;
}
