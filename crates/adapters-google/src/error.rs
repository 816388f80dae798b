//! Google's answers by meaning.

use std::time::Duration;

use jiff::Timestamp;
use kopru_http_client::Failure::NotSent;
use kopru_http_client::{HttpError, Reply};
use kopru_ports::calendar::{CalendarError, CalendarErrorKind};
use kopru_ports::spreadsheets::{SheetsError, SheetsErrorKind};
use kopru_ports::tokens::TokenErrorKind;
use kopru_ports::{PortError, Retry};

use crate::wire::{ErrorBody, ErrorDetail, Reason};

pub(crate) const ADAPTER: &str = "google";

/// How long Google is left alone when it refuses without saying how long; its windows are minutes.
const PAUSE: Duration = Duration::from_secs(30);
/// A longer pause is no vendor's word but a mistake.
const LONGEST_PAUSE: Duration = Duration::from_hours(24);
/// How long a calendar is left alone that took more invitations or events than Google thinks a person makes.
const COOL_DOWN: Duration = Duration::from_hours(1);

/// What Google means, whatever interface says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    NotConnected,
    ReconnectRequired,
    ScopeMissing,
    NotAllowed,
    NotFound,
    Deleted,
    AlreadyExists,
    Conflict,
    Invalid,
    RateLimited,
    Unavailable,
}

pub(crate) type Failure = PortError<Meaning>;

impl From<Meaning> for SheetsErrorKind {
    fn from(meaning: Meaning) -> Self {
        match meaning {
            Meaning::NotConnected | Meaning::ReconnectRequired => Self::ReconnectRequired,
            Meaning::ScopeMissing | Meaning::NotAllowed => Self::NotAllowed,
            Meaning::NotFound | Meaning::Deleted => Self::NotFound,
            Meaning::AlreadyExists | Meaning::Conflict | Meaning::Invalid => Self::Invalid,
            Meaning::RateLimited => Self::RateLimited,
            Meaning::Unavailable => Self::Unavailable,
        }
    }
}

impl From<Meaning> for CalendarErrorKind {
    fn from(meaning: Meaning) -> Self {
        match meaning {
            Meaning::NotConnected => Self::NotConnected,
            Meaning::ReconnectRequired => Self::ReconnectRequired,
            Meaning::ScopeMissing => Self::ScopeMissing,
            Meaning::NotAllowed => Self::NotAllowed,
            Meaning::NotFound => Self::NotFound,
            Meaning::Deleted => Self::Deleted,
            Meaning::AlreadyExists => Self::AlreadyExists,
            Meaning::Conflict => Self::Conflict,
            Meaning::Invalid => Self::Invalid,
            Meaning::RateLimited => Self::RateLimited,
            Meaning::Unavailable => Self::Unavailable,
        }
    }
}

pub(crate) fn error(meaning: Meaning, retry: Retry) -> Failure {
    PortError::new(ADAPTER, meaning, retry)
}

/// Reads, and writes of given cells, may be repeated: what may have happened may happen again.
pub(crate) fn of_sheets(failure: Failure) -> SheetsError {
    failure.without_effect().map(SheetsErrorKind::from)
}

pub(crate) fn of_calendar(failure: Failure) -> CalendarError {
    failure.map(CalendarErrorKind::from)
}

/// An answer that is not Google's JSON is a gateway's page.
pub(crate) fn of_call(cause: HttpError) -> Failure {
    let retry = if cause.failure == NotSent { Retry::After(None) } else { Retry::OutcomeUnknown };
    error(Meaning::Unavailable, retry).caused_by(cause)
}

/// Without a token nothing was asked.
pub(crate) fn of_token(cause: PortError<TokenErrorKind>) -> Failure {
    let meaning = match cause.kind {
        TokenErrorKind::NotConnected => Meaning::NotConnected,
        TokenErrorKind::ReconnectRequired => Meaning::ReconnectRequired,
        _ => Meaning::Unavailable,
    };
    error(meaning, cause.retry).caused_by(cause).without_effect()
}

/// Our own Cloud project has the interface switched off: its operator mends that, no person can.
const DISABLED: [&str; 2] = ["SERVICE_DISABLED", "accessNotConfigured"];
/// How long it is left alone until then.
const SWITCHED_OFF: Duration = Duration::from_mins(5);

/// Drive's and Calendar's limits, which come as 403.
const LIMITS: [&str; 4] = ["rateLimitExceeded", "userRateLimitExceeded", "dailyLimitExceeded", "RATE_LIMIT_EXCEEDED"];
/// A person's own calendar took too much.
const USED_UP: [&str; 1] = ["quotaExceeded"];
/// The person did not tick the box.
const UNTICKED: [&str; 2] = ["insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"];

