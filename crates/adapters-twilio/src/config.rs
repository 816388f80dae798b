use kopru_domain::message::{Channel, Trouble};
use kopru_ports::Retry;
use kopru_ports::messages::{SendError, Sender};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::error::error;
use crate::map::address;

/// A company's settings for Twilio.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TwilioConfig {
    /// The account: `AC…`.
    pub account_sid: String,
    /// Its auth token. Twilio signs its requests with it, also where an API key is used for ours.
    pub auth_token: SecretString,
    /// The API key that we call with: `SK…`; without one, it is the auth token.
    #[serde(default)]
    pub api_key_sid: Option<String>,
    /// The key's secret.
    #[serde(default)]
    pub api_key_secret: Option<SecretString>,
    /// The number, name or short code that SMS come from.
    #[serde(default)]
    pub from_sms: Option<String>,
    /// The number that WhatsApp messages come from, with or without `whatsapp:`.
    #[serde(default)]
    pub from_whatsapp: Option<String>,
    /// The Messaging Service that chooses a sender where there is none of the channel's own, and that keeps
    /// messages until their time: `MG…`.
    #[serde(default)]
    pub messaging_service_sid: Option<String>,
    /// How many messages a sender takes in a second.
    #[serde(default = "one")]
    pub messages_per_second: f64,
}

/// A long code's pace, the slowest there is.
fn one() -> f64 {
    1.0
}

/// Where Twilio is; not a company's to choose.
#[derive(Debug, Clone)]
pub struct TwilioAddresses {
    /// What stands before `/2010-04-01`, without a slash at its end.
    pub api: String,
}

impl Default for TwilioAddresses {
    fn default() -> Self {
        Self { api: "https://api.twilio.com".to_owned() }
    }
}

impl TwilioAddresses {
    /// A stand-in below one address.
    #[must_use]
    pub fn at(base: &str) -> Self {
        Self { api: base.trim_end_matches('/').to_owned() }
    }
}

impl TwilioConfig {
    /// What is stored.
    ///
    /// # Errors
    /// [`Trouble::NotConfigured`]; what serde says of it could hold a secret.
    pub(crate) fn read(settings: &SecretString) -> Result<Self, SendError> {
        serde_json::from_str(settings.expose_secret()).map_err(|_| error(Trouble::NotConfigured, Retry::Never))
    }

    /// The channel's own sender, as Twilio writes it.
    pub(crate) fn own_sender(&self, channel: Channel) -> Option<String> {
        let own = match channel {
            Channel::Sms => self.from_sms.as_deref(),
            Channel::WhatsApp => self.from_whatsapp.as_deref(),
            Channel::Email => None,
        };
        own.map(|number| address(channel, number))
    }

    pub(crate) fn sender(&self, channel: Channel) -> Result<Sender, SendError> {
        let service = self.messaging_service_sid.clone().filter(|_| channel.rings());
        let name = self.own_sender(channel).or(service);
        let name = name.ok_or_else(|| error(Trouble::NotConfigured, Retry::Never))?;
        Ok(Sender { account: self.account_sid.clone(), name, per_second: self.messages_per_second })
    }

    /// User and password of our calls.
    pub(crate) fn credentials(&self) -> (&str, &str) {
        match (&self.api_key_sid, &self.api_key_secret) {
            (Some(key), Some(secret)) => (key, secret.expose_secret()),
            _ => (&self.account_sid, self.auth_token.expose_secret()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn config(more: &Value) -> Result<TwilioConfig, SendError> {
        let mut settings = json!({ "account_sid": "AC1", "auth_token": "t0ken" });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        TwilioConfig::read(&settings.to_string().into())
    }

    #[test]
    fn nothing_is_misspelt_in_silence_and_no_secret_is_told() {
        let read = config(&json!({ "api_key_sid": "SK1", "api_key_secret": "s3cret" })).unwrap();
        assert!(!format!("{read:?}").contains("s3cret") && !format!("{read:?}").contains("t0ken"));
        let error = config(&json!({ "from": "+15005550006" })).unwrap_err();
        assert_eq!((error.kind, error.retry), (Trouble::NotConfigured, Retry::Never));
    }

    #[test]
    fn a_key_calls_where_there_is_one() {
        assert_eq!(config(&json!({})).unwrap().credentials(), ("AC1", "t0ken"));
        let key = json!({ "api_key_sid": "SK1", "api_key_secret": "s3cret" });
        assert_eq!(config(&key).unwrap().credentials(), ("SK1", "s3cret"));
    }

    #[rstest]
    #[case::own_number(json!({ "from_sms": "+15005550006", "messaging_service_sid": "MG1" }), Channel::Sms, Some("+15005550006"))]
    #[case::service(json!({ "from_sms": "+15005550006", "messaging_service_sid": "MG1" }), Channel::WhatsApp, Some("MG1"))]
    #[case::bare(json!({ "from_whatsapp": "+15005550006" }), Channel::WhatsApp, Some("whatsapp:+15005550006"))]
    #[case::prefixed(json!({ "from_whatsapp": "whatsapp:+15005550006" }), Channel::WhatsApp, Some("whatsapp:+15005550006"))]
    #[case::none(json!({ "from_whatsapp": "+15005550006" }), Channel::Sms, None)]
    #[case::no_telephone(json!({ "messaging_service_sid": "MG1" }), Channel::Email, None)]
    fn each_channel_has_its_sender(#[case] more: Value, #[case] channel: Channel, #[case] name: Option<&str>) {
        let sender = config(&more).unwrap().sender(channel);
        assert_eq!(sender.ok().map(|sender| sender.name).as_deref(), name);
    }

    #[test]
    fn a_stand_in_is_named_with_or_without_a_slash() {
        assert_eq!(TwilioAddresses::at("http://127.0.0.1:1/twilio/").api, "http://127.0.0.1:1/twilio");
    }
}
