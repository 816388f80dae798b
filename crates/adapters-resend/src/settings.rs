use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kopru_domain::email::Mailbox;
use kopru_http_client::Method;
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::vendors::{SettingsErrorKind, VendorSettings};
use kopru_ports::{PortError, Retry};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::config::ResendConfig;
use crate::error::{ADAPTER, name_of, of_reply};
use crate::sender::Resend;
use crate::signature::SECRET;

type SettingsError = PortError<SettingsErrorKind>;
type Check = fn(&Value) -> bool;

/// In the order in which people fill them in.
const FIELDS: [(&str, Check); 4] = [
    ("api_key", is_key),
    ("from", is_mailbox),
    ("webhook_secret", is_webhook_secret),
    ("requests_per_second", is_pace),
];
const NEEDED: &str = "api_key";
const SECRETS: [&str; 2] = ["api_key", "webhook_secret"];
/// What a key is told that may do nothing but send, which is enough.
const MAY_SEND: &str = "restricted_api_key";

#[async_trait]
impl VendorSettings for Resend {
    fn vendor(&self) -> IntegrationKind {
        IntegrationKind::Resend
    }

    fn read(&self, given: &SecretString) -> Result<SecretString, SettingsError> {
        let given: Map<String, Value> = serde_json::from_str(given.expose_secret()).map_err(|_| field("settings"))?;
        if let Some(unknown) = given.keys().find(|name| FIELDS.iter().all(|(known, _)| known != name)) {
            return Err(field(unknown));
        }
        let filled: Map<String, Value> =
            given.into_iter().filter_map(|(name, value)| Some((name, tidy(value)?))).collect();
        for (name, fits) in FIELDS {
            if filled.get(name).map_or(name == NEEDED, |value| !fits(value)) {
                return Err(field(name));
            }
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

    /// Asks for the domains: also a key that may not see them is known then.
    async fn reach(&self, settings: &SecretString) -> Result<String, SettingsError> {
        let config = ResendConfig::read(settings).map_err(|_| field("settings"))?;
        let asked = self.exchange(self.request(Method::GET, &config, "/domains")).await;
        let reply = asked.map_err(|cause| unreached(SettingsErrorKind::Unavailable, cause))?;
        match reply.status {
            200..300 => Ok(ADAPTER.to_owned()),
            401 | 403 if name_of(&reply).as_deref() == Some(MAY_SEND) => Ok(ADAPTER.to_owned()),
            401 | 403 => Err(unreached(SettingsErrorKind::Refused, of_reply(&reply))),
            _ => Err(unreached(SettingsErrorKind::Unavailable, of_reply(&reply))),
        }
    }
}

fn field(name: &str) -> SettingsError {
    PortError::new(ADAPTER, SettingsErrorKind::Field(name.to_owned()), Retry::Never)
}

fn unreached(kind: SettingsErrorKind, cause: kopru_ports::messages::SendError) -> SettingsError {
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

fn is_key(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.starts_with("re_") && text.bytes().all(|byte| byte.is_ascii_graphic()))
}

fn is_mailbox(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.parse::<Mailbox>().is_ok())
}

fn is_webhook_secret(value: &Value) -> bool {
    let key = value.as_str().and_then(|text| text.strip_prefix(SECRET));
    key.is_some_and(|key| STANDARD.decode(key).is_ok_and(|key| !key.is_empty()))
}

fn is_pace(value: &Value) -> bool {
    value.as_f64().is_some_and(|pace| pace > 0.0 && pace <= 1000.0)
}

/// Of a short secret, nothing: too little would stay secret.
fn masked(secret: &str) -> String {
    let count = secret.chars().count();
    let end: String = secret.chars().skip(if count < 12 { count } else { count - 4 }).collect();
    format!("…{end}")
}
