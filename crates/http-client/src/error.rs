use std::fmt;

/// What is known of a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It certainly did not happen: no connection, or an address that is not allowed.
    NotSent,
    /// It may have happened: the time ran out or the connection broke after sending began.
    Unknown,
    /// It was answered, but the answer cannot be read.
    Unreadable,
}

/// A failed call. Neither `Display` nor `Debug` holds an address, a header or a body.
pub struct HttpError {
    /// What is known of it.
    pub failure: Failure,
    why: String,
}

impl HttpError {
    pub(crate) fn new(failure: Failure, why: impl Into<String>) -> Self {
        Self { failure, why: why.into() }
    }
}

impl From<reqwest::Error> for HttpError {
    fn from(error: reqwest::Error) -> Self {
        let failure = if error.is_builder() || error.is_connect() { Failure::NotSent } else { Failure::Unknown };
        let why = match () {
            () if error.is_builder() => "the request could not be built",
            () if error.is_connect() => "no connection",
            () if error.is_timeout() => "the time ran out",
            () => "the connection broke",
        };
        Self::new(failure, why)
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl fmt::Debug for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HttpError({:?}, {})", self.failure, self.why)
    }
}

impl std::error::Error for HttpError {}
