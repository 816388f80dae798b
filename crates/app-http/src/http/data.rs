//! What is kept of a company or a person, handed out.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use kopru_domain::UserId;
use kopru_engine::{Caller, EngineError};
use serde_json::Value;

use super::auth::Administrator;
use super::input::id;
use super::problem::Answer;
use super::{App, ProblemDocument};

/// All that is kept of the company, as [JSON lines](https://jsonlines.org/): each says in `type` what it is. Secrets are
/// left out. The last one is `{"type": "end"}`; without it the answer broke off.
#[utoipa::path(get, path = "/api/v1/companies/{company}/export", tag = "companies", params(("company" = String, Path)),
    responses((status = 200, body = String, content_type = "application/x-ndjson"), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn export_company(
    State(app): State<App>,
    caller: Administrator,
    Path(company): Path<String>,
) -> Answer<Response> {
    export(app, &caller.0.of(&company)?, None).await
}

/// All that is kept of one person: connections, sessions, configurations with rows, events and history, messages that the
/// person sent, entries of the audit log.
#[utoipa::path(get, path = "/api/v1/companies/{company}/people/{user}/export", tag = "companies", params(("company" = String, Path), ("user" = String, Path)),
    responses((status = 200, body = String, content_type = "application/x-ndjson"), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn export_person(
    State(app): State<App>,
    caller: Administrator,
    Path((company, user)): Path<(String, String)>,
) -> Answer<Response> {
    export(app, &caller.0.of(&company)?, Some(id("user", &user)?)).await
}

/// Page by page, as fast as it is taken.
async fn export(app: App, caller: &Caller, person: Option<UserId>) -> Answer<Response> {
    let begun = app.engine.export(caller, person).await?;
    let pages = futures::stream::try_unfold((app.engine, begun), async |(engine, mut export)| {
        let page = engine.export_page(&mut export).await?;
        Ok::<_, EngineError>(page.map(|records| (lines(&records), (engine, export))))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(pages)).into_response())
}

fn lines(records: &[Value]) -> String {
    records.iter().flat_map(|record| [record.to_string(), "\n".to_owned()]).collect()
}
