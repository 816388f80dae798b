//! Values of sheet and CRM in one spelling, for comparison.

use std::collections::BTreeSet;

use kopru_domain::multi::comparable;
use kopru_domain::{FieldKind, FieldMeta, FieldValue};
use rust_decimal::Decimal;
use serde_json::Value;

/// What a cell means.
pub fn texts(field: &FieldMeta, value: &FieldValue) -> Vec<String> {
    match value {
        FieldValue::Empty => Vec::new(),
        FieldValue::Text(text) | FieldValue::Choice(text) => vec![text.clone()],
        // The CRM has no blank amount: nothing and zero are the same to it.
        FieldValue::Number(number) if number.is_zero() => Vec::new(),
        FieldValue::Number(number) => vec![number.normalize().to_string()],
        FieldValue::Money(amount, currency) => vec![format!("{}|{currency}", amount.normalize())],
        FieldValue::Flag(flag) => vec![if *flag { "Y" } else { "N" }.to_owned()],
        FieldValue::Date(date) => vec![date.to_string()],
        FieldValue::DateTime(moment) => vec![moment.to_string()],
        FieldValue::Many(items) => items.iter().flat_map(|item| texts(field, item)).collect(),
        FieldValue::Contacts(items) => items.iter().map(|item| comparable(field.kind, &item.value)).collect(),
    }
}

/// What the CRM has in a field, in the same spelling.
pub fn crm_texts(field: &FieldMeta, record: &Value) -> BTreeSet<String> {
    let code = field.code.as_str();
    if field.kind.is_contact() {
        let entries = record["multi"][code].as_array().into_iter().flatten();
        return entries
            .filter_map(|entry| entry["VALUE"].as_str())
            .map(|value| comparable(field.kind, value))
            .collect();
    }
    let values = match &record["fields"][code] {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    values.iter().map(|value| crm_text(field.kind, value)).filter(|text| !text.is_empty()).collect()
}

fn crm_text(kind: FieldKind, value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match kind {
        FieldKind::Integer | FieldKind::Double => number(text),
        FieldKind::Money => money(&text).unwrap_or(text),
        FieldKind::Date => text.chars().take(10).collect(),
        FieldKind::DateTime => text.parse::<jiff::Timestamp>().map_or(text, |moment| moment.to_string()),
        FieldKind::Choice | FieldKind::User if text == "0" => String::new(),
        FieldKind::Flag if text == "1" || text == "true" => "Y".to_owned(),
        FieldKind::Flag if text == "0" || text == "false" => "N".to_owned(),
        _ => text,
    }
}

fn number(text: String) -> String {
    match text.parse::<Decimal>() {
        Ok(number) if number.is_zero() => String::new(),
        Ok(number) => number.normalize().to_string(),
        Err(_) => text,
    }
}

fn money(text: &str) -> Option<String> {
    let (amount, currency) = text.split_once('|')?;
    Some(format!("{}|{currency}", amount.parse::<Decimal>().ok()?.normalize()))
}
