//! How long a company's data are kept.

use axum::Json;
use axum::extract::{Path, State};
use kopru_ports::data::Retention;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Administrator;
use super::input::Body;
use super::problem::Answer;
use super::{App, ProblemDocument};

/// For how many days data are kept: 1 to 3650, or `null` for ever.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionView {
    /// The history of what was written; 365 from the beginning.
    #[serde(rename = "history_days", deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    history: Option<u16>,
    /// The sheets' events that are dealt with; 30 from the beginning.
    #[serde(rename = "events_days", deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    events: Option<u16>,
    /// The audit log; 730 from the beginning.
    #[serde(rename = "audit_days", deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    audit: Option<u16>,
    /// Messages for which nothing is left to be done; 365 from the beginning.
    #[serde(rename = "messages_days", deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    messages: Option<u16>,
}

/// How long the company's data are kept.
#[utoipa::path(get, path = "/api/v1/companies/{company}/retention", tag = "companies", params(("company" = String, Path)),
    responses((status = 200, body = RetentionView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn get(
    State(app): State<App>,
    caller: Administrator,
    Path(company): Path<String>,
) -> Answer<Json<RetentionView>> {
    Ok(Json(app.engine.retention(&caller.0.of(&company)?.company).await?.into()))
}

/// Replaces it. What is older is deleted soon, and from then on once a day.
#[utoipa::path(put, path = "/api/v1/companies/{company}/retention", tag = "companies", request_body = RetentionView, params(("company" = String, Path)),
    responses((status = 200, body = RetentionView), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn replace(
    State(app): State<App>,
    caller: Administrator,
    Path(company): Path<String>,
    Body(body): Body<RetentionView>,
) -> Answer<Json<RetentionView>> {
    let RetentionView { history, events, audit, messages } = body;
    let retention = Retention { history, events, audit, messages };
    app.engine.set_retention(&caller.0.of(&company)?, retention).await?;
    Ok(Json(retention.into()))
}

impl From<Retention> for RetentionView {
    fn from(Retention { history, events, audit, messages }: Retention) -> Self {
        Self { history, events, audit, messages }
    }
}
