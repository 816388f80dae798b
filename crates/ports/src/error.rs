//! One error for all ports: what it means, whose it is, whether to try again.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// Whether the same call may be made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It would fail again: somebody has to change something first.
    Never,
    /// It certainly did not happen: again after the pause, or after the caller's own.
    After(Option<Duration>),
    /// It may have happened: look first.
    OutcomeUnknown,
}

/// An adapter's or a store's failure, by meaning. `Display` holds no body, token, address or personal
/// data; the vendor's own words are in [`PortError::detail`], for people only.
#[derive(Debug)]
pub struct PortError<K> {
    /// What it means.
    pub kind: K,
    /// Which adapter says so, such as `bitrix24`.
    pub adapter: &'static str,
    /// Whether to try again.
    pub retry: Retry,
    /// The vendor's text for people; never to be matched on.
    pub detail: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl<K> PortError<K> {
    /// A failure without a cause of its own.
    pub fn new(adapter: &'static str, kind: K, retry: Retry) -> Self {
        Self { kind, adapter, retry, detail: None, source: None }
    }

    /// The same failure in another port's terms.
    #[must_use]
    pub fn map<L>(self, kind: impl FnOnce(K) -> L) -> PortError<L> {
        let Self { kind: own, adapter, retry, detail, source } = self;
        PortError { kind: kind(own), adapter, retry, detail, source }
    }

    /// The same with the vendor's text.
    #[must_use]
    pub fn detail(mut self, text: impl Into<String>) -> Self {
        self.detail = Some(text.into());
        self
    }

    /// The same for a call without effect: whatever became of it, it may be made again.
    #[must_use]
    pub fn without_effect(mut self) -> Self {
        if self.retry == Retry::OutcomeUnknown {
            self.retry = Retry::After(None);
        }
        self
    }

    /// The same with its cause, whose own text must be free of secrets.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl<K: fmt::Debug> fmt::Display for PortError<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?} ({:?})", self.adapter, self.kind, self.retry)
    }
}

impl<K: fmt::Debug> StdError for PortError<K> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// What can go wrong with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The database did not answer or is busy.
    Unavailable,
    /// Somebody else changed it first, or it exists already.
    Conflict,
    /// The lease is not held any more: nothing was recorded.
    StaleLease,
    /// What is stored cannot be read: a newer version's data, or a damaged file.
    Unreadable,
}

/// A store's failure.
pub type StoreError = PortError<StoreErrorKind>;
