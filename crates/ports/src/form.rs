//! A vendor's settings as an administrator fills them in: known fields alone, tidied, each of them checked.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::error::{PortError, Retry};
use crate::vendors::SettingsErrorKind;

/// What is wrong with settings.
pub type SettingsError = PortError<SettingsErrorKind>;
/// A field's name, whether it is needed, and what it may be.
pub type Field = (&'static str, bool, fn(&Value) -> bool);

/// The fields of a form.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// The adapter's name in errors.
    pub adapter: &'static str,
    /// What stands before a field's name in errors, such as `oauth.`; nothing where the fields are the settings' own.
    pub group: &'static str,
    /// The fields, in the order in which people fill them in.
    pub fields: &'static [Field],
}

impl Form {
    /// What is given, where it is a form at all.
    ///
    /// # Errors
    /// [`SettingsErrorKind::Field`] `settings` for what is no JSON object.
    pub fn parse(&self, given: &SecretString) -> Result<Map<String, Value>, SettingsError> {
        serde_json::from_str(given.expose_secret()).map_err(|_| self.wrong("settings"))
    }

    /// What is filled in: a form sends what was left empty as well.
    ///
    /// # Errors
    /// [`SettingsErrorKind::Field`] for a field that is not the form's.
    pub fn filled(&self, given: Map<String, Value>) -> Result<Map<String, Value>, SettingsError> {
        if let Some(unknown) = given.keys().find(|name| self.fields.iter().all(|(known, ..)| known != name)) {
            return Err(self.wrong(unknown));
        }
        Ok(given.into_iter().filter_map(|(name, value)| Some((name, tidy(value)?))).collect())
    }

    /// Whether each field is as it has to be; those that `also` names are needed too.
    ///
    /// # Errors
    /// [`SettingsErrorKind::Field`], which names the first one at fault.
    pub fn check(&self, filled: &Map<String, Value>, also: impl Fn(&str) -> bool) -> Result<(), SettingsError> {
        let is_wrong = |(name, is_needed, fits): &&Field| {
            filled.get(*name).map_or_else(|| *is_needed || also(name), |value| !fits(value))
        };
        self.fields.iter().find(is_wrong).map_or(Ok(()), |(name, ..)| Err(self.wrong(name)))
    }

    /// Of a field that is missing, unknown, or has a value that it cannot have.
    #[must_use]
    pub fn wrong(&self, name: &str) -> SettingsError {
        let name = format!("{}{name}", self.group);
        PortError::new(self.adapter, SettingsErrorKind::Field(name), Retry::Never)
    }
}

fn tidy(value: Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.trim().into()),
        other => Some(other),
    }
}

/// Settings as people may see them: of what is named in `secrets`, wherever it stands, the last four characters.
#[must_use]
pub fn shown(settings: &SecretString, secrets: &[&str]) -> Value {
    let mut shown: Map<String, Value> = serde_json::from_str(settings.expose_secret()).unwrap_or_default();
    mask(&mut shown, secrets);
    Value::Object(shown)
}

fn mask(shown: &mut Map<String, Value>, secrets: &[&str]) {
    for (name, value) in shown {
        match value {
            Value::Object(group) => mask(group, secrets),
            secret if secrets.contains(&name.as_str()) => *secret = masked(secret.as_str().unwrap_or_default()).into(),
            _ => {}
        }
    }
}

/// Of a short secret, nothing: too little would stay secret.
fn masked(secret: &str) -> String {
    let count = secret.chars().count();
    let end: String = secret.chars().skip(if count < 12 { count } else { count - 4 }).collect();
    format!("…{end}")
}

/// Whether it is what an account sends in a second, up to what any vendor grants.
#[must_use]
pub fn is_pace(value: &Value) -> bool {
    value.as_f64().is_some_and(|pace| pace > 0.0 && pace <= 1000.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FORM: Form =
        Form { adapter: "a", group: "g.", fields: &[("key", true, Value::is_string), ("pace", false, is_pace)] };

    fn read(given: &str) -> Result<Map<String, Value>, SettingsErrorKind> {
        let filled = FORM.parse(&given.into()).and_then(|given| FORM.filled(given)).map_err(|error| error.kind)?;
        FORM.check(&filled, |_| false).map_err(|error| error.kind)?;
        Ok(filled)
    }

    #[test]
    fn the_field_at_fault_is_named() {
        for (given, name) in [
            ("[]", "g.settings"),
            (r#"{"kye": null, "key": "k"}"#, "g.kye"),
            (r#"{"key": " ", "pace": 5}"#, "g.key"),
            (r#"{"key": "k", "pace": 0}"#, "g.pace"),
        ] {
            assert_eq!(read(given), Err(SettingsErrorKind::Field(name.to_owned())), "{given}");
        }
        let filled = read(r#"{"key": " k ", "pace": null}"#).unwrap();
        assert_eq!(filled, *json!({ "key": "k" }).as_object().unwrap());
        assert!(FORM.check(&filled, |name| name == "pace").is_err(), "needed beside others");
    }

    #[test]
    fn of_secrets_the_end_is_shown_and_of_short_ones_nothing() {
        let settings = json!({ "user": "u", "key": "0123456789ab", "o": { "key": "short" } });
        let expected = json!({ "user": "u", "key": "…89ab", "o": { "key": "…" } });
        assert_eq!(shown(&settings.to_string().into(), &["key"]), expected);
    }
}