/// An answer that is no success
/// ([Sheets](https://developers.google.com/workspace/sheets/api/troubleshoot-api-errors),
/// [Drive](https://developers.google.com/workspace/drive/api/guides/handle-errors),
/// [Calendar](https://developers.google.com/workspace/calendar/api/guides/errors)).
pub(crate) fn of_reply(reply: &Reply, now: Timestamp) -> Failure {
    let body = detail(reply);
    let says = |words: &[&str]| {
        body.as_ref().is_some_and(|body| reasons(body).any(|entry| words.contains(&entry.reason.as_str())))
    };
    let asked = pause(reply, body.as_ref(), now);
    let pause = |otherwise| Retry::After(Some(asked.unwrap_or(otherwise)));
    let (meaning, retry) = match reply.status {
        403 if says(&USED_UP) => (Meaning::RateLimited, pause(COOL_DOWN)),
        status if status == 429 || status == 403 && says(&LIMITS) => (Meaning::RateLimited, pause(PAUSE)),
        401 => (Meaning::ReconnectRequired, Retry::Never),
        // What to switch on is in the message.
        403 if says(&DISABLED) => (Meaning::Unavailable, Retry::After(Some(SWITCHED_OFF))),
        403 if says(&UNTICKED) => (Meaning::ScopeMissing, Retry::Never),
        403 => (Meaning::NotAllowed, Retry::Never),
        404 => (Meaning::NotFound, Retry::Never),
        410 => (Meaning::Deleted, Retry::Never),
        409 => (Meaning::AlreadyExists, Retry::Never),
        412 => (Meaning::Conflict, Retry::Never),
        400..=407 | 411..500 => (Meaning::Invalid, Retry::Never),
        _ => {
            (Meaning::Unavailable, reply.retry_after().map_or(Retry::OutcomeUnknown, |pause| Retry::After(Some(pause))))
        }
    };
    let found = error(meaning, retry);
    match body {
        Some(body) if !body.message.is_empty() => found.detail(body.message),
        _ => found,
    }
}

/// The pause that Google asks for: in a header or, as Gmail does, in words ("Retry after 2026-12-01T07:00:00.000Z").
pub(crate) fn pause(reply: &Reply, body: Option<&ErrorDetail>, now: Timestamp) -> Option<Duration> {
    let in_words = || {
        let until: Timestamp = body?.message.split_once("Retry after ")?.1.split(' ').next()?.parse().ok()?;
        Some(Duration::try_from(until.duration_since(now)).ok()?.min(LONGEST_PAUSE))
    };
    reply.retry_after().or_else(in_words)
}

/// How long Google takes no such calls, where there were too many.
pub(crate) fn rest_of(reply: &Reply, now: Timestamp) -> Option<Duration> {
    if reply.status < 300 {
        return None;
    }
    match of_reply(reply, now) {
        Failure { kind: Meaning::RateLimited, retry: Retry::After(pause), .. } => pause,
        _ => None,
    }
}

/// Whether one person's calls were too many, and not the whole project's: others may go on. Gmail has one reason for
/// both, and tells them apart in words ("User-rate limit exceeded", "Queries per minute per user").
pub(crate) fn is_of_one_person(reply: &Reply) -> bool {
    let personal = |entry: &Reason| {
        matches!(entry.reason.as_str(), "userRateLimitExceeded" | "quotaExceeded")
            || entry.metadata.quota_limit.ends_with("PerUser")
    };
    detail(reply).is_some_and(|body| reasons(&body).any(personal) || body.message.to_ascii_lowercase().contains("user"))
}

pub(crate) fn detail(reply: &Reply) -> Option<ErrorDetail> {
    reply.json::<ErrorBody>().ok().map(|body| body.error)
}

