//! Folders: <https://learn.microsoft.com/en-us/graph/api/mailfolder-list-messages>.

use std::collections::HashMap;

use axum::{
    Json,
    extract::{OriginalUri, Path, Query, State as Extracted},
    http::HeaderMap,
};
use serde_json::{Value, json};

use super::{
    access::authorise,
    errors::{ApiError, bad, not_found},
    messages::READ,
    show::{message, selected, wants_immutable},
};
use crate::server::Shared;

const USUAL_PAGE: usize = 10;
const LARGEST_PAGE: usize = 1000;

type Fields = HashMap<String, String>;

pub(super) async fn all(
    app: Extracted<Shared>,
    headers: HeaderMap,
    uri: OriginalUri,
    query: Query<Fields>,
) -> Result<Json<Value>, ApiError> {
    listed(&app, &headers, None, &uri, &query)
}

pub(super) async fn folder(
    app: Extracted<Shared>,
    headers: HeaderMap,
    Path(folder): Path<String>,
    uri: OriginalUri,
    query: Query<Fields>,
) -> Result<Json<Value>, ApiError> {
    let folder = folder.to_lowercase();
    if !["drafts", "sentitems"].contains(&folder.as_str()) {
        return Err(not_found());
    }
    listed(&app, &headers, Some(&folder), &uri, &query)
}

fn listed(
    app: &Shared,
    headers: &HeaderMap,
    wanted: Option<&str>,
    uri: &OriginalUri,
    query: &Fields,
) -> Result<Json<Value>, ApiError> {
    let mut state = app.microsoft();
    let account = authorise(&state, headers, READ)?;
    let (now_ms, lag_ms) = (app.clock.now_ms(), state.settings.sent_lag_ms);
    let number = |name: &str, usual: usize| {
        let refusal = || bad("BadRequest", &format!("Invalid value for the query option '{name}'."));
        query.get(name).map_or(Ok(usual), |text| text.parse().map_err(|_| refusal()))
    };
    let (top, skip) = (number("$top", USUAL_PAGE)?.min(LARGEST_PAGE), number("$skip", 0)?);
    let id = query.get("$filter").map(|filter| message_id(filter)).transpose()?;
    let select = query.get("$select").map(String::as_str);
    let is_immutable = wants_immutable(headers);
    let found = state.mailbox(&account).newest().into_iter().filter_map(|stored| {
        let folder = stored.folder(now_ms, lag_ms)?;
        let is_hit = wanted.is_none_or(|wanted| wanted == folder)
            && id.as_ref().is_none_or(|id| stored.letter.message_id == *id);
        is_hit.then(|| selected(message(stored, is_immutable, folder), select))
    });
    let found: Vec<_> = found.collect();
    let page: Vec<_> = found.iter().skip(skip).take(top).collect();
    let mut body = json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#messages", "value": page});
    if skip + top < found.len() {
        body["@odata.nextLink"] = json!(next(app, uri, skip + top));
    }
    Ok(Json(body))
}

fn next(app: &Shared, OriginalUri(uri): &OriginalUri, skip: usize) -> String {
    let query = uri.query().unwrap_or_default();
    let kept = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "$skip");
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    pairs.extend_pairs(kept).append_pair("$skip", &skip.to_string());
    format!("{}{}?{}", app.base_url, uri.path(), pairs.finish())
}

/// The one filter that is simulated.
fn message_id(filter: &str) -> Result<String, ApiError> {
    let literal = filter.trim().strip_prefix("internetMessageId eq '").and_then(|rest| rest.strip_suffix('\''));
    let literal = literal.map(|text| text.replace("''", "'"));
    literal.ok_or_else(|| bad("ErrorInvalidUrlQueryFilter", "The query filter contains one or more invalid nodes."))
}
