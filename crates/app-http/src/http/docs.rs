//! The description of the routes, for programs and people.

use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

/// API keys are bearer tokens.
pub struct Security;

impl Modify for Security {
    fn modify(&self, api: &mut OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        api.components.get_or_insert_default().add_security_scheme("api_key", SecurityScheme::Http(scheme));
    }
}

/// `/openapi.json` and a page that shows it.
pub fn router(api: OpenApi) -> Router {
    Router::new()
        .route("/openapi.json", get(move || async move { Json(api) }))
        .route("/docs", get(|| async { Html(include_str!("docs.html")) }))
}
