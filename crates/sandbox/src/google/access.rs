//! Who calls, what they may, and which query keys exist.

use axum::http::{HeaderMap, header::AUTHORIZATION};

use super::{
    errors::{self, ApiError},
    mask::Mask,
    state::{Grant, State},
};

pub(super) const SPREADSHEETS: &[&str] = &["spreadsheets", "drive", "drive.file"];
pub(super) const SPREADSHEETS_READ: &[&str] =
    &["spreadsheets", "spreadsheets.readonly", "drive", "drive.readonly", "drive.file"];
pub(super) const FILES: &[&str] =
    &["drive", "drive.readonly", "drive.metadata", "drive.metadata.readonly", "drive.file"];

/// Keys that every Google API takes.
const COMMON: [&str; 9] =
    ["alt", "fields", "prettyPrint", "quotaUser", "key", "$.xgafv", "uploadType", "upload_protocol", "access_token"];

pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The live grant of the bearer, if one of `scopes` is in it.
pub(super) fn authorise<'a>(state: &'a State, headers: &HeaderMap, scopes: &[&str]) -> Result<&'a Grant, ApiError> {
    let token = bearer(headers).and_then(|token| state.live(token));
    let grant = &token.ok_or_else(errors::unauthenticated)?.grant;
    let allowed = scopes.iter().any(|scope| grant.scopes.contains(&full(scope)));
    if allowed { Ok(grant) } else { Err(errors::insufficient_scope()) }
}

/// Most scopes have short names here.
fn full(scope: &str) -> String {
    if scope.contains(':') { scope.to_owned() } else { format!("https://www.googleapis.com/auth/{scope}") }
}

/// The query's pairs, all of which must be known.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(query: Option<&str>, known: &[&str]) -> Result<Self, ApiError> {
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
        let unknown = pairs.iter().find(|(key, _)| !known.contains(&key.as_str()) && !COMMON.contains(&key.as_str()));
        match unknown {
            Some((key, _)) => Err(errors::unknown_query(key)),
            None => Ok(Self(pairs)),
        }
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    pub fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    pub fn is_true(&self, key: &str) -> bool {
        self.get(key) == Some("true")
    }

    pub fn mask(&self) -> Result<Mask, ApiError> {
        let fields = self.get("fields").unwrap_or_default();
        Mask::parse(fields).ok_or_else(|| errors::invalid("Request contains an invalid argument."))
    }
}
