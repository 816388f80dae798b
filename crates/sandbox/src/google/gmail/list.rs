//! `users.messages.list`: <https://developers.google.com/workspace/gmail/api/guides/filtering>.

use axum::{
    Json,
    extract::{Path, RawQuery, State as Extracted},
    http::HeaderMap,
};
use serde_json::{Value, json};

use super::{
    super::errors::ApiError,
    READ, READING,
    messages::query,
    open, refusals,
    show::named,
    store::{Label, Stored},
};
use crate::server::Shared;

const USUAL_PAGE: usize = 100;
const LARGEST_PAGE: usize = 500;
const KNOWN: &[&str] = &["includeSpamTrash", "labelIds", "maxResults", "pageToken", "q"];

pub(super) async fn list(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    Path(user): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let mut state = app.google();
    let known_until_ms = app.clock.now_ms() - state.gmail_habits.search_lag_ms;
    let mailbox = open(&mut state, &headers, READ, &user, READING)?;
    let query = query(raw.as_deref(), KNOWN)?;
    let terms = terms(query.get("q").unwrap_or_default())?;
    let labels: Vec<_> = query.all("labelIds").collect();
    let hits = mailbox.newest().into_iter().filter(|stored| {
        let is_found = terms.is_empty() || stored.created_ms <= known_until_ms;
        is_found
            && terms.iter().all(|term| term.admits(stored))
            && labels.iter().all(|label| *label == stored.label.name())
    });
    let found: Vec<_> = hits.map(named).collect();
    let size = query.get("maxResults").map_or(Some(USUAL_PAGE), |size| size.parse().ok()).unwrap_or(0);
    let from = query.get("pageToken").map_or(Some(0), |token| token.parse().ok());
    let (Some(from), 1..) = (from, size) else { return Err(refusals::invalid("Invalid value")) };
    let end = found.len().min(from + size.min(LARGEST_PAGE));
    let mut body = json!({"resultSizeEstimate": found.len()});
    if let Some(page @ [_, ..]) = found.get(from..end) {
        body["messages"] = json!(page);
    }
    if end < found.len() {
        body["nextPageToken"] = json!(end.to_string());
    }
    Ok(Json(query.mask().map_err(ApiError::in_both)?.prune(body)))
}

#[derive(Debug, PartialEq, Eq)]
enum Term {
    MessageId(String),
    In(Label),
}

impl Term {
    fn admits(&self, stored: &Stored) -> bool {
        match self {
            Self::MessageId(id) => stored.letter.message_id.trim_matches(['<', '>']) == id,
            Self::In(label) => stored.label == *label,
        }
    }
}

/// What is not simulated is refused, not passed over.
fn terms(query: &str) -> Result<Vec<Term>, ApiError> {
    let read = |word: &str| match word.split_once(':') {
        Some(("rfc822msgid", id)) => Ok(Term::MessageId(id.trim_matches(['<', '>']).to_owned())),
        Some(("in" | "label", "sent")) => Ok(Term::In(Label::Sent)),
        Some(("in" | "label", "draft" | "drafts")) => Ok(Term::In(Label::Draft)),
        _ => Err(refusals::invalid(&format!("Not simulated: q={word}"))),
    };
    query.split_whitespace().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_query_of_the_documentation() {
        let expected = [Term::MessageId("1@b".to_owned()), Term::In(Label::Sent)];
        assert_eq!(terms("rfc822msgid:<1@b>  in:sent").unwrap(), expected);
        assert!(terms("newer_than:1d").is_err());
    }
}
