use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Answer;
use super::{App, ProblemDocument};

/// The service answers.
#[derive(Serialize, ToSchema)]
pub struct Health {
    status: &'static str,
}

/// Requests can be served.
#[derive(Serialize, ToSchema)]
pub struct Ready {
    status: &'static str,
    /// Configurations of which nothing is written to the CRM for now: the database was restored from a backup, and their
    /// tabs are read anew.
    held: usize,
}

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", tag = "operation", security(()), responses((status = 200, body = Health)))]
pub async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether requests can be served: the database answers.
#[utoipa::path(get, path = "/readyz", tag = "operation", security(()),
    responses((status = 200, body = Ready), (status = "5XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn readyz(State(app): State<App>) -> Answer<Json<Ready>> {
    Ok(Json(Ready { status: "ready", held: app.engine.held().await? }))
}
