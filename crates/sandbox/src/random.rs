//! Unguessable identifiers: tokens, codes, message ids.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// `bytes` random bytes as URL-safe text. Without a source of randomness the
/// machine is broken, and a simulator may stop.
pub(crate) fn token(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer).expect("the system has a source of randomness");
    URL_SAFE_NO_PAD.encode(buffer)
}

/// 32 random hexadecimal digits.
pub(crate) fn hex() -> String {
    let mut buffer = [0; 16];
    getrandom::fill(&mut buffer).expect("the system has a source of randomness");
    format!("{:032x}", u128::from_ne_bytes(buffer))
}

/// A random UUID, version 4.
pub(crate) fn uuid() -> String {
    let digits = hex();
    let part = |from: usize, to: usize| &digits[from..to];
    format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}
