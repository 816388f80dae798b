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
    let [a, b, c, d, e] = [&digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..]];
    format!("{a}-{b}-4{c}-8{d}-{e}")
}
