//! Random secrets and their hashes.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::error::EngineError;

fn random() -> Result<[u8; 32], EngineError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| EngineError::NoRandomness)?;
    Ok(bytes)
}

/// 256 random bits, fit for an address.
pub(crate) fn token() -> Result<SecretString, EngineError> {
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(random()?)))
}

/// A signing secret in the spelling of Standard Webhooks.
pub(crate) fn webhook_secret() -> Result<SecretString, EngineError> {
    Ok(SecretString::from(format!("whsec_{}", STANDARD.encode(random()?))))
}

/// What is stored instead of a random secret: its SHA-256 in base64url. Enough for 256 random bits.
pub(crate) fn hash(secret: &SecretString) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret.expose_secret()))
}
