//! From which pages in the browser a company's people may call.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use kopru_engine::Engine;
use serde::{Deserialize, Serialize};
use tower_http::cors::{AllowOrigin, CorsLayer};
use utoipa::ToSchema;

use super::auth::Administrator;
use super::input::Body;
use super::problem::Answer;
use super::{App, ProblemDocument};

/// The origins of a company's own pages.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Origins {
    /// Such as `https://crm.firm.com`, without a path. At most 50.
    origins: Vec<String>,
}

/// From which pages the company's people may call.
#[utoipa::path(get, path = "/api/v1/companies/{company}/origins", tag = "companies", params(("company" = String, Path)),
    responses((status = 200, body = Origins), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, caller: Administrator, Path(company): Path<String>) -> Answer<Json<Origins>> {
    Ok(Json(Origins { origins: app.engine.origins(&caller.0.of(&company)?.company).await? }))
}

/// Replaces them.
#[utoipa::path(put, path = "/api/v1/companies/{company}/origins", tag = "companies", request_body = Origins, params(("company" = String, Path)),
    responses((status = 200, body = Origins), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn replace(
    State(app): State<App>,
    caller: Administrator,
    Path(company): Path<String>,
    Body(body): Body<Origins>,
) -> Answer<Json<Origins>> {
    Ok(Json(Origins { origins: app.engine.set_origins(&caller.0.of(&company)?, &body.origins).await? }))
}

/// Lets companies' pages call with bearer tokens, never with the console's cookie: credentials are not allowed.
/// A browser asks first and does not say who; the call itself is held against its own company's origins.
pub fn cors(engine: Arc<Engine>) -> CorsLayer {
    let known = move |origin: HeaderValue, _: &axum::http::request::Parts| {
        let engine = engine.clone();
        async move {
            let Ok(origin) = origin.to_str() else { return false };
            engine.is_origin(origin).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "a page's origin could not be looked up");
                false
            })
        }
    };
    let told = ["x-request-id", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after", "location"];
    CorsLayer::new()
        .allow_origin(AllowOrigin::async_predicate(known))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT_LANGUAGE,
            HeaderName::from_static("kopru-user"),
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("prefer"),
        ])
        .expose_headers(told.map(HeaderName::from_static))
        .max_age(Duration::from_mins(10))
}
