//! Calendar's JSON, as far as it is read.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Events {
    #[serde(default)]
    pub items: Vec<Item>,
    pub next_page_token: Option<String>,
}

/// What is absent is empty.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Item {
    pub id: String,
    pub etag: String,
    pub status: String,
    pub html_link: String,
    pub summary: String,
    pub description: String,
    pub location: String,
    pub start: When,
    pub end: When,
    pub attendees: Vec<Attendee>,
    pub reminders: Reminders,
    pub transparency: String,
    pub source: Option<Source>,
    pub extended_properties: Properties,
    pub hangout_link: Option<String>,
    pub conference_data: Option<Conference>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct When {
    pub date: Option<Date>,
    pub date_time: Option<Timestamp>,
    pub time_zone: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Attendee {
    pub email: String,
    pub display_name: String,
    #[serde(rename = "self")]
    pub is_owner: bool,
    pub resource: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Reminders {
    pub use_default: bool,
    pub overrides: Vec<Override>,
}

impl Default for Reminders {
    fn default() -> Self {
        Self { use_default: true, overrides: Vec::new() }
    }
}

#[derive(Deserialize)]
pub(crate) struct Override {
    pub method: String,
    pub minutes: u32,
}

#[derive(Deserialize)]
pub(crate) struct Source {
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub url: String,
}

#[derive(Deserialize, Default)]
pub(crate) struct Properties {
    #[serde(default)]
    pub private: HashMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Conference {
    pub create_request: Option<CreateRequest>,
    pub entry_points: Vec<EntryPoint>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct CreateRequest {
    pub status: RequestStatus,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct RequestStatus {
    pub status_code: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryPoint {
    #[serde(default)]
    pub entry_point_type: String,
    #[serde(default)]
    pub uri: String,
}
