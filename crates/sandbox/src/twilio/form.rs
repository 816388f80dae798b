//! A form: the only body that this API reads.

use std::convert::Infallible;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::header::CONTENT_TYPE,
};

const FORM: &str = "application/x-www-form-urlencoded";

/// The fields in their order; a key may come more than once.
#[derive(Debug)]
pub(super) struct Form(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Infallible;

    /// A body of another type has no fields, so what it lacks first is its `To`.
    async fn from_request(request: Request, state: &S) -> Result<Self, Infallible> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.starts_with(FORM) {
            return Ok(Self(Vec::new()));
        }
        let body = Bytes::from_request(request, state).await.unwrap_or_default();
        Ok(Self(url::form_urlencoded::parse(&body).into_owned().collect()))
    }
}

impl Form {
    /// The field's value; an empty one is none.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, value)| name == key && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}
