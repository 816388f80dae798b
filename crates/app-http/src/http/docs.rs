//! The description of the routes, for programs and people.

use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::Modify;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, RefOr};

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

/// What our modules leave out and the standard asks for: a name of its own for each operation, and a description
/// for each answer, which is said by its status (<https://spec.openapis.org/oas/v3.1.1.html#response-object>).
fn describe(api: &mut OpenApi) {
    for (path, item) in &mut api.paths.paths {
        let methods = [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ];
        for (method, operation) in methods.into_iter().filter_map(|(method, one)| Some((method, one.as_mut()?))) {
            operation.operation_id = Some(name(method, path));
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    meaning(status).clone_into(&mut response.description);
                }
            }
        }
    }
}

/// `get_sheet_sync_configs_id` for `GET /api/v1/sheet-sync/configs/{id}`.
fn name(method: &str, path: &str) -> String {
    let path = path.trim_start_matches("/api/v1").replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let words = path.split('_').filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
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
