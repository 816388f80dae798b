//! Twilio's JSON (<https://www.twilio.com/docs/messaging/api/message-resource>). Nearly everything may be null.

use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Message {
    pub sid: String,
    pub status: String,
    #[serde(default)]
    pub direction: Option<String>,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub error_code: Option<u32>,
    #[serde(default)]
    pub date_created: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Page {
    pub messages: Vec<Message>,
    /// The path and query of the next page.
    #[serde(default)]
    pub next_page_uri: Option<String>,
}

/// Both of an error's shapes have a code: Twilio's own, and that of RFC 9457, where Twilio adds it.
#[derive(Debug, Deserialize)]
pub(crate) struct ErrorBody {
    pub code: u32,
}
