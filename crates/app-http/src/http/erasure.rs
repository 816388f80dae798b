//! What is kept of a company or a person, deleted.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use kopru_domain::UserId;
use kopru_engine::Caller;
use serde::Deserialize;
use utoipa::ToSchema;

use super::auth::Administrator;
use super::input::{Body, Fault, id};
use super::problem::{Answer, Failure};
use super::{App, ProblemDocument};

/// That the company is meant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The company's id once more.
    confirm: String,
}

/// Deletes all that is kept of the company, with its keys, and ends its people's connections; for good. Only with an API
/// key. The key is not valid any more soon after the answer; the rest takes a moment more.
#[utoipa::path(delete, path = "/api/v1/companies/{company}", tag = "companies", request_body = Confirmation, params(("company" = String, Path)),
    responses((status = 202), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn company(
    State(app): State<App>,
    caller: Administrator,
    Path(company): Path<String>,
    Body(body): Body<Confirmation>,
) -> Answer<StatusCode> {
    let caller = caller.0.of(&company)?;
    if body.confirm != company {
        return Err(Failure::Unreadable(Fault::value("confirm")));
    }
    erase(&app, &caller, None).await
}

/// Deletes all that is kept of one person, and ends the person's connections; for good. It takes a moment, and what the
/// person does within the two minutes after goes too.
#[utoipa::path(delete, path = "/api/v1/companies/{company}/people/{user}", tag = "companies", params(("company" = String, Path), ("user" = String, Path)),
    responses((status = 202), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn person(
    State(app): State<App>,
    caller: Administrator,
    Path((company, user)): Path<(String, String)>,
) -> Answer<StatusCode> {
    erase(&app, &caller.0.of(&company)?, Some(id("user", &user)?)).await
}

async fn erase(app: &App, caller: &Caller, person: Option<UserId>) -> Answer<StatusCode> {
    let erasure = app.engine.erase(caller, person).await?;
    app.engine.enqueue_erasure(&erasure).await?;
    Ok(StatusCode::ACCEPTED)
}
