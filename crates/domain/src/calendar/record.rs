//! A CRM's record, however its fields are spelled.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::text::fold;

/// A kind of record that can be put into a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordType {
    /// A sale under way: the day on which it is expected to be closed.
    Deal,
    /// An offer: the day until which it is valid.
    Quote,
    /// An invoice: the day on which it is due.
    Invoice,
    /// A meeting: from its start to its end.
    Meeting,
    /// Something to do: its deadline.
    Task,
}

/// The text names no kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("choose deal, quote, invoice, meeting or task")]
pub struct UnknownRecordType;

impl RecordType {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Deal, Self::Quote, Self::Invoice, Self::Meeting, Self::Task];

    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Deal => "deal",
            Self::Quote => "quote",
            Self::Invoice => "invoice",
            Self::Meeting => "meeting",
            Self::Task => "task",
        }
    }
}

impl FromStr for RecordType {
    type Err = UnknownRecordType;
    fn from_str(text: &str) -> Result<Self, UnknownRecordType> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(UnknownRecordType)
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A record's texts and numbers by what their fields are called: `close_date`, `closeDate` and `CLOSEDATE` are one
/// name, and so are `customer_name` and the `name` within a `customer`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record(BTreeMap<String, Entry>);

/// A value with its field as the caller spelled it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub field: String,
    pub value: String,
}

/// What only wraps a record, or a value, adds nothing to its name.
const WRAPPERS: [&str; 8] = ["properties", "fields", "attributes", "item", "record", "data", "result", "value"];

impl Record {
    /// Reads a record as its CRM gives it. What is no text or number is passed over; of a list, the first counts.
    #[must_use]
    pub fn read(record: &Map<String, Value>) -> Self {
        let mut found = Self::default();
        found.object("", "record", record);
        found
    }

    /// The record's own id, where it is one: at most 128 characters.
    #[must_use]
    pub fn id(&self, kind: RecordType) -> Option<&str> {
        let own = format!("{kind}id");
        let id = self.first(&["id", &own, "recordid", "hsobjectid"])?.value.as_str();
        (id.chars().count() <= 128).then_some(id)
    }

    fn object(&mut self, name: &str, field: &str, object: &Map<String, Value>) {
        for (key, value) in object {
            let own = fold(key).replace(' ', "");
            let name = if WRAPPERS.contains(&own.as_str()) { name.to_owned() } else { format!("{name}{own}") };
            self.value(&name, &format!("{field}.{key}"), value);
        }
    }

    fn value(&mut self, name: &str, field: &str, value: &Value) {
        match value {
            Value::Object(object) => self.object(name, field, object),
            Value::Array(list) => list.iter().take(1).for_each(|first| self.value(name, field, first)),
            Value::String(text) => self.entry(name, field, text.trim()),
            Value::Number(number) => self.entry(name, field, &number.to_string()),
            Value::Bool(_) | Value::Null => {}
        }
    }

    fn entry(&mut self, name: &str, field: &str, value: &str) {
        if !value.is_empty() {
            let entry = Entry { field: field.to_owned(), value: value.to_owned() };
            self.0.entry(name.to_owned()).or_insert(entry);
        }
    }

    /// The values of those of the names that there are, in the names' order.
    pub(super) fn all<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a Entry> {
        names.iter().filter_map(|name| self.0.get(*name))
    }

    /// The first of them.
    pub(super) fn first(&self, names: &[&str]) -> Option<&Entry> {
        names.iter().find_map(|name| self.0.get(*name))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case(json!({"close_date": "x"}))]
    #[case(json!({"closeDate": " x "}))]
    #[case(json!({"CLOSEDATE": "x"}))]
    #[case(json!({"properties": {"closedate": {"value": "x"}}}))]
    #[case(json!({"item": {"closeDate": ["x", "y"]}}))]
    #[case(json!({"close": {"date": "x"}, "CloseDate": null}))]
    fn one_name_has_many_spellings(#[case] record: Value) {
        let record = Record::read(record.as_object().unwrap());
        assert_eq!(record.first(&["other", "closedate"]).unwrap().value, "x");
    }

    #[test]
    fn a_field_is_named_as_it_was_spelled() {
        let record = json!({"Customer": {"EMAIL": [{"VALUE": "a@b.co", "VALUE_TYPE": "WORK"}]}, "dealId": 12});
        let record = Record::read(record.as_object().unwrap());
        let entry = record.first(&["customeremail"]).unwrap();
        assert_eq!((entry.field.as_str(), entry.value.as_str()), ("record.Customer.EMAIL.VALUE", "a@b.co"));
        assert_eq!((record.id(RecordType::Deal), record.id(RecordType::Task)), (Some("12"), None));
    }

    #[test]
    fn kinds_read_back_as_written() {
        for kind in RecordType::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        assert_eq!("lead".parse::<RecordType>(), Err(UnknownRecordType));
    }
}
