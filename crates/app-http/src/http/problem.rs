//! Errors as RFC 9457 problem documents.

use std::sync::Arc;

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kopru_domain::Language;
use kopru_engine::EngineError;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::input::Fault;
use super::rate::Left;

/// An error, as RFC 9457 says, with a stable code.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemDocument {
    /// Always `about:blank`: the code says what happened.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The HTTP status.
    status: u16,
    /// A stable name for programs.
    code: String,
    /// What to do about it, in the caller's language.
    title: String,
    /// The field of the request at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The vendor's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The request's id in the service's log.
    trace_id: String,
}

/// A handler's failure; becomes a problem document in the caller's language.
#[derive(Debug)]
pub enum Failure {
    /// The engine's.
    Engine(EngineError),
    /// A request that could not be read.
    Unreadable(Fault),
    /// Some of the headers that belong together, without this one.
    NoHeader(&'static str),
    /// The key made too many requests.
    TooMany,
    /// What the server itself says before any handler does.
    Status(StatusCode),
    /// No key, or one that is not valid.
    Unauthenticated,
    /// A key without the scope, or of another company.
    Forbidden,
    /// From a page of none of the company's origins.
    Origin,
    /// No header says who the person is.
    NoUser,
}

impl<E: Into<EngineError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Engine(error.into())
    }
}

/// The result of a handler.
pub type Answer<T> = Result<T, Failure>;

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self {
            Self::Engine(error) => status_of(error),
            Self::Unreadable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unauthenticated | Self::NoHeader(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::Origin => StatusCode::FORBIDDEN,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::NoUser => StatusCode::BAD_REQUEST,
            Self::Status(status) => *status,
        }
    }

    fn document(&self, language: Language, trace_id: String) -> ProblemDocument {
        let own = |tr: &str, en: &str| if language == Language::Tr { tr.to_owned() } else { en.to_owned() };
        let (code, title, field, detail) = match self {
            Self::Engine(error) => (error.code(), error.text(language), error.field(), detail(error)),
            Self::Unreadable(fault) => ("unreadable", fault.text(language), fault.field.clone(), None),
            Self::TooMany => (
                "too_many_requests",
                own(
                    "Bu anahtarla çok sık istek yapıldı; Retry-After başlığındaki saniye kadar bekleyin.",
                    "This key made too many requests; wait for the seconds in the header Retry-After.",
                ),
                None,
                None,
            ),
            Self::NoHeader(name) => (
                "no_header",
                own(
                    &format!("{name} başlığı eksik; imza başlıklarının üçünü de gönderin."),
                    &format!("The header {name} is missing; send all three headers of the signature."),
                ),
                Some((*name).to_owned()),
                None,
            ),
            Self::Status(status) => {
                let (code, tr, en) = texts_of(*status);
                (code, own(tr, en), None, None)
            }
            Self::Unauthenticated => (
                "unauthenticated",
                own(
                    "Geçerli bir API anahtarı veya oturum gönderin: Authorization: Bearer …",
                    "Send a valid API key or session: Authorization: Bearer …",
                ),
                None,
                None,
            ),
            Self::Forbidden => {
                let forbidden = EngineError::NotAllowed;
                (forbidden.code(), forbidden.text(language), None, None)
            }
            Self::Origin => (
                "origin_not_allowed",
                own(
                    "Bu sayfanın kaynağı şirketin listesinde yok; yönetici listeye eklesin: PUT /api/v1/companies/{company}/origins.",
                    "The page's origin is not in the company's list; let an administrator add it: PUT /api/v1/companies/{company}/origins.",
                ),
                Some("Origin".to_owned()),
                None,
            ),
            Self::NoUser => (
                "no_user",
                own("Kopru-User başlığında kullanıcıyı belirtin.", "Name the person in the header Kopru-User."),
                Some("Kopru-User".to_owned()),
                None,
            ),
        };
        ProblemDocument {
            kind: "about:blank",
            status: self.status().as_u16(),
            code: code.to_owned(),
            title,
            field,
            detail,
            trace_id,
        }
    }
}

