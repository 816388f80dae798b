//! `files.list`: <https://developers.google.com/workspace/drive/api/reference/rest/v3/files/list>.

use axum::{
    Json,
    extract::{RawQuery, State as Extracted},
    http::HeaderMap,
};
use serde_json::{Value, json};

use super::{
    access::{self, Query, authorise},
    errors::{ApiError, invalid},
    state::Spreadsheet,
};
use crate::server::Shared;

const SPREADSHEET: &str = "application/vnd.google-apps.spreadsheet";
const KNOWN: [&str; 15] = [
    "corpora",
    "corpus",
    "driveId",
    "includeItemsFromAllDrives",
    "includeLabels",
    "includePermissionsForView",
    "includeTeamDriveItems",
    "orderBy",
    "pageSize",
    "pageToken",
    "q",
    "spaces",
    "supportsAllDrives",
    "supportsTeamDrives",
    "teamDriveId",
];

pub(super) async fn list(
    Extracted(app): Extracted<Shared>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let state = app.google();
    let grant = authorise(&state, &headers, access::FILES).map_err(ApiError::legacy)?;
    let query = Query::parse(query.as_deref(), &KNOWN).map_err(ApiError::legacy)?;
    let clauses = clauses(query.get("q").unwrap_or_default()).map_err(ApiError::legacy)?;
    let mut files: Vec<&Spreadsheet> =
        state.spreadsheets.values().filter(|file| clauses.iter().all(|c| c.admits(file))).collect();
    sort(&mut files, query.get("orderBy").unwrap_or("modifiedTime desc"));
    let bad_page = || invalid("Invalid Value").legacy();
    let size = query.get("pageSize").unwrap_or("100").parse::<usize>().map_err(|_| bad_page())?;
    let from = query.get("pageToken").map_or(Ok(0), |token| {
        token.strip_prefix("page-").and_then(|from| from.parse::<usize>().ok()).ok_or_else(bad_page)
    })?;
    if !(1..=1000).contains(&size) {
        return Err(bad_page());
    }
    let page = files.iter().skip(from).take(size).map(|file| about(file, &grant.account, &app.base_url));
    let mut body = json!({"kind": "drive#fileList", "incompleteSearch": false, "files": page.collect::<Vec<_>>()});
    if from + size < files.len() {
        body["nextPageToken"] = json!(format!("page-{}", from + size));
    }
    Ok(Json(query.mask().map_err(ApiError::legacy)?.prune(body)))
}

fn about(file: &Spreadsheet, account: &str, base_url: &str) -> Value {
    let time = jiff::Timestamp::from_millisecond(file.modified_ms).unwrap_or_default();
    json!({
        "kind": "drive#file",
        "id": file.id,
        "name": file.title,
        "mimeType": SPREADSHEET,
        "modifiedTime": time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
        "webViewLink": format!("{base_url}/google/sheets/{}", file.id),
        "trashed": false,
        "capabilities": {"canEdit": true},
        "owners": [{"emailAddress": account, "displayName": account, "me": true}],
    })
}

fn sort(files: &mut [&Spreadsheet], order: &str) {
    for key in order.split(',').rev() {
        let mut words = key.split_whitespace();
        match words.next() {
            Some("name" | "name_natural") => files.sort_by_key(|file| file.title.to_lowercase()),
            _ => files.sort_by_key(|file| file.modified_ms),
        }
        if words.next() == Some("desc") {
            files.reverse();
        }
    }
}

#[derive(Debug, PartialEq)]
enum Clause {
    Mime(String),
    Trashed(bool),
    NameContains(String),
    NameIs(String),
    Everything,
}

impl Clause {
    /// Drive matches the beginnings of words, without regard to case.
    fn admits(&self, file: &Spreadsheet) -> bool {
        match self {
            Self::Mime(kind) => kind == SPREADSHEET,
            Self::Trashed(trashed) => !trashed,
            Self::NameIs(name) => file.title == *name,
            Self::NameContains(part) => {
                let (title, part) = (file.title.to_lowercase(), part.to_lowercase());
                title.starts_with(&part) || title.contains(&format!(" {part}"))
            }
            Self::Everything => true,
        }
    }
}

/// Terms joined by `and`; what is not simulated is refused, not passed over.
fn clauses(query: &str) -> Result<Vec<Clause>, ApiError> {
    let terms = terms(query).into_iter().filter(|term| !term.is_empty());
    terms.map(|term| clause(term).ok_or_else(|| invalid("Invalid Value"))).collect()
}

/// Cuts at every `and` that is not within quotes.
fn terms(query: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let mut rest = query;
    let mut from = 0;
    while let Some(at) = rest[from..].find(" and ").map(|at| from + at) {
        let quotes = rest[..at].matches('\'').count() - rest[..at].matches("\\'").count();
        if quotes.is_multiple_of(2) {
            terms.push(rest[..at].trim());
            rest = &rest[at + " and ".len()..];
            from = 0;
        } else {
            from = at + 1;
        }
    }
    terms.push(rest.trim());
    terms
}

fn clause(term: &str) -> Option<Clause> {
    let literal = || {
        let (_, quoted) = term.split_once('\'')?;
        Some(quoted.strip_suffix('\'')?.replace("\\'", "'").replace("\\\\", "\\"))
    };
    let bare: String = term.split('\'').next()?.split_whitespace().collect();
    match bare.as_str() {
        "mimeType=" => Some(Clause::Mime(literal()?)),
        "namecontains" => Some(Clause::NameContains(literal()?)),
        "name=" => Some(Clause::NameIs(literal()?)),
        "trashed=false" => Some(Clause::Trashed(false)),
        "trashed=true" => Some(Clause::Trashed(true)),
        "" if term == "'me' in owners" => Some(Clause::Everything),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_query_of_the_documentation() {
        let found = clauses(
            r"mimeType='application/vnd.google-apps.spreadsheet' and trashed = false and name contains 'Ali\'nin and co'",
        )
        .unwrap();
        let expected = [
            Clause::Mime(SPREADSHEET.to_owned()),
            Clause::Trashed(false),
            Clause::NameContains("Ali'nin and co".to_owned()),
        ];
        assert_eq!(found, expected);
        assert!(clauses("modifiedTime > '2026-01-01'").is_err());
    }
}
