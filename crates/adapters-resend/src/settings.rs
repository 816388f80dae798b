use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kopru_domain::email::Mailbox;
use kopru_http_client::Method;
use kopru_ports::PortError;
use kopru_ports::form::{self, Form, SettingsError, is_pace};
use kopru_ports::integrations::IntegrationKind;
use kopru_ports::vendors::{SettingsErrorKind, VendorSettings};
use secrecy::SecretString;
use serde_json::Value;

use crate::config::ResendConfig;
use crate::error::{ADAPTER, name_of, of_reply};
use crate::sender::Resend;
use crate::signature::SECRET;

/// In the order in which people fill them in.
const FORM: Form = Form {
    adapter: ADAPTER,
    group: "",
    fields: &[
        ("api_key", true, is_key),
        ("from", false, is_mailbox),
        ("webhook_secret", false, is_webhook_secret),
        ("requests_per_second", false, is_pace),
    ],
};
const SECRETS: [&str; 2] = ["api_key", "webhook_secret"];
/// What a key is told that may do nothing but send, which is enough.
const MAY_SEND: &str = "restricted_api_key";

#[async_trait]
impl VendorSettings for Resend {
    fn vendor(&self) -> IntegrationKind {
        IntegrationKind::Resend
    }

    fn read(&self, given: &SecretString) -> Result<SecretString, SettingsError> {
        let filled = FORM.filled(FORM.parse(given)?)?;
        FORM.check(&filled, |_| false)?;
        Ok(Value::Object(filled).to_string().into())
    }

    fn show(&self, settings: &SecretString) -> Value {
        form::shown(settings, &SECRETS)
    }

    /// Asks for the domains: also a key that may not see them is known then.
    async fn reach(&self, settings: &SecretString) -> Result<String, SettingsError> {
        let config = ResendConfig::read(settings).map_err(|_| FORM.wrong("settings"))?;
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

fn unreached(kind: SettingsErrorKind, cause: kopru_ports::messages::SendError) -> SettingsError {
    PortError::new(ADAPTER, kind, cause.retry).caused_by(cause)
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
