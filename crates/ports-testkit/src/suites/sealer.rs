//! [`Sealer`]'s clauses, for two sealers that have keys of their own.

use kopru_ports::PortError;
use kopru_ports::seal::{SealContext, SealErrorKind, Sealer};
use secrecy::{ExposeSecret as _, SecretString};

/// Runs the clauses of [`Sealer`]: `$sealers` gives a future of two sealers, neither of which has the other's keys.
#[macro_export]
macro_rules! sealer_suite {
    ($sealers:expr $(; skip: [$($skip:tt)*])?) => {
        $crate::clauses!(async { Some($sealers.await) }, sealer: [
            what_was_sealed_opens_for_its_own_context,
            what_was_sealed_opens_for_nothing_else,
            what_was_changed_does_not_open,
            what_was_never_sealed_does_not_open,
            a_key_that_is_not_at_hand_is_told_from_damage,
            a_sealed_text_is_printable_and_hides_the_secret,
        ], skip: [$($($skip)*)?]);
    };
}

const SECRET: &str = "1//s3cret-ş€";

fn context() -> SealContext {
    SealContext { company: "acme".parse().expect("an id"), owner: "ayse".into(), purpose: "token".into() }
}

async fn seal(sealer: &dyn Sealer, secret: &str) -> String {
    sealer.seal(&context(), &secret.into()).await.expect("sealed")
}

fn kind(opened: Result<SecretString, PortError<SealErrorKind>>) -> SealErrorKind {
    opened.expect_err("it must not open").kind
}

/// Whatever the secret is.
pub async fn what_was_sealed_opens_for_its_own_context((sealer, _): (impl Sealer, impl Sealer)) {
    for secret in [SECRET, "", &"x".repeat(20_000)] {
        let opened = sealer.open(&context(), &seal(&sealer, secret).await).await.expect("opened");
        assert_eq!(opened.expose_secret(), secret);
    }
}

/// Neither for another company, owner or purpose, nor where the same letters are divided otherwise.
pub async fn what_was_sealed_opens_for_nothing_else((sealer, _): (impl Sealer, impl Sealer)) {
    let text = seal(&sealer, SECRET).await;
    let company = |id: &str| id.parse().expect("an id");
    let others = [
        SealContext { company: company("other"), ..context() },
        SealContext { owner: "mehmet".into(), ..context() },
        SealContext { purpose: "settings".into(), ..context() },
        SealContext { company: company("acm"), owner: "eayse".into(), ..context() },
        SealContext { owner: "ayset".into(), purpose: "oken".into(), ..context() },
    ];
    for other in others {
        assert_eq!(kind(sealer.open(&other, &text).await), SealErrorKind::Broken, "{other:?}");
    }
}

/// A change of its last sign, or a part that is missing.
pub async fn what_was_changed_does_not_open((sealer, _): (impl Sealer, impl Sealer)) {
    let text = seal(&sealer, SECRET).await;
    let (middle, last) = (text.len() / 2, text.chars().last());
    let mut changed = text.clone();
    changed.replace_range(middle..=middle, if &text[middle..=middle] == "A" { "B" } else { "A" });
    for damaged in [changed.as_str(), &text[..middle], &format!("{text}{}", last.unwrap_or('A'))] {
        assert_eq!(kind(sealer.open(&context(), damaged).await), SealErrorKind::Broken, "{damaged}");
    }
}

/// Nor is it taken for the secret itself.
pub async fn what_was_never_sealed_does_not_open((sealer, _): (impl Sealer, impl Sealer)) {
    for plain in ["", SECRET] {
        assert_eq!(kind(sealer.open(&context(), plain).await), SealErrorKind::Broken, "{plain}");
    }
}

/// Somebody who forgot a key can still bring it; a damaged text stays damaged.
pub async fn a_key_that_is_not_at_hand_is_told_from_damage((sealer, other): (impl Sealer, impl Sealer)) {
    let text = seal(&sealer, SECRET).await;
    assert_eq!(kind(other.open(&context(), &text).await), SealErrorKind::UnknownKey);
}

/// It goes into any store, and nobody can tell by it that two secrets are the same.
pub async fn a_sealed_text_is_printable_and_hides_the_secret((sealer, _): (impl Sealer, impl Sealer)) {
    let text = seal(&sealer, SECRET).await;
    assert!(text.chars().all(|sign| sign.is_ascii_graphic()), "{text}");
    assert!(!text.contains("s3cret"), "{text}");
    assert_ne!(text, seal(&sealer, SECRET).await);
}
