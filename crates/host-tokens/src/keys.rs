use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{AlgorithmFamily, DecodingKey, Header, Validation};
use kopru_http_client::{HttpClient, Method};
use kopru_ports::host::{HostError, HostErrorKind};
use kopru_ports::{PortError, Retry};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

pub(crate) const ADAPTER: &str = "host tokens";
/// HMAC keys are as long as the hash (RFC 7518, 3.2).
const SHORTEST: usize = 32;
/// Keys are looked up again after so long, since a host may withdraw one.
const FRESH: Duration = Duration::from_mins(10);
/// A host that does not answer withdraws nothing: its keys are good for so long, but not for ever.
const GOOD: Duration = Duration::from_hours(24);
/// A host that did not answer is left alone for so long.
const PAUSE: Duration = Duration::from_secs(5);
/// A token with an unknown key makes us look again, but not for every token.
const AGAIN: Duration = Duration::from_secs(30);

/// What a host signs its tokens with.
pub enum Keys {
    /// A secret that both know.
    Shared(DecodingKey),
    /// Keys at an address of the host's.
    Published(Published),
}

/// A secret that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Too short.
    #[error("the shared secret has to have 32 characters or more")]
    TooShort,
}

/// A host's published keys (RFC 7517), as they were last seen.
pub struct Published {
    http: HttpClient,
    address: String,
    seen: Mutex<Seen>,
    /// Held by whoever looks.
    looking: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Seen {
    keys: Option<(JwkSet, Instant)>,
    tried: Option<Instant>,
}

impl Keys {
    /// A secret that both know.
    ///
    /// # Errors
    /// [`KeyError`]
    pub fn shared(secret: &SecretString) -> Result<Self, KeyError> {
        let bytes = secret.expose_secret().as_bytes();
        if bytes.len() < SHORTEST { Err(KeyError::TooShort) } else { Ok(Self::Shared(DecodingKey::from_secret(bytes))) }
    }

    /// The keys at a host's address.
    #[must_use]
    pub fn published(http: HttpClient, address: String) -> Self {
        Self::Published(Published { http, address, seen: Mutex::default(), looking: tokio::sync::Mutex::default() })
    }

    /// The key for a token with this header, and the algorithms that it is good for.
    pub(crate) async fn of(&self, header: &Header) -> Result<(DecodingKey, Validation), HostError> {
        match self {
            Self::Shared(key) => Ok((key.clone(), Validation::new_for_family(AlgorithmFamily::Hmac))),
            Self::Published(keys) => public(&keys.find(header.kid.as_deref()).await?).ok_or_else(refused),
        }
    }
}

/// A public key: a published secret would be everybody's.
fn public(jwk: &Jwk) -> Option<(DecodingKey, Validation)> {
    let key = DecodingKey::from_jwk(jwk).ok().filter(|key| key.family() != AlgorithmFamily::Hmac)?;
    let validation = match jwk.common.key_algorithm {
        Some(algorithm) => Validation::new(algorithm.to_string().parse().ok()?),
        None => Validation::new_for_family(key.family()),
    };
    Some((key, validation))
}

impl Published {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key with that id; without one the only key. One caller looks at a time; whoever has a key that was good a while
    /// ago does not wait for that.
    async fn find(&self, id: Option<&str>) -> Result<Jwk, HostError> {
        let known = self.seen().key(id);
        let _turn = match known {
            Some((key, true)) => return Ok(key),
            Some((key, false)) => match self.looking.try_lock() {
                Ok(turn) => turn,
                Err(_) => return Ok(key),
            },
            None => self.looking.lock().await,
        };
        let looked = self.look().await;
        let known = self.seen().key(id);
        known.map_or_else(|| Err(looked.err().unwrap_or_else(refused)), |(key, _)| Ok(key))
    }

    /// Looks again, unless somebody just did. What comes of it is remembered, also that nothing came.
    async fn look(&self) -> Result<(), HostError> {
        let told = self.seen().just_told();
        if let Some(told) = told {
            return told;
        }
        // Also for a caller who does not wait for the end.
        self.seen().tried = Some(Instant::now());
        let fetched = self.fetch().await;
        let now = Instant::now();
        self.seen().tried = Some(now);
        self.seen().keys = Some((fetched?, now));
        Ok(())
    }

    async fn fetch(&self) -> Result<JwkSet, HostError> {
        let reply = self.http.send(self.http.request(Method::GET, &self.address)).await;
        let reply = reply.map_err(|error| unavailable(None).caused_by(error))?;
        match reply.status {
            200 => reply.json().map_err(|error| unavailable(None).caused_by(error)),
            _ => Err(unavailable(reply.retry_after())),
        }
    }
}

impl Seen {
    /// The key with that id, and whether it need not be looked up again yet.
    fn key(&self, id: Option<&str>) -> Option<(Jwk, bool)> {
        let (keys, at) = self.keys.as_ref().filter(|(_, at)| at.elapsed() < GOOD)?;
        Some((of_id(keys, id)?, at.elapsed() < FRESH))
    }

    /// What the host said just now, or that it said nothing.
    fn just_told(&self) -> Option<Result<(), HostError>> {
        if self.keys.as_ref().is_some_and(|(_, at)| at.elapsed() < AGAIN) {
            return Some(Ok(()));
        }
        let left = PAUSE.checked_sub(self.tried?.elapsed())?;
        Some(Err(unavailable(Some(left))))
    }
}

fn unavailable(after: Option<Duration>) -> HostError {
    PortError::new(ADAPTER, HostErrorKind::Unavailable, Retry::After(after))
}

fn of_id(keys: &JwkSet, id: Option<&str>) -> Option<Jwk> {
    match (id, keys.keys.as_slice()) {
        (Some(id), _) => keys.find(id).cloned(),
        (None, [only]) => Some(only.clone()),
        (None, _) => None,
    }
}

pub(crate) fn refused() -> HostError {
    PortError::new(ADAPTER, HostErrorKind::Refused, Retry::Never)
}
