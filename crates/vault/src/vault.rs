//! XChaCha20-Poly1305: its 24-byte nonces can be random for any number of messages under one key.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use kopru_ports::seal::{SealContext, SealErrorKind, Sealer};
use kopru_ports::{PortError, Retry};
use secrecy::{ExposeSecret, SecretString};

use crate::keys::{self, Key, KeyError};

const VERSION: &str = "v1";
const NONCE: usize = 24;

type SealError = PortError<SealErrorKind>;

/// A ring of keys. `Debug` tells their ids only.
pub struct Vault {
    keys: Vec<Key>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.id)).finish()
    }
}

impl Vault {
    /// The keys in `text`, written `ID:BASE64[,ID:BASE64…]`; the first one seals.
    ///
    /// # Errors
    /// [`KeyError`], which does not repeat the text.
    pub fn from_keys(text: &SecretString) -> Result<Self, KeyError> {
        Ok(Self { keys: keys::parse(text)? })
    }

    /// A new key as text, for [`Vault::from_keys`].
    ///
    /// # Errors
    /// [`KeyError::Form`] when the id has signs that an id cannot have; [`KeyError::NoRandomness`].
    pub fn generate_key(id: &str) -> Result<SecretString, KeyError> {
        keys::generate(id)
    }

    fn seal_now(&self, context: &SealContext, secret: &str) -> Result<String, SealError> {
        let key = &self.keys[0];
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| broken())?;
        let payload = Payload { msg: secret.as_bytes(), aad: &bound_to(context, &key.id) };
        let sealed = cipher(key).encrypt(&XNonce::from(nonce), payload).map_err(|_| broken())?;
        let body = URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat());
        Ok(format!("{VERSION}.{}.{body}", key.id))
    }

    fn open_now(&self, context: &SealContext, sealed: &str) -> Result<SecretString, SealError> {
        let mut parts = sealed.splitn(3, '.');
        let (Some(VERSION), Some(id), Some(body)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(broken());
        };
        let key = self.keys.iter().find(|key| key.id == id).ok_or_else(|| error(SealErrorKind::UnknownKey))?;
        let bytes = URL_SAFE_NO_PAD.decode(body).map_err(|_| broken())?;
        let (nonce, msg) = bytes.split_first_chunk::<NONCE>().ok_or_else(broken)?;
        let payload = Payload { msg, aad: &bound_to(context, id) };
        let opened = cipher(key).decrypt(&XNonce::from(*nonce), payload).map_err(|_| broken())?;
        String::from_utf8(opened).map(SecretString::from).map_err(|_| broken())
    }
}

#[async_trait]
impl Sealer for Vault {
    async fn seal(&self, context: &SealContext, secret: &SecretString) -> Result<String, SealError> {
        self.seal_now(context, secret.expose_secret())
    }

    async fn open(&self, context: &SealContext, sealed: &str) -> Result<SecretString, SealError> {
        self.open_now(context, sealed)
    }

    fn is_current(&self, sealed: &str) -> bool {
        sealed.split('.').nth(1) == Some(self.keys[0].id.as_str())
    }
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.bytes.expose_secret().into())
}

/// What a sealed text belongs to, each part with its length before it: no two contexts look alike.
fn bound_to(context: &SealContext, key: &str) -> Vec<u8> {
    let parts = [VERSION, key, context.company.as_str(), &context.owner, &context.purpose];
    let with_length = |part: &str| [&(part.len() as u64).to_be_bytes(), part.as_bytes()].concat();
    parts.into_iter().flat_map(with_length).collect()
}

fn error(kind: SealErrorKind) -> SealError {
    PortError::new("vault", kind, Retry::Never)
}

fn broken() -> SealError {
    error(SealErrorKind::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> SealContext {
        SealContext { company: "acme".parse().unwrap(), owner: "ayse".into(), purpose: "token".into() }
    }

    fn vault(ids: &[&str]) -> (Vault, Vec<SecretString>) {
        let keys: Vec<_> = ids.iter().map(|id| Vault::generate_key(id).unwrap()).collect();
        let text = keys.iter().map(ExposeSecret::expose_secret).collect::<Vec<_>>().join(",");
        (Vault::from_keys(&text.into()).unwrap(), keys)
    }

    #[test]
    fn what_was_sealed_opens_for_its_own_context_only() {
        let (vault, _) = vault(&["a"]);
        let sealed = vault.seal_now(&context(), "s3cret").unwrap();
        assert_eq!(vault.open_now(&context(), &sealed).unwrap().expose_secret(), "s3cret");
        let others = [
            SealContext { company: "acm".parse().unwrap(), owner: "eayse".into(), ..context() },
            SealContext { owner: "ayşe".into(), ..context() },
            SealContext { purpose: "tokens".into(), ..context() },
        ];
        for other in others {
            assert_eq!(vault.open_now(&other, &sealed).unwrap_err().kind, SealErrorKind::Broken);
        }
    }

    #[test]
    fn a_change_of_any_sign_is_noticed() {
        let (vault, _) = vault(&["a"]);
        let sealed = vault.seal_now(&context(), "s3cret").unwrap();
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(vault.open_now(&context(), &String::from_utf8(bytes).unwrap()).is_err(), "sign {at}");
        }
    }

    #[test]
    fn an_older_key_still_opens_and_an_unknown_one_is_named_so() {
        let (old, keys) = vault(&["old"]);
        let sealed = old.seal_now(&context(), "s3cret").unwrap();
        let new = Vault::generate_key("new").unwrap();
        let both = Vault::from_keys(&format!("{},{}", new.expose_secret(), keys[0].expose_secret()).into()).unwrap();
        assert_eq!(both.open_now(&context(), &sealed).unwrap().expose_secret(), "s3cret");
        assert!(both.is_current(&both.seal_now(&context(), "x").unwrap()) && !both.is_current(&sealed));
        let other = Vault::from_keys(&new).unwrap();
        assert_eq!(other.open_now(&context(), &sealed).unwrap_err().kind, SealErrorKind::UnknownKey);
    }

    #[test]
    fn the_same_secret_never_looks_the_same_and_keys_are_shown_nowhere() {
        let (vault, keys) = vault(&["a"]);
        assert_ne!(vault.seal_now(&context(), "x").unwrap(), vault.seal_now(&context(), "x").unwrap());
        assert!(!format!("{vault:?}").contains(&keys[0].expose_secret()[2..]));
    }
}
