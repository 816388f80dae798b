//! Reading requests: what cannot be read is told by its field, in the caller's language.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use kopru_domain::Language;
use serde::de::DeserializeOwned;
use serde_path_to_error::Error;

use super::problem::Failure;

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field, with dots between the names on the way to it; `None` where the whole cannot be read.
    pub field: Option<String>,
    kind: FaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FaultKind {
    NoJson,
    Missing,
    Unknown,
    Value,
}

impl Fault {
    /// A value that the field cannot have.
    pub fn value(field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), kind: FaultKind::Value }
    }

    /// A field that has to be there.
    pub fn missing(field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), kind: FaultKind::Missing }
    }

    /// What to do about it.
    pub fn text(&self, language: Language) -> String {
        let name = self.field.as_deref().unwrap_or_default();
        match (self.kind, language) {
            (FaultKind::NoJson, Language::Tr) => "İstek gövdesi JSON değil; belgelere göre düzeltin.".to_owned(),
            (FaultKind::NoJson, Language::En) => "The body is not JSON; correct it as documented.".to_owned(),
            (FaultKind::Missing, Language::Tr) => format!("{name} eksik; belgelere göre ekleyin."),
            (FaultKind::Missing, Language::En) => format!("{name} is missing; add it as documented."),
            (FaultKind::Unknown, Language::Tr) => format!("{name} diye bir alan yok; belgelere göre düzeltin."),
            (FaultKind::Unknown, Language::En) => format!("There is no field {name}; correct it as documented."),
            (FaultKind::Value, Language::Tr) => {
                format!("{name} alanının değeri kullanılamaz; belgelere göre düzeltin.")
            }
            (FaultKind::Value, Language::En) => {
                format!("{name} has a value that cannot be used; correct it as documented.")
            }
        }
    }

    /// From the words of serde, which are nobody's language: they name the field that is missing or unknown,
    /// and the path ends before it.
    fn of<E: std::fmt::Display>(error: &Error<E>) -> Self {
        let (path, words) = (error.path().to_string(), error.inner().to_string());
        let path = if path == "." { String::new() } else { path };
        let within = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let named = |prefix: &str| words.strip_prefix(prefix)?.split('`').next();
        if let Some(name) = named("missing field `") {
            return Self { field: Some(within(name)), kind: FaultKind::Missing };
        }
        if let Some(name) = named("unknown field `") {
            // Serde's path names an unknown field already.
            let field = if path.ends_with(name) { path } else { within(name) };
            return Self { field: Some(field), kind: FaultKind::Unknown };
        }
        let kind = if path.is_empty() { FaultKind::NoJson } else { FaultKind::Value };
        Self { field: Some(path).filter(|path| !path.is_empty()), kind }
    }
}

const NO_JSON: Fault = Fault { field: None, kind: FaultKind::NoJson };

fn in_json(error: &Error<serde_json::Error>) -> Fault {
    if error.inner().is_data() { Fault::of(error) } else { NO_JSON }
}

/// A JSON body.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = Bytes::from_request(request, state).await.map_err(|refused| Failure::Status(refused.status()))?;
        json(&bytes).map(Self)
    }
}

/// Reads JSON.
pub fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failure> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| Failure::Unreadable(in_json(&error)))?;
    json.end().map_err(|_| Failure::Unreadable(NO_JSON))?;
    Ok(value)
}

/// Values in the address.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let read = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs));
        read.map(Self).map_err(|error| Failure::Unreadable(Fault::of(&error)))
    }
}

/// A text of the request, read as what it has to be.
pub fn id<T: std::str::FromStr>(field: &'static str, text: &str) -> Result<T, Failure> {
    text.parse().map_err(|_| Failure::Unreadable(Fault::value(field)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read only")]
    struct Outer {
        name: String,
        inner: Option<Vec<Inner>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read only")]
    struct Inner {
        number: u32,
    }

    #[rstest]
    #[case("", None, "not JSON")]
    #[case("{", None, "not JSON")]
    #[case(r#"{"name": "a""#, None, "not JSON")]
    #[case("{}", Some("name"), "missing")]
    #[case(r#"{"name": 5}"#, Some("name"), "value")]
    #[case(r#"{"name": "a", "nmae": "a"}"#, Some("nmae"), "no field")]
    #[case(r#"{"name": "a", "inner": [{}]}"#, Some("inner[0].number"), "missing")]
    #[case(r#"{"name": "a", "inner": [{"number": -1}]}"#, Some("inner[0].number"), "value")]
    #[case(r#"{"name": "a", "inner": [{"number": 1, "x": 1}]}"#, Some("inner[0].x"), "no field")]
    fn a_fault_names_its_field(#[case] text: &str, #[case] field: Option<&str>, #[case] says: &str) {
        let mut json = serde_json::Deserializer::from_str(text);
        let error = serde_path_to_error::deserialize::<_, Outer>(&mut json).unwrap_err();
        let fault = in_json(&error);
        assert_eq!(fault.field.as_deref(), field);
        let (tr, en) = (fault.text(Language::Tr), fault.text(Language::En));
        assert!(en.contains(says), "{en}");
        assert!(field.is_none_or(|field| tr.contains(field) && en.contains(field)));
    }
}
