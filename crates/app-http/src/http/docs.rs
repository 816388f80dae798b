//! The description of the routes, for programs and people.

use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::RefOr;
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
pub fn router(mut api: OpenApi) -> Router {
    describe(&mut api);
    Router::new()
        .route("/openapi.json", get(move || async move { Json(api) }))
        .route("/docs", get(|| async { Html(include_str!("docs.html")) }))
}

/// Every answer needs a description ([OpenAPI 3.1](https://spec.openapis.org/oas/v3.1.1.html#response-object));
/// ours are said by their status.
fn describe(api: &mut OpenApi) {
    for path in api.paths.paths.values_mut() {
        let operations =
            [&mut path.get, &mut path.put, &mut path.post, &mut path.patch, &mut path.delete].into_iter().flatten();
        for (status, response) in operations.flat_map(|operation| &mut operation.responses.responses) {
            if let RefOr::T(response) = response
                && response.description.is_empty()
            {
                meaning(status).clone_into(&mut response.description);
            }
        }
    }
}

fn meaning(status: &str) -> &'static str {
    match status {
        "201" => "Made.",
        "202" => "Accepted; it goes on in the background.",
        "204" => "Done.",
        "302" | "303" => "Go on there.",
        "4XX" => "What is wrong, and what to do about it.",
        _ => "The answer.",
    }
}
