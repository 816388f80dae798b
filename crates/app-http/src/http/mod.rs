//! The HTTP layer: it authenticates, reads requests, calls the engine and renders its answers.

mod audit;
mod auth;
mod calendar;
mod configs;
mod consent;
mod console;
mod data;
mod docs;
mod emails;
mod erasure;
mod fields;
mod google;
mod health;
mod hooks;
mod input;
mod limit;
mod mailboxes;
mod mapping;
mod messages;
mod opt_outs;
mod origins;
mod pages;
mod paging;
mod portal;
mod problem;
mod rate;
mod recipients;
mod retention;
mod send_headers;
mod sessions;
mod sheets;
mod texts;
mod vendors;
mod views;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::FromRef;
use kopru_engine::Engine;
use kopru_http_client::HttpClient;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use docs::Security;
pub use problem::ProblemDocument;
pub use rate::Rates;
pub use sheets::ColumnProposal;

/// What every route can reach.
#[derive(Clone, FromRef)]
pub struct App {
    /// The use cases.
    pub engine: Arc<Engine>,
    /// What calls portals: it knows which addresses it may not call.
    pub portals: HttpClient,
    /// How many requests keys may make.
    pub rates: Arc<Rates>,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Köprü", description = "Sheets to Bitrix24, and people from a CRM record."),
    modifiers(&Security),
    security(("api_key" = []))
)]
struct Api;

/// All routes.
pub fn router(app: App) -> Router {
    let cors = origins::cors(app.engine.clone());
    let (router, api) = OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(portal::connect, portal::status, portal::disconnect))
        .routes(routes!(portal::begin))
        .routes(routes!(portal::callback))
        .routes(routes!(google::authorize, google::begin))
        .routes(routes!(google::callback))
        .routes(routes!(google::status, google::disconnect))
        .routes(routes!(sheets::list))
        .routes(routes!(sheets::tabs))
        .routes(routes!(sheets::detect))
        .routes(routes!(fields::list))
        .routes(routes!(configs::create, configs::list))
        .routes(routes!(configs::get, configs::change, configs::delete))
        .routes(routes!(configs::activate))
        .routes(routes!(configs::reconcile))
        .routes(routes!(configs::retry))
        .routes(routes!(configs::history))
        .routes(routes!(configs::refused))
        .routes(routes!(webhook::sheet_sync))
        .routes(routes!(webhook::sync))
        .routes(routes!(sessions::open, sessions::end))
        .routes(routes!(sessions::link))
        .routes(routes!(consent::redeem))
        .routes(routes!(console::page, console::sign_in))
        .routes(routes!(console::sign_out))
        .routes(routes!(origins::list, origins::replace))
        .routes(routes!(audit::list))
        .routes(routes!(retention::get, retention::replace))
        .routes(routes!(vendors::connect, vendors::status, vendors::disconnect))
        .routes(routes!(vendors::test))
        .routes(routes!(mailboxes::begin))
        .routes(routes!(mailboxes::callback))
        .routes(routes!(messages::send_sms))
        .routes(routes!(messages::send_whatsapp))
        .routes(routes!(emails::send))
        .routes(routes!(emails::ask, emails::unsubscribe))
        .routes(routes!(messages::list))
        .routes(routes!(messages::get))
        .routes(routes!(messages::cancel))
        .routes(routes!(messages::resend))
        .routes(routes!(texts::preview))
        .routes(routes!(texts::list))
        .routes(routes!(texts::get, texts::put, texts::delete))
        .routes(routes!(texts::policy, texts::set_policy))
        .routes(routes!(opt_outs::list, opt_outs::put, opt_outs::delete))
        .routes(routes!(hooks::twilio))
        .routes(routes!(hooks::resend))
        .routes(routes!(calendar::authorize, calendar::begin))
        .routes(routes!(calendar::callback))
        .routes(routes!(calendar::status, calendar::disconnect))
        .routes(routes!(calendar::add))
        .routes(routes!(calendar::list))
        .routes(routes!(calendar::get, calendar::change, calendar::delete))
        .routes(routes!(data::export_company))
        .routes(routes!(data::export_person))
        .routes(routes!(erasure::company))
        .routes(routes!(erasure::person))
        .with_state(app)
        .split_for_parts();
    router
        .merge(docs::router(api))
        .merge(pages::router())
        .fallback(problem::no_such_route)
        .layer(TimeoutLayer::with_status_code(http::StatusCode::GATEWAY_TIMEOUT, Duration::from_mins(1)))
        .layer(RequestBodyLimitLayer::new(limit::MOST_BYTES))
        .layer(axum::middleware::from_fn(limit::limit))
        .layer(CatchPanicLayer::new())
        .layer(axum::middleware::from_fn(problem::trace))
        // Outermost: a page may read what failed too.
        .layer(cors)
}
