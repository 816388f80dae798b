//! Pages for people: a sheet to edit, the CRM that follows, phones, mailboxes, a calendar.

use axum::{Router, response::Html, routing::get};

use crate::server::Shared;

pub(crate) fn router() -> Router<Shared> {
    Router::new()
        .route("/", get(async || Html(include_str!("index.html"))))
        .route("/google/calendar", get(async || Html(include_str!("calendar.html"))))
        .route("/google/sheets/{id}", get(async || Html(include_str!("sheet.html"))))
        .route("/bitrix24/crm/{entity}", get(async || Html(include_str!("crm.html"))))
        .route("/mail", get(async || Html(include_str!("mail.html"))))
        .route("/twilio/phone", get(async || Html(include_str!("phone.html"))))
}
