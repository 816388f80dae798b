//! Svix's signature (<https://docs.svix.com/receiving/verifying-payloads/how-manual>).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

/// What a secret begins with.
pub(crate) const SECRET: &str = "whsec_";
/// A request is no older, in seconds, nor from so far ahead: one that was overheard is of no use later.
const TOLERANCE: u64 = 300;

/// A request's signature and what it is over.
pub(crate) struct Signed<'a> {
    pub id: &'a str,
    pub timestamp: &'a str,
    pub body: &'a [u8],
    /// One for each secret while one is being replaced: `v1,BASE64 v1,BASE64`.
    pub signatures: &'a str,
}

impl Signed<'_> {
    /// Whether who has the secret made it, and just now.
    pub fn is_by(&self, secret: &str, now: Timestamp) -> bool {
        let Ok(second) = self.timestamp.parse::<i64>() else { return false };
        let key = secret.strip_prefix(SECRET).and_then(|key| STANDARD.decode(key).ok());
        let Some(key) = key.filter(|_| now.as_second().abs_diff(second) <= TOLERANCE) else { return false };
        let given = self.signatures.split(' ').filter_map(|one| one.strip_prefix("v1,"));
        given.filter_map(|one| STANDARD.decode(one).ok()).any(|given| self.verifies(&key, &given))
    }

    fn verifies(&self, key: &[u8], given: &[u8]) -> bool {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return false };
        for part in [self.id.as_bytes(), b".", self.timestamp.as_bytes(), b".", self.body] {
            mac.update(part);
        }
        // Takes the same time wherever the difference is.
        mac.verify_slice(given).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// As Svix's own library signs.
    const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const OTHER: &str = "whsec_AAAA9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNED: Signed<'static> = Signed {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp: "1614265330",
        body: b"{\"test\": 2432232314}",
        signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[rstest]
    #[case::now(0, true)]
    #[case::late(300, true)]
    #[case::early(-300, true)]
    #[case::too_late(301, false)]
    #[case::too_early(-301, false)]
    fn what_svix_signs_is_believed_for_a_while(#[case] after: i64, #[case] expected: bool) {
        assert_eq!(SIGNED.is_by(KEY, at(1_614_265_330 + after)), expected);
    }

    #[rstest]
    #[case::another_id(Signed { id: "msg_1", ..SIGNED })]
    #[case::another_time(Signed { timestamp: "1614265331", ..SIGNED })]
    #[case::another_body(Signed { body: b"{\"test\": 2432232315}", ..SIGNED })]
    #[case::no_signature(Signed { signatures: "", ..SIGNED })]
    #[case::another_version(Signed { signatures: "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", ..SIGNED })]
    #[case::cut_off(Signed { signatures: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1O==", ..SIGNED })]
    #[case::no_time(Signed { timestamp: "", ..SIGNED })]
    fn anything_else_is_not(#[case] signed: Signed<'static>) {
        assert!(!signed.is_by(KEY, at(1_614_265_330)));
    }

    #[test]
    fn one_of_several_signatures_is_enough_and_the_secret_is_the_companys() {
        let both = format!("v1,AAAA {} v1a,x", SIGNED.signatures);
        assert!(Signed { signatures: &both, ..SIGNED }.is_by(KEY, at(1_614_265_330)));
        assert!(!SIGNED.is_by(OTHER, at(1_614_265_330)));
        assert!(!SIGNED.is_by("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", at(1_614_265_330)));
    }
}
