//! Lists: filters, and pages that stay in place while messages come in.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    errors::{ApiError, refused},
    message::{Message, moment},
};

const USUAL_PAGE: usize = 50;
const LARGEST_PAGE: usize = 1000;

#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(query: Option<&str>) -> Self {
        Self(url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, value)| name == key && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    pub fn select<'a>(&self, messages: Vec<&'a Message>) -> Result<Vec<&'a Message>, ApiError> {
        let [on, until, since] = [self.day("DateSent")?, self.day("DateSent<")?, self.day("DateSent>")?];
        let dated = on.or(until).or(since).is_some();
        let hit = |message: &&Message| {
            let sent = message.sent_ms.map(moment);
            self.get("To").is_none_or(|to| message.to == to)
                && self.get("From").is_none_or(|from| message.from.as_deref() == Some(from))
                && sent.map_or(!dated, |sent| {
                    on.is_none_or(|(first, last)| (first..=last).contains(&sent))
                        && until.is_none_or(|(first, _)| sent <= first)
                        && since.is_none_or(|(first, _)| sent >= first)
                })
        };
        Ok(messages.into_iter().filter(hit).collect())
    }

    /// The first and the last moment of a day, or of a second.
    fn day(&self, key: &str) -> Result<Option<(Timestamp, Timestamp)>, ApiError> {
        let Some(text) = self.get(key) else { return Ok(None) };
        let moment = text.parse().ok().map(|at: Timestamp| (at, jiff::SignedDuration::from_secs(1)));
        let day = || {
            let start = text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
            Some((start, jiff::SignedDuration::from_hours(24)))
        };
        let (first, length) = moment.or_else(day).ok_or_else(|| refused(20001).about(key))?;
        let last = first + length - jiff::SignedDuration::from_nanos(1);
        Ok(Some((first, last)))
    }

    /// `PageToken` names the last entry of the page before.
    pub fn page(&self, path: &str, key: &str, entries: &[(String, Value)]) -> Value {
        let size = self.get("PageSize").and_then(|size| size.parse().ok()).unwrap_or(USUAL_PAGE);
        let size = size.clamp(1, LARGEST_PAGE);
        let last = self.get("PageToken").and_then(|token| token.strip_prefix("PA"));
        let start = last.and_then(|last| entries.iter().position(|(sid, _)| sid == last)).map_or(0, |at| at + 1);
        let page: usize = self.get("Page").filter(|_| last.is_some()).and_then(|page| page.parse().ok()).unwrap_or(0);
        let shown = &entries[start..entries.len().min(start + size)];
        let end = start + shown.len();
        let next = shown.last().filter(|_| end < entries.len());
        let before = (page > 0).then(|| start.saturating_sub(size));
        let token = |at: usize| at.checked_sub(1).map(|last| entries[last].0.as_str());
        json!({
            key: shown.iter().map(|(_, entry)| entry).collect::<Vec<_>>(),
            "end": end.saturating_sub(1),
            "first_page_uri": self.uri(path, size, 0, None),
            "next_page_uri": next.map(|(sid, _)| self.uri(path, size, page + 1, Some(sid))),
            "page": page,
            "page_size": size,
            "previous_page_uri": before.map(|at| self.uri(path, size, page - 1, token(at))),
            "start": start,
            "uri": self.uri(path, size, page, token(start)),
        })
    }

    fn uri(&self, path: &str, size: usize, page: usize, last: Option<&str>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.0.iter().filter(|(name, _)| !name.starts_with("Page")));
        query.append_pair("PageSize", &size.to_string()).append_pair("Page", &page.to_string());
        if let Some(last) = last {
            query.append_pair("PageToken", &format!("PA{last}"));
        }
        format!("{path}?{}", query.finish())
    }
}
