use async_trait::async_trait;
use kopru_domain::message::{PhoneNumber, Trouble};
use kopru_http_client::Method;
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::messages::SendError;
use kopru_ports::vendors::{SettingsErrorKind, VendorSettings};
use kopru_ports::{PortError, Retry};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::config::TwilioConfig;
use crate::error::ADAPTER;
use crate::sender::Twilio;

type SettingsError = PortError<SettingsErrorKind>;
type Check = fn(&Value) -> bool;

/// In the order in which people fill them in.
const FIELDS: [(&str, Check); 8] = [
    ("account_sid", |value| is_sid("AC", value)),
    ("auth_token", is_secret),
    ("api_key_sid", |value| is_sid("SK", value)),
    ("api_key_secret", is_secret),
    ("from_sms", is_sender),
    ("from_whatsapp", is_whatsapp),
    ("messaging_service_sid", |value| is_sid("MG", value)),
    ("messages_per_second", is_pace),
];
const NEEDED: [&str; 2] = ["account_sid", "auth_token"];
const KEY: [&str; 2] = ["api_key_sid", "api_key_secret"];
const SENDERS: [&str; 3] = ["from_sms", "from_whatsapp", "messaging_service_sid"];
const SECRETS: [&str; 2] = ["auth_token", "api_key_secret"];

#[async_trait]
impl VendorSettings for Twilio {
    fn vendor(&self) -> IntegrationKind {
        IntegrationKind::Twilio
    }

    fn read(&self, given: &SecretString) -> Result<SecretString, SettingsError> {
        let given: Map<String, Value> = serde_json::from_str(given.expose_secret()).map_err(|_| field("settings"))?;
        if let Some(unknown) = given.keys().find(|name| FIELDS.iter().all(|(known, _)| known != name)) {
            return Err(field(unknown));
        }
        let filled: Map<String, Value> =
            given.into_iter().filter_map(|(name, value)| Some((name, tidy(value)?))).collect();
        for (name, fits) in FIELDS {
            let given = filled.get(name);
            let is_missing =
                NEEDED.contains(&name) || KEY.contains(&name) && KEY.iter().any(|key| filled.contains_key(*key));
            if given.map_or(is_missing, |value| !fits(value)) {
                return Err(field(name));
            }
        }
        if SENDERS.iter().all(|sender| !filled.contains_key(*sender)) {
            return Err(field(SENDERS[0]));
        }
        Ok(Value::Object(filled).to_string().into())
    }

    fn show(&self, settings: &SecretString) -> Value {
        let mut shown: Map<String, Value> = serde_json::from_str(settings.expose_secret()).unwrap_or_default();
        for (name, value) in &mut shown {
            if SECRETS.contains(&name.as_str()) {
                *value = masked(value.as_str().unwrap_or_default()).into();
            }
        }
        Value::Object(shown)
    }

    /// A key that may send may list messages, but need not see the account itself.
    async fn reach(&self, settings: &SecretString) -> Result<String, SettingsError> {
        let config = TwilioConfig::read(settings).map_err(|_| field("settings"))?;
        let request = self.request(Method::GET, &config, None).query(&[("PageSize", "1")]);
        self.page(&config, request).await.map_err(unreached)?;
        Ok(config.account_sid)
    }
}

fn field(name: &str) -> SettingsError {
    PortError::new(ADAPTER, SettingsErrorKind::Field(name.to_owned()), Retry::Never)
}

fn unreached(cause: SendError) -> SettingsError {
    let kind = match cause.kind {
        Trouble::CredentialsRefused | Trouble::AccountMissing | Trouble::AccountSuspended => SettingsErrorKind::Refused,
        _ => SettingsErrorKind::Unavailable,
    };
    PortError::new(ADAPTER, kind, cause.retry).caused_by(cause)
}

/// A form sends what was left empty as well.
fn tidy(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.trim().into()),
        other => Some(other),
    }
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

/// Up to what Twilio grants anybody.
fn is_pace(value: &Value) -> bool {
    value.as_f64().is_some_and(|pace| pace > 0.0 && pace <= 1000.0)
}

/// Of a short secret, nothing: too little would stay secret.
fn masked(secret: &str) -> String {
    let count = secret.chars().count();
    let end: String = secret.chars().skip(if count < 12 { count } else { count - 4 }).collect();
    format!("…{end}")
}
