use kopru_domain::email::Mailbox;
use kopru_domain::message::Trouble;
use kopru_ports::Retry;
use kopru_ports::messages::{SendError, Sender};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::error::{ADAPTER, error};

/// A company's settings for Resend.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResendConfig {
    /// The key that we call with: `re_…`; one that may send only will do.
    pub api_key: SecretString,
    /// From whom an e-mail is that does not say it: `Acme <satis@acme.com>`, of a domain that is verified at Resend.
    #[serde(default)]
    pub from: Option<Mailbox>,
    /// The webhook's signing secret: `whsec_…`; without it nothing that comes in is believed.
    #[serde(default)]
    pub webhook_secret: Option<SecretString>,
    /// How many requests the team may make in a second.
    #[serde(default = "two")]
    pub requests_per_second: f64,
}

/// What every team may ask for.
fn two() -> f64 {
    2.0
}

/// Where Resend is; not a company's to choose.
#[derive(Debug, Clone)]
pub struct ResendAddresses {
    /// What stands before `/emails`, without a slash at its end.
    pub api: String,
}

impl Default for ResendAddresses {
    fn default() -> Self {
        Self { api: "https://api.resend.com".to_owned() }
    }
}

impl ResendAddresses {
    /// A stand-in below one address.
    #[must_use]
    pub fn at(base: &str) -> Self {
        Self { api: base.trim_end_matches('/').to_owned() }
    }
}

impl ResendConfig {
    /// What is stored.
    ///
    /// # Errors
    /// [`Trouble::NotConfigured`]; what serde says of it could hold a secret.
    pub(crate) fn read(settings: &SecretString) -> Result<Self, SendError> {
        serde_json::from_str(settings.expose_secret()).map_err(|_| error(Trouble::NotConfigured, Retry::Never))
    }

    /// A team has one pace for all its domains.
    pub(crate) fn sender(&self) -> Sender {
        Sender { account: self.account(), name: "team".to_owned(), per_second: self.requests_per_second }
    }

    /// What companies with one key have in common, and two keys have not, without the key.
    pub(crate) fn account(&self) -> String {
        let hash = Sha256::digest(self.api_key.expose_secret().as_bytes());
        let hash = hash.iter().take(8).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        format!("{ADAPTER}:{hash}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn config(settings: &Value) -> Result<ResendConfig, SendError> {
        ResendConfig::read(&settings.to_string().into())
    }

    #[test]
    fn nothing_is_misspelt_in_silence_and_no_secret_is_told() {
        let read = config(&json!({ "api_key": "re_s3cret", "webhook_secret": "whsec_t0ken" })).unwrap();
        assert!(!format!("{read:?}").contains("s3cret") && !format!("{read:?}").contains("t0ken"));
        let error = config(&json!({ "api_key": "re_s3cret", "form": "a@example.com" })).unwrap_err();
        assert_eq!((error.kind, error.retry), (Trouble::NotConfigured, Retry::Never));
    }

    #[test]
    fn who_shares_a_key_shares_its_pace_and_the_pace_does_not_tell_it() {
        let account = |key: &str| config(&json!({ "api_key": key })).unwrap().account();
        assert_eq!(account("re_s3cret_of_ours"), account("re_s3cret_of_ours"));
        assert_ne!(account("re_s3cret_of_ours"), account("re_s3cret_of_theirs"));
        assert!(!account("re_s3cret_of_ours").contains("s3cret"));
    }

    #[test]
    fn a_stand_in_is_named_with_or_without_a_slash() {
        assert_eq!(ResendAddresses::at("http://127.0.0.1:1/resend/").api, "http://127.0.0.1:1/resend");
    }
}
