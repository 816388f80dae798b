//! Content templates: <https://www.twilio.com/docs/content/using-variables-with-content-api>.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors::{ApiError, refused};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Content {
    /// With `{{1}}`, `{{2}}` or names.
    pub body: String,
    /// What stands for a variable that is not given.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// By WhatsApp, for opening conversations.
    #[serde(default)]
    pub approved: bool,
}

impl Content {
    /// The text with its variables filled in, from a JSON object in a string.
    pub fn fill(&self, given: Option<&str>) -> Result<String, ApiError> {
        let mut values = self.variables.clone();
        values.extend(parse(given.unwrap_or("{}")).ok_or_else(|| refused(21656))?);
        substitute(&self.body, &values).ok_or_else(|| refused(21656))
    }
}

/// Values are texts without line breaks, tabs and long gaps.
fn parse(given: &str) -> Option<BTreeMap<String, String>> {
    let Value::Object(object) = serde_json::from_str(given).ok()? else { return None };
    let pairs = object.into_iter().map(|(name, value)| match value {
        Value::String(text) if is_plain(&text) => Some((name, text)),
        _ => None,
    });
    pairs.collect()
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(['\n', '\t']) && !text.contains("     ")
}

fn substitute(body: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let (mut filled, mut rest) = (String::new(), body);
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, tail) = after.split_once("}}")?;
        filled += before;
        filled += values.get(name.trim())?;
        rest = tail;
    }
    Some(filled + rest)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Some(r#"{"1":"Ayşe","2":"{{1}}"}"#), Some("Merhaba Ayşe, {{1}}."))]
    #[case(Some(r#"{"2":"yarın"}"#), Some("Merhaba müşterimiz, yarın."))]
    #[case(None, None)]
    #[case(Some(r#"{"2":null}"#), None)]
    #[case(Some(r#"{"2":""}"#), None)]
    #[case(Some(r#"{"2":"a\nb"}"#), None)]
    #[case(Some(r#"["a"]"#), None)]
    #[case(Some("2=yarın"), None)]
    fn fills_each_variable_once(#[case] given: Option<&str>, #[case] text: Option<&str>) {
        let content = Content {
            body: "Merhaba {{1}}, {{2}}.".to_owned(),
            variables: BTreeMap::from([("1".to_owned(), "müşterimiz".to_owned())]),
            approved: true,
        };
        assert_eq!(content.fill(given).ok().as_deref(), text);
    }
}
