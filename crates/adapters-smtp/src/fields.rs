//! The fields of settings, each by itself.

use std::net::IpAddr;

use kopru_domain::email::Mailbox;
use kopru_ports::form::{Form, is_pace};
use serde_json::Value;

use crate::error::ADAPTER;

pub(crate) const FORM: Form = Form {
    adapter: ADAPTER,
    group: "",
    fields: &[
        ("host", true, is_host),
        ("port", false, is_port),
        ("security", false, is_security),
        ("username", true, is_word),
        ("password", false, is_word),
        ("oauth", false, Value::is_object),
        ("from", false, is_mailbox),
        ("messages_per_second", false, is_pace),
    ],
};
pub(crate) const OAUTH: Form = Form {
    adapter: ADAPTER,
    group: "oauth.",
    fields: &[
        ("token_url", true, is_word),
        ("client_id", true, is_word),
        ("client_secret", true, is_word),
        ("refresh_token", true, is_word),
    ],
};

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