/// What the server itself says: code, Turkish, English.
fn texts_of(status: StatusCode) -> (&'static str, &'static str, &'static str) {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => (
            "method_not_allowed",
            "Bu adres bu yöntemi kabul etmiyor; kabul ettikleri Allow başlığında.",
            "This address does not take this method; those that it takes are in the header Allow.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            ("too_large", "İstek çok büyük; en çok 8 MB gönderin.", "The request is too large; send 8 MB at the most.")
        }
        StatusCode::GATEWAY_TIMEOUT => (
            "timeout",
            "Yanıt zamanında hazır olmadı; biraz sonra yeniden deneyin.",
            "The answer was not ready in time; try again shortly.",
        ),
        status if status.is_server_error() => (
            "internal",
            "Şu anda yapılamadı; biraz sonra yeniden deneyin.",
            "It could not be done now; try again shortly.",
        ),
        _ => (
            "unreadable",
            "İstek okunamadı; belgelere göre düzeltin.",
            "The request cannot be read; correct it as documented.",
        ),
    }
}

/// The status of an engine's failure.
pub fn status_of(error: &EngineError) -> StatusCode {
    match error.code() {
        "not_found" | "event_not_found" => StatusCode::NOT_FOUND,
        "event_deleted" => StatusCode::GONE,
        "not_authentic" => StatusCode::UNAUTHORIZED,
        "forbidden" => StatusCode::FORBIDDEN,
        "conflict"
        | "already_synced"
        | "not_connected"
        | "reconnect_required"
        | "portal_not_connected"
        | "portal_reconnect_required"
        | "idempotency_key_taken"
        | "too_late"
        | "not_to_repeat"
        | "in_doubt" => StatusCode::CONFLICT,
        "rate_limited" | "provider_unavailable" | "provider_down" | "store_unavailable" => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        "internal" | "misconfigured" | "not_set" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn detail(error: &EngineError) -> Option<String> {
    match error {
        EngineError::Crm(error) => error.detail.clone(),
        EngineError::Sheets(error) => error.detail.clone(),
        EngineError::ScopesMissing(scopes) => Some(scopes.join(" ")),
        EngineError::OtherAccount(connected) => Some(connected.clone()),
        _ => None,
    }
}

/// The caller's language: Turkish, unless English is asked for first.
pub fn language(headers: &HeaderMap) -> Language {
    let wish = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if wish.trim_start().to_ascii_lowercase().starts_with("en") { Language::En } else { Language::Tr }
}

/// Gives each request an id and each failure its document.
pub async fn trace(mut request: Request, next: Next) -> Response {
    let language = language(request.headers());
    let trace_id = Uuid::now_v7().simple().to_string();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let left = Left::default();
    request.extensions_mut().insert(left.clone());
    let mut response = next.run(request).await;
    if let Some(failure) = failure_of(&mut response) {
        let allow = response.headers_mut().remove(header::ALLOW);
        tracing::info!(%method, path, trace_id, status = response.status().as_u16(), ?failure, "a request failed");
        let document = failure.document(language, trace_id.clone());
        response =
            (response.status(), [(header::CONTENT_TYPE, "application/problem+json")], Json(document)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
        response.headers_mut().extend(allow.map(|allow| (header::ALLOW, allow)));
    }
    if let Some(rate) = left.get() {
        rate.tell(response.headers_mut());
    }
    if let Ok(value) = trace_id.parse() {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// The handler's failure, or what a layer refused with a status alone. Pages tell their failures themselves.
fn failure_of(response: &mut Response) -> Option<Arc<Failure>> {
    let status = response.status();
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let told = response.extensions_mut().remove::<Arc<Failure>>();
    told.or_else(|| {
        let refused = (status.is_client_error() || status.is_server_error()) && !is_page;
        refused.then(|| Arc::new(Failure::Status(status)))
    })
}

/// Any other address.
pub async fn no_such_route() -> Failure {
    Failure::Engine(EngineError::NotFound("route"))
}
