//! The team's domains: <https://resend.com/docs/api-reference/domains>.

use axum::{
    Json,
    extract::{Path, RawQuery, State as Extracted},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{email::spaced, emails::checked, errors::ApiError, errors::refused, list};
use crate::{random, server::Shared};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DomainStatus {
    NotStarted,
    Pending,
    Verified,
    Failed,
    PartiallyVerified,
    PartiallyFailed,
}

#[derive(Debug)]
pub(crate) struct Domain {
    id: String,
    name: String,
    pub status: DomainStatus,
    created_ms: i64,
}

impl Domain {
    pub fn new(name: &str, status: DomainStatus, created_ms: i64) -> Self {
        Self { id: random::uuid(), name: name.to_owned(), status, created_ms }
    }

    pub fn show(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "status": self.status, "created_at": spaced(self.created_ms),
            "region": "eu-west-1", "capabilities": {"sending": "enabled", "receiving": "disabled"},
        })
    }

    fn records(&self) -> Value {
        let status = if self.status == DomainStatus::Verified { "verified" } else { "pending" };
        let record = |kind: &str, name: &str, form: &str, value: &str| json!({"record": kind, "name": name, "type": form, "ttl": "Auto", "status": status, "value": value});
        let mut mx = record("SPF", "send", "MX", "feedback-smtp.eu-west-1.amazonses.com");
        mx["priority"] = json!(10);
        let spf = record("SPF", "send", "TXT", "v=spf1 include:amazonses.com ~all");
        json!([mx, spf, record("DKIM", "resend._domainkey", "TXT", "p=sandbox")])
    }
}

pub(super) async fn list(
    Extracted(app): Extracted<Shared>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let state = app.resend();
    let entries: Vec<_> = state.domains.values().map(|domain| (domain.id.clone(), domain.show())).collect();
    list::page(query.as_deref(), &entries).map(Json)
}

pub(super) async fn fetch(Extracted(app): Extracted<Shared>, Path(id): Path<String>) -> Result<Json<Value>, ApiError> {
    checked(&id)?;
    let state = app.resend();
    let domain = state.domains.values().find(|domain| domain.id == id);
    let domain = domain.ok_or_else(|| refused("not_found").saying("Domain not found"))?;
    let mut shown = domain.show();
    shown["object"] = json!("domain");
    shown["records"] = domain.records();
    Ok(Json(shown))
}
