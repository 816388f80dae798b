use kopru_domain::email::Mailbox;
use kopru_domain::message::Trouble;
use kopru_ports::Retry;
use kopru_ports::messages::SendError;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::error::error;

/// Google lets an account send so many in a minute at the most.
const MOST_A_MINUTE: f64 = 150.0;

/// A company's settings for Gmail.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GmailConfig {
    /// From whom an e-mail is that does not say it: `Acme <satis@acme.com>`, the account's own address or an alias of it.
    #[serde(default)]
    pub from: Option<Mailbox>,
    /// How many e-mails go in a minute.
    #[serde(default = "usual")]
    pub messages_per_minute: f64,
}

/// What every Cloud project has for an account: 6,000 units, of which an e-mail takes 100.
fn usual() -> f64 {
    60.0
}

impl GmailConfig {
    /// What is stored.
    ///
    /// # Errors
    /// [`Trouble::NotConfigured`].
    pub(super) fn read(settings: &SecretString) -> Result<Self, SendError> {
        let read: Option<Self> = serde_json::from_str(settings.expose_secret()).ok();
        let sound =
            read.filter(|config| config.messages_per_minute > 0.0 && config.messages_per_minute <= MOST_A_MINUTE);
        sound.ok_or_else(|| error(Trouble::NotConfigured, Retry::Never))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn read(settings: &Value) -> Result<GmailConfig, SendError> {
        GmailConfig::read(&settings.to_string().into())
    }

    #[test]
    fn nothing_has_to_be_said() {
        let config = read(&json!({})).unwrap();
        assert_eq!((config.from, config.messages_per_minute), (None, 60.0));
        let config = read(&json!({ "from": "Köprü <satis@example.com>", "messages_per_minute": 150 })).unwrap();
        assert_eq!(config.from.map(String::from).as_deref(), Some("Köprü <satis@example.com>"));
    }

    #[rstest]
    #[case::unknown(json!({ "form": "satis@example.com" }))]
    #[case::no_mailbox(json!({ "from": "Köprü" }))]
    #[case::none(json!({ "messages_per_minute": 0 }))]
    #[case::too_many(json!({ "messages_per_minute": 151 }))]
    #[case::in_words(json!({ "messages_per_minute": "60" }))]
    fn nothing_is_misspelt_in_silence(#[case] settings: Value) {
        let error = read(&settings).unwrap_err();
        assert_eq!((error.kind, error.retry), (Trouble::NotConfigured, Retry::Never));
    }
}
