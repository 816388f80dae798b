use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, LOCATION, RETRY_AFTER};
use serde::de::DeserializeOwned;

use crate::error::{Failure, HttpError};

/// A longer pause is no vendor's word but a mistake, and would overflow dates.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);

/// An answer, read to its end.
#[derive(Clone)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// A body may hold a token: `Debug` tells its length only.
impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status, self.body.len())
    }
}

impl Reply {
    /// The body as JSON.
    ///
    /// # Errors
    /// [`Failure::Unreadable`]; the text does not repeat the body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let place = format!(
                "the answer is not the JSON that was expected (line {}, column {})",
                error.line(),
                error.column()
            );
            HttpError::new(Failure::Unreadable, place)
        })
    }

    /// The pause that the vendor asks for: seconds, or a date against the answer's own (RFC 9110, 10.2.3);
    /// a day at most.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.asked_pause().map(|pause| pause.min(LONGEST_PAUSE))
    }

    fn asked_pause(&self) -> Option<Duration> {
        let text = self.text(&RETRY_AFTER)?.trim();
        if let Ok(seconds) = text.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let until = httpdate(text)?;
        let now = httpdate(self.text(&DATE)?)?;
        Duration::try_from(until.duration_since(now)).ok()
    }

    /// Where a redirect leads; it is never followed by itself.
    #[must_use]
    pub fn location(&self) -> Option<&str> {
        self.text(&LOCATION)
    }

    fn text(&self, name: &reqwest::header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn httpdate(text: &str) -> Option<jiff::Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Reply {
        let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        Reply { status: 429, headers, body: Vec::new() }
    }

    #[test]
    fn a_pause_is_read_in_both_spellings() {
        assert_eq!(with(&[("retry-after", "7")]).retry_after(), Some(Duration::from_secs(7)));
        let dated = [("retry-after", "Mon, 23 Nov 2026 10:01:00 GMT"), ("date", "Mon, 23 Nov 2026 10:00:00 GMT")];
        assert_eq!(with(&dated).retry_after(), Some(Duration::from_mins(1)));
        assert_eq!(with(&[("retry-after", "soon")]).retry_after(), None);
        let endless = u64::MAX.to_string();
        assert_eq!(with(&[("retry-after", &endless)]).retry_after(), Some(LONGEST_PAUSE));
    }

    #[test]
    fn a_body_is_shown_nowhere() {
        let reply = Reply { body: b"{\"token\": s3cret}".to_vec(), ..with(&[]) };
        let error = reply.json::<serde_json::Value>().unwrap_err();
        assert!(!format!("{reply:?} {error:?} {error}").contains("s3cret"));
    }
}
