//! What all vendors' webhooks have in common: their order, and the signature that several share.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// In which order they come, if they do: nothing of it is promised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    #[default]
    Ordered,
    /// The last one of a message first.
    Reversed,
    /// Each one twice.
    Repeated,
    /// None before the next mode is set.
    Held,
    Never,
}

/// Webhooks on their way out, each with the message that it is about.
#[derive(Debug)]
pub(crate) struct Outbox<W> {
    pub mode: Mode,
    held: Vec<(String, W)>,
}

impl<W> Default for Outbox<W> {
    fn default() -> Self {
        Self { mode: Mode::default(), held: Vec::new() }
    }
}

impl<W: Clone> Outbox<W> {
    /// What goes now that there is one more.
    pub fn admit(&mut self, about: &str, webhook: W, is_last: bool) -> Vec<W> {
        match self.mode {
            Mode::Ordered => vec![webhook],
            Mode::Repeated => vec![webhook.clone(), webhook],
            Mode::Never => Vec::new(),
            Mode::Held | Mode::Reversed => {
                self.held.push((about.to_owned(), webhook));
                if self.mode == Mode::Reversed && is_last { self.backwards(about) } else { Vec::new() }
            }
        }
    }

    fn backwards(&mut self, about: &str) -> Vec<W> {
        let own: Vec<_> = self.held.extract_if(.., |(held, _)| held == about).collect();
        own.into_iter().rev().map(|(_, webhook)| webhook).collect()
    }

    /// What the mode before held.
    pub fn switch(&mut self, mode: Mode) -> Vec<(String, W)> {
        self.mode = mode;
        std::mem::take(&mut self.held)
    }
}

/// The key in `whsec_…`.
pub(crate) fn key(secret: &str) -> Option<Vec<u8>> {
    STANDARD.decode(secret.strip_prefix("whsec_")?).ok()
}

/// <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>, and
/// <https://docs.svix.com/receiving/verifying-payloads/how-manual>.
pub(crate) fn sign(key: &[u8], id: &str, timestamp: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks libraries, and of Svix's.
    #[test]
    fn signs_as_the_specification_does() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = sign(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
