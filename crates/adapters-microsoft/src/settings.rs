use kopru_domain::email::Mailbox;
use kopru_domain::message::Trouble;
use kopru_ports::Retry;
use kopru_ports::gate::Limit;
use kopru_ports::messages::SendError;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::error::error;

/// What Exchange Online lets a mailbox send in a minute
/// (<https://learn.microsoft.com/en-us/office365/servicedescriptions/exchange-online-service-description/exchange-online-limits#sending-limits>).
const A_MINUTE: f64 = 30.0;
/// What is allowed to nobody.
const MOST_A_MINUTE: f64 = 1000.0;
/// Calls that a mailbox serves at once (<https://learn.microsoft.com/en-us/graph/throttling-limits#outlook-service-limits>).
const AT_ONCE: f64 = 4.0;

/// A company's settings for Outlook; nothing in them has to be said.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutlookSettings {
    /// From whom an e-mail is that does not say it: `Acme <satis@acme.com>`, the connected account's own address or one
    /// that it may send as.
    pub from: Option<Mailbox>,
    /// How many e-mails the mailbox may send in a minute, from 1 to 1000.
    pub messages_per_minute: f64,
}

impl Default for OutlookSettings {
    fn default() -> Self {
        Self { from: None, messages_per_minute: A_MINUTE }
    }
}

impl OutlookSettings {
    /// What is stored.
    ///
    /// # Errors
    /// [`Trouble::NotConfigured`].
    pub(crate) fn read(settings: &SecretString) -> Result<Self, SendError> {
        let read: Option<Self> = serde_json::from_str(settings.expose_secret()).ok();
        let sound = read.filter(|read| (1.0..=MOST_A_MINUTE).contains(&read.messages_per_minute));
        sound.ok_or_else(|| error(Trouble::NotConfigured, Retry::Never))
    }

    /// Exchange counts a sliding minute: what goes at once and what is regained over a minute are together what it allows.
    pub(crate) fn limit(&self, scope: String) -> Limit {
        let burst = AT_ONCE.min(self.messages_per_minute);
        let per_second = (self.messages_per_minute - burst).max(1.0) / 60.0;
        Limit { scope, per_second, burst, kept: (burst / AT_ONCE).floor() }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn read(settings: &Value) -> Result<OutlookSettings, SendError> {
        OutlookSettings::read(&settings.to_string().into())
    }

    #[test]
    fn nothing_has_to_be_said() {
        assert_eq!(read(&json!({})).unwrap(), OutlookSettings::default());
        let said = read(&json!({ "from": "Köprü <satis@example.com>", "messages_per_minute": 12 })).unwrap();
        let from = "Köprü <satis@example.com>".parse().ok();
        assert_eq!(said, OutlookSettings { from, messages_per_minute: 12.0 });
    }

    #[rstest]
    #[case::unknown(json!({ "form": "satis@example.com" }))]
    #[case::no_mailbox(json!({ "from": "Köprü" }))]
    #[case::none(json!({ "messages_per_minute": 0 }))]
    #[case::too_many(json!({ "messages_per_minute": 1001 }))]
    #[case::in_words(json!({ "messages_per_minute": "30" }))]
    #[case::no_object(json!("from"))]
    fn nothing_is_misspelt_in_silence(#[case] settings: Value) {
        let error = read(&settings).unwrap_err();
        assert_eq!((error.kind, error.retry), (Trouble::NotConfigured, Retry::Never));
    }

    #[rstest]
    #[case(1.0)]
    #[case(4.0)]
    #[case(30.0)]
    #[case(600.0)]
    fn a_minute_has_at_most_one_more_than_is_allowed_and_bulk_is_let_through(#[case] messages_per_minute: f64) {
        let limit = OutlookSettings { messages_per_minute, ..OutlookSettings::default() }.limit("s".to_owned());
        assert!(limit.burst >= limit.kept + 1.0, "{limit:?}");
        assert!(limit.burst + limit.per_second * 60.0 <= messages_per_minute + 1.0, "{limit:?}");
    }
}
