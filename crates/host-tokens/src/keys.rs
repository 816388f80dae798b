use std::time::Duration;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{AlgorithmFamily, DecodingKey, Header, Validation};
use kopru_http_client::{HttpClient, Method};
use kopru_ports::host::{HostError, HostErrorKind};
use kopru_ports::{PortError, Retry};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;
use tokio::time::Instant;

pub(crate) const ADAPTER: &str = "host tokens";
/// HMAC keys are as long as the hash (RFC 7518, 3.2).
const SHORTEST: usize = 32;
/// Keys are looked up again after so long, since a host may withdraw one.
const FRESH: Duration = Duration::from_mins(10);
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
    seen: Mutex<Option<(JwkSet, Instant)>>,
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
        Self::Published(Published { http, address, seen: Mutex::new(None) })
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
    /// The key with that id; without one the only key.
    async fn find(&self, id: Option<&str>) -> Result<Jwk, HostError> {
        let mut seen = self.seen.lock().await;
        let age = seen.as_ref().map(|(_, at)| at.elapsed());
        let known = seen.as_ref().and_then(|(keys, _)| of_id(keys, id));
        if let (Some(key), true) = (known, age.is_some_and(|age| age < FRESH)) {
            return Ok(key);
        }
        if age.is_some_and(|age| age < AGAIN) {
            return Err(refused());
        }
        let keys = self.fetch().await?;
        let key = of_id(&keys, id);
        *seen = Some((keys, Instant::now()));
        key.ok_or_else(refused)
    }

    async fn fetch(&self) -> Result<JwkSet, HostError> {
        let unavailable =
            |error| PortError::new(ADAPTER, HostErrorKind::Unavailable, Retry::After(None)).caused_by(error);
        let reply = self.http.send(self.http.request(Method::GET, &self.address)).await.map_err(unavailable)?;
        match reply.status {
            200 => reply.json().map_err(unavailable),
            _ => Err(PortError::new(ADAPTER, HostErrorKind::Unavailable, Retry::After(reply.retry_after()))),
        }
    }
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
