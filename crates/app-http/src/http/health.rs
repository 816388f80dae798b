use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// The service answers.
#[derive(Serialize, ToSchema)]
pub struct Health {
    status: &'static str,
}

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", tag = "operation", security(()), responses((status = 200, body = Health)))]
pub async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Whether requests can be served: the store is open from the start on.
#[utoipa::path(get, path = "/readyz", tag = "operation", security(()), responses((status = 200, body = Health)))]
pub async fn readyz() -> Json<Health> {
    Json(Health { status: "ready" })
}