/// The causes for machines, in either of Google's two shapes.
pub(crate) fn reasons(detail: &ErrorDetail) -> impl Iterator<Item = &Reason> {
    detail.errors.iter().chain(&detail.details)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const DRIVE: &str = r#"{"error":{"code":403,"message":"x","errors":[{"domain":"usageLimits","reason":"userRateLimitExceeded","message":"x"}]}}"#;
    const SHEETS: &str = r#"{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"RATE_LIMIT_EXCEEDED","metadata":{"quota_limit":"ReadRequestsPerMinutePerProject"}}]}}"#;
    const PERSON: &str = r#"{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED","details":[{"reason":"RATE_LIMIT_EXCEEDED","metadata":{"quota_limit":"ReadRequestsPerMinutePerUser"}}]}}"#;
    const DISABLED: &str = r#"{"error":{"code":403,"message":"x","status":"PERMISSION_DENIED","details":[{"reason":"SERVICE_DISABLED"}]}}"#;
    const NOT_CONFIGURED: &str =
        r#"{"error":{"code":403,"message":"x","errors":[{"domain":"usageLimits","reason":"accessNotConfigured"}]}}"#;
    const SCOPE: &str =
        r#"{"error":{"code":403,"message":"x","errors":[{"domain":"global","reason":"insufficientPermissions"}]}}"#;

    const IN_WORDS: &str = r#"{"error":{"code":429,"message":"User-rate limit exceeded.  Retry after 1970-01-01T00:15:00.000Z","errors":[{"domain":"usageLimits","reason":"rateLimitExceeded"}]}}"#;
    const OF_PROJECT: &str = r#"{"error":{"code":403,"message":"Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of service 'gmail.googleapis.com' for consumer 'project_number:1'.","errors":[{"domain":"usageLimits","reason":"rateLimitExceeded"}]}}"#;
    const LONG_AGO: &str = r#"{"error":{"code":429,"message":"User-rate limit exceeded.  Retry after 1969-12-31T23:00:00.000Z","errors":[{"domain":"usageLimits","reason":"rateLimitExceeded"}]}}"#;
    const USAGE: &str =
        r#"{"error":{"code":403,"message":"x","errors":[{"domain":"usageLimits","reason":"quotaExceeded"}]}}"#;
    const ORGANIZER: &str =
        r#"{"error":{"code":403,"message":"x","errors":[{"domain":"calendar","reason":"forbiddenForNonOrganizer"}]}}"#;
    const DUPLICATE: &str =
        r#"{"error":{"code":409,"message":"x","errors":[{"domain":"global","reason":"duplicate"}]}}"#;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, headers: kopru_http_client::header::HeaderMap::new(), body: body.as_bytes().to_vec() }
    }

    #[rstest]
    #[case(403, DRIVE, Meaning::RateLimited, Retry::After(Some(PAUSE)))]
    #[case(429, SHEETS, Meaning::RateLimited, Retry::After(Some(PAUSE)))]
    #[case(429, IN_WORDS, Meaning::RateLimited, Retry::After(Some(Duration::from_mins(15))))]
    #[case(429, LONG_AGO, Meaning::RateLimited, Retry::After(Some(PAUSE)))]
    #[case(403, USAGE, Meaning::RateLimited, Retry::After(Some(COOL_DOWN)))]
    #[case(403, DISABLED, Meaning::Unavailable, Retry::After(Some(SWITCHED_OFF)))]
    #[case(403, NOT_CONFIGURED, Meaning::Unavailable, Retry::After(Some(SWITCHED_OFF)))]
    #[case(403, SCOPE, Meaning::ScopeMissing, Retry::Never)]
    #[case(403, ORGANIZER, Meaning::NotAllowed, Retry::Never)]
    #[case(403, r#"{"error":{"code":403,"status":"PERMISSION_DENIED"}}"#, Meaning::NotAllowed, Retry::Never)]
    #[case(404, r#"{"error":{"code":404,"status":"NOT_FOUND"}}"#, Meaning::NotFound, Retry::Never)]
    #[case(409, DUPLICATE, Meaning::AlreadyExists, Retry::Never)]
    #[case(410, r#"{"error":{"code":410}}"#, Meaning::Deleted, Retry::Never)]
    #[case(412, r#"{"error":{"code":412}}"#, Meaning::Conflict, Retry::Never)]
    #[case(400, r#"{"error":{"code":400,"status":"INVALID_ARGUMENT"}}"#, Meaning::Invalid, Retry::Never)]
    #[case(401, "{}", Meaning::ReconnectRequired, Retry::Never)]
    #[case(408, "", Meaning::Unavailable, Retry::OutcomeUnknown)]
    #[case(502, "<html>", Meaning::Unavailable, Retry::OutcomeUnknown)]
    #[case(503, "", Meaning::Unavailable, Retry::OutcomeUnknown)]
    fn answers_are_read_by_meaning(
        #[case] status: u16,
        #[case] body: &str,
        #[case] meaning: Meaning,
        #[case] retry: Retry,
    ) {
        let found = of_reply(&reply(status, body), Timestamp::UNIX_EPOCH);
        assert_eq!((found.kind, found.retry), (meaning, retry));
        assert_ne!(of_sheets(found).retry, Retry::OutcomeUnknown, "cells may be written again");
    }

    #[rstest]
    #[case(403, DRIVE, true)]
    #[case(403, USAGE, true)]
    #[case(429, PERSON, true)]
    #[case(429, IN_WORDS, true)]
    #[case(403, OF_PROJECT, false)]
    #[case(429, SHEETS, false)]
    #[case(429, "", false)]
    fn one_persons_limit_is_told_from_the_projects(#[case] status: u16, #[case] body: &str, #[case] personal: bool) {
        assert_eq!(is_of_one_person(&reply(status, body)), personal);
    }
}
