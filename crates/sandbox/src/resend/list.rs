//! Lists with cursors: <https://resend.com/docs/api-reference/pagination>.

use serde_json::{Value, json};

use super::errors::{ApiError, invalid};

const USUAL_PAGE: usize = 20;
const LARGEST_PAGE: usize = 100;

/// The entries after or before the one that is named, with their ids.
pub(super) fn page(query: Option<&str>, entries: &[(String, Value)]) -> Result<Value, ApiError> {
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let get = |key: &str| pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
    let size = get("limit").map_or(Ok(USUAL_PAGE), str::parse).unwrap_or_default();
    if !(1..=LARGEST_PAGE).contains(&size) {
        return Err(invalid("The `limit` must be between 1 and 100."));
    }
    let at = |id: &str| entries.iter().position(|(own, _)| own == id).ok_or_else(|| invalid("Unknown cursor."));
    let (start, end) = match (get("after"), get("before")) {
        (Some(_), Some(_)) => return Err(invalid("`after` and `before` cannot be used together.")),
        (Some(after), None) => (at(after)? + 1, entries.len()),
        (None, Some(before)) => (at(before)?.saturating_sub(size), at(before)?),
        (None, None) => (0, entries.len()),
    };
    let data: Vec<_> = entries[start..end].iter().take(size).map(|(_, entry)| entry).collect();
    let has_more = if get("before").is_some() { start > 0 } else { start + size < end };
    Ok(json!({"object": "list", "has_more": has_more, "data": data}))
}
