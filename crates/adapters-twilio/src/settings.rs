use async_trait::async_trait;
use kopru_domain::message::{PhoneNumber, Trouble};
use kopru_http_client::Method;
use kopru_ports::PortError;
use kopru_ports::form::{self, Form, SettingsError, is_pace};
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::messages::SendError;
use kopru_ports::vendors::{SettingsErrorKind, VendorSettings};
use secrecy::SecretString;
use serde_json::Value;

use crate::config::TwilioConfig;
use crate::error::ADAPTER;
use crate::sender::Twilio;

const FORM: Form = Form {
    adapter: ADAPTER,
    group: "",
    fields: &[
        ("account_sid", true, |value| is_sid("AC", value)),
        ("auth_token", true, is_secret),
        ("api_key_sid", false, |value| is_sid("SK", value)),
        ("api_key_secret", false, is_secret),
        ("from_sms", false, is_sender),
        ("from_whatsapp", false, is_whatsapp),
        ("messaging_service_sid", false, |value| is_sid("MG", value)),
        ("messages_per_second", false, is_pace),
    ],
};
const KEY: [&str; 2] = ["api_key_sid", "api_key_secret"];
const SENDERS: [&str; 3] = ["from_sms", "from_whatsapp", "messaging_service_sid"];
const SECRETS: [&str; 2] = ["auth_token", "api_key_secret"];

#[async_trait]
impl VendorSettings for Twilio {
    fn vendor(&self) -> IntegrationKind {
        IntegrationKind::Twilio
    }

    fn read(&self, given: &SecretString) -> Result<SecretString, SettingsError> {
        let filled = FORM.filled(FORM.parse(given)?)?;
        let has_key = KEY.iter().any(|name| filled.contains_key(*name));
        FORM.check(&filled, |name| has_key && KEY.contains(&name))?;
        if SENDERS.iter().all(|sender| !filled.contains_key(*sender)) {
            return Err(FORM.wrong(SENDERS[0]));
        }
        Ok(Value::Object(filled).to_string().into())
    }

    fn show(&self, settings: &SecretString) -> Value {
        form::shown(settings, &SECRETS)
    }

    /// A key that may send may list messages, but need not see the account itself.
    async fn reach(&self, settings: &SecretString) -> Result<String, SettingsError> {
        let config = TwilioConfig::read(settings).map_err(|_| FORM.wrong("settings"))?;
        let request = self.request(Method::GET, &config, None).query(&[("PageSize", "1")]);
        self.page(&config, request).await.map_err(unreached)?;
        Ok(config.account_sid)
    }
}

fn unreached(cause: SendError) -> SettingsError {
    let kind = match cause.kind {
        Trouble::CredentialsRefused | Trouble::AccountMissing | Trouble::AccountSuspended => SettingsErrorKind::Refused,
        _ => SettingsErrorKind::Unavailable,
    };
    PortError::new(ADAPTER, kind, cause.retry).caused_by(cause)
}

fn is_sid(kind: &str, value: &Value) -> bool {
    let digits = value.as_str().and_then(|sid| sid.strip_prefix(kind));
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

fn is_secret(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))
}

/// A number, a short code, or a name of up to eleven signs with a letter among them
/// (<https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id>).
fn is_sender(value: &Value) -> bool {
    value.as_str().is_some_and(|text| {
        let is_code = (3..=8).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit());
        let is_name = text.len() <= 11
            && text.bytes().any(|sign| sign.is_ascii_alphabetic())
            && text.bytes().all(|sign| sign.is_ascii_alphanumeric() || b" +-_&".contains(&sign));
        is_code || is_name || is_number(text)
    })
}

fn is_whatsapp(value: &Value) -> bool {
    value.as_str().is_some_and(|text| is_number(text.strip_prefix("whatsapp:").unwrap_or(text)))
}

fn is_number(text: &str) -> bool {
    PhoneNumber::try_from(text.to_owned()).is_ok()
}
