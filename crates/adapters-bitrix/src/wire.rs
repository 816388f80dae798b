//! Bitrix24's JSON.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// An answer: `result`, or an error whose code may be empty.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope {
    #[serde(default)]
    pub result: Value,
    pub error: Option<Value>,
    #[serde(default)]
    pub error_description: String,
    pub next: Option<u64>,
    /// An empty list where nothing is said.
    #[serde(default)]
    time: Value,
}

impl Envelope {
    pub(crate) fn time(&self) -> Option<Time> {
        Time::read(&self.time)
    }
}

/// What a command took, in seconds.
#[derive(Debug, Deserialize)]
pub(crate) struct Time {
    #[serde(default)]
    pub duration: f64,
    #[serde(default)]
    pub processing: f64,
    /// Seconds that the method has taken in ten minutes; portals without that limit do not say.
    pub operating: Option<f64>,
    /// When a part of them is granted anew, in seconds since 1970.
    pub operating_reset_at: Option<i64>,
}

/// Shorter commands are not counted.
pub(crate) const COUNTED_FROM: f64 = 0.1;

impl Time {
    pub(crate) fn read(wire: &Value) -> Option<Self> {
        wire.is_object().then(|| Self::deserialize(wire).ok()).flatten()
    }

    /// What counts as operating time: without the request's own way through the portal, where that is told.
    pub(crate) fn counted(&self) -> f64 {
        let taken = if self.processing > 0.0 { self.processing } else { self.duration };
        if taken < COUNTED_FROM { 0.0 } else { taken }
    }

    /// Documented answers have `processing` 0 beside a duration of half a second.
    pub(crate) fn seconds(&self) -> f64 {
        self.duration.max(self.processing)
    }
}

/// A batch's answer; an empty map is written `[]` by PHP.
#[derive(Debug, Deserialize)]
pub(crate) struct BatchResult {
    #[serde(default, deserialize_with = "php_map")]
    pub result: Map<String, Value>,
    #[serde(default, deserialize_with = "php_map")]
    pub result_error: Map<String, Value>,
    #[serde(default, deserialize_with = "php_map")]
    pub result_next: Map<String, Value>,
    #[serde(default, deserialize_with = "php_map")]
    pub result_time: Map<String, Value>,
}

fn php_map<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Map<String, Value>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Object(map) => map,
        Value::Array(items) => items.into_iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Map::new(),
    })
}

/// A code is text, a number or empty.
pub(crate) fn code(error: &Value) -> String {
    match error {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// An id is a number or its text.
pub(crate) fn id(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_maps_of_php_are_lists() {
        let found: BatchResult =
            serde_json::from_str(r#"{"result":{"c0":true},"result_error":[],"result_next":[]}"#).unwrap();
        assert_eq!((found.result.len(), found.result_error.len()), (1, 0));
        let found: BatchResult = serde_json::from_str(r#"{"result":[],"result_error":{"c0":{"error":""}}}"#).unwrap();
        assert!(found.result_error.contains_key("c0"));
    }
}
