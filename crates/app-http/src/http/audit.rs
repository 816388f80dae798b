use axum::Json;
use axum::extract::{Path, State};
use jiff::Timestamp;
use kopru_ports::audit::{AuditAction, AuditEntry};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Administrator;
use super::input::Query;
use super::paging::{PageQuery, next};
use super::problem::Answer;
use super::{App, ProblemDocument};

/// Who did what.
#[derive(Serialize, ToSchema)]
pub struct AuditItem {
    /// The entry's id.
    id: String,
    /// When.
    #[schema(value_type = String)]
    at: Timestamp,
    /// The API key by which it was done.
    key: Option<String>,
    /// The person who did it, or for whom the key did. Neither key nor person: an operator of the service.
    user: Option<String>,
    /// What was done, such as `config_changed`.
    #[schema(value_type = String)]
    action: AuditAction,
    /// To what: a key's or configuration's id, a person, a portal.
    subject: String,
}

/// A page of the audit log, newest first.
#[derive(Serialize, ToSchema)]
pub struct AuditPage {
    items: Vec<AuditItem>,
    /// For the next page; none on the last.
    cursor: Option<String>,
}

/// Who connected, revoked, changed what in the company.
#[utoipa::path(get, path = "/api/v1/companies/{company}/audit", tag = "companies", params(("company" = String, Path), PageQuery),
    responses((status = 200, body = AuditPage), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(
    State(app): State<App>,
    caller: Administrator,
    Path(company): Path<String>,
    Query(page): Query<PageQuery>,
) -> Answer<Json<AuditPage>> {
    let company = caller.0.of(&company)?.company;
    let limit = page.limit()?;
    let entries = app.engine.audit_log(&company, page.cursor()?, limit).await?;
    let cursor = next(&entries, limit, |entry| entry.id);
    Ok(Json(AuditPage { items: entries.into_iter().map(Into::into).collect(), cursor }))
}

impl From<AuditEntry> for AuditItem {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            at: entry.at,
            key: entry.actor.key.map(|key| key.to_string()),
            user: entry.actor.user.map(|user| user.to_string()),
            action: entry.action,
            subject: entry.subject,
        }
    }
}
