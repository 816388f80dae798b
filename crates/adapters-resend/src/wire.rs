//! Resend's JSON (<https://resend.com/docs/api-reference/emails/send-email>).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The order of the fields is part of it: a repetition has to be the same to the byte.
#[derive(Debug, Serialize)]
pub(crate) struct NewEmail {
    pub from: String,
    pub to: [String; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bcc: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reply_to: Vec<String>,
    pub subject: String,
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<File>,
    pub tags: Vec<Pair>,
}

#[derive(Debug, Serialize)]
pub(crate) struct File {
    pub filename: String,
    pub content_type: String,
    pub content: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pair {
    pub name: String,
    pub value: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Created {
    pub id: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Shown {
    pub id: String,
    #[serde(default)]
    pub last_event: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ErrorBody {
    pub name: String,
}

/// A webhook's body (<https://resend.com/docs/webhooks/event-types>).
#[derive(Debug, Deserialize)]
pub(crate) struct Event {
    #[serde(rename = "type")]
    pub kind: String,
    pub data: Value,
}

/// What all events of e-mails have.
#[derive(Debug, Deserialize)]
pub(crate) struct EmailEvent {
    pub email_id: String,
    #[serde(default)]
    pub to: Vec<String>,
    #[serde(default)]
    pub tags: Option<Tags>,
    #[serde(default)]
    pub bounce: Option<Bounce>,
}

/// Webhooks write them as an object, answers as a list.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Tags {
    Object(BTreeMap<String, String>),
    List(Vec<Pair>),
}

impl Tags {
    pub fn get(&self, name: &str) -> Option<&str> {
        match self {
            Self::Object(tags) => tags.get(name).map(String::as_str),
            Self::List(tags) => tags.iter().find(|tag| tag.name == name).map(|tag| tag.value.as_str()),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(crate) struct Bounce {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, rename = "subType")]
    pub sub_kind: Option<String>,
}
