//! The headers of a request that sends.

use std::time::Duration;

use axum::http::HeaderMap;
use utoipa::IntoParams;

use super::input::Fault;
use super::problem::Failure;

const KEY: &str = "Idempotency-Key";
/// The server answers within a minute.
const LONGEST: u64 = 50;

/// What they mean, for the description of the routes.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "a description: the headers themselves are read below")]
pub struct SendHeaders {
    /// By what the caller knows the request: repeated with the same body it is the same request, and nothing is sent
    /// twice. 1 to 255 characters.
    #[param(rename = "Idempotency-Key", required = false)]
    idempotency_key: Option<String>,
    /// `wait=N`: answer once the vendor has taken or refused the message, after N seconds at the latest (50 at most),
    /// for up to 100 recipients.
    #[param(rename = "Prefer", required = false)]
    prefer: Option<String>,
}

/// By what the caller knows the request.
pub fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(key) = headers.get(KEY) else { return Ok(None) };
    let key = key.to_str().map_err(|_| Failure::Unreadable(Fault::value(KEY)))?;
    Ok(Some(key.to_owned()))
}

/// How long the caller waits for the outcome (RFC 7240, 4.3).
pub fn wait(headers: &HeaderMap) -> Option<Duration> {
    let wishes = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut wishes = wishes.flat_map(|value| value.split([',', ';'])).map(str::trim);
    let seconds: u64 = wishes.find_map(|wish| wish.strip_prefix("wait="))?.trim_matches('"').parse().ok()?;
    Some(Duration::from_secs(seconds.min(LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("wait=10", Some(10))]
    #[case("respond-async, wait=5", Some(5))]
    #[case("wait=600", Some(LONGEST))]
    #[case("wait=soon", None)]
    #[case("respond-async", None)]
    fn a_wish_to_wait_is_read(#[case] prefer: &str, #[case] seconds: Option<u64>) {
        let headers =
            HeaderMap::from_iter([(axum::http::header::HeaderName::from_static("prefer"), prefer.parse().unwrap())]);
        assert_eq!(wait(&headers), seconds.map(Duration::from_secs));
    }
}
