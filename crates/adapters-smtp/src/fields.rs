//! The fields of settings, each by itself.

use std::net::IpAddr;

use kopru_domain::email::Mailbox;
use kopru_ports::vendors::SettingsErrorKind;
use kopru_ports::{PortError, Retry};
use serde_json::{Map, Value};

use crate::error::ADAPTER;

pub(crate) type SettingsError = PortError<SettingsErrorKind>;
type Check = fn(&Value) -> bool;
/// A field's name, whether it is needed, and what it may be.
pub(crate) type Field = (&'static str, bool, Check);

/// In the order in which people fill them in.
pub(crate) const FIELDS: [Field; 8] = [
    ("host", true, is_host),
    ("port", false, is_port),
    ("security", false, is_security),
    ("username", true, is_word),
    ("password", false, is_word),
    ("oauth", false, Value::is_object),
    ("from", false, is_mailbox),
    ("messages_per_second", false, is_pace),
];
pub(crate) const OAUTH: [Field; 4] = [
    ("oauth.token_url", true, is_word),
    ("oauth.client_id", true, is_word),
    ("oauth.client_secret", true, is_word),
    ("oauth.refresh_token", true, is_word),
];

pub(crate) fn field(name: &str) -> SettingsError {
    PortError::new(ADAPTER, SettingsErrorKind::Field(name.to_owned()), Retry::Never)
}

/// What is filled in of `fields`, whose names begin with `group`.
pub(crate) fn filled(
    given: Map<String, Value>,
    fields: &[Field],
    group: &str,
) -> Result<Map<String, Value>, SettingsError> {
    let full = |name: &str| format!("{group}{name}");
    if let Some(unknown) = given.keys().find(|name| fields.iter().all(|(known, ..)| *known != full(name))) {
        return Err(field(&full(unknown)));
    }
    let filled: Map<String, Value> = given.into_iter().filter_map(|(name, value)| Some((name, tidy(value)?))).collect();
    for (name, is_needed, fits) in fields {
        if filled.get(&name[group.len()..]).map_or(*is_needed, |value| !fits(value)) {
            return Err(field(name));
        }
    }
    Ok(filled)
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

fn is_host(value: &Value) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_name = |text: &str| text.len() <= 253 && text.split('.').all(is_label);
    value.as_str().is_some_and(|text| text.parse::<IpAddr>().is_ok() || is_name(text))
}

fn is_port(value: &Value) -> bool {
    value.as_u64().is_some_and(|port| (1..=u64::from(u16::MAX)).contains(&port))
}

fn is_security(value: &Value) -> bool {
    value.as_str().is_some_and(|text| ["tls", "starttls", "none"].contains(&text))
}

/// Controls would end a credential, or a line.
fn is_word(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.len() <= 4096 && !text.chars().any(char::is_control))
}

fn is_mailbox(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.parse::<Mailbox>().is_ok())
}

fn is_pace(value: &Value) -> bool {
    value.as_f64().is_some_and(|pace| pace > 0.0 && pace <= 1000.0)
}
