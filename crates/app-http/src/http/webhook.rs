use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use kopru_engine::{Delivered, EngineError, WebhookHeaders};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::input::Query;
use super::problem::{Answer, Failure};
use super::{App, ProblemDocument};

/// The configuration's own key.
#[derive(Deserialize, IntoParams)]
pub struct KeyQuery {
    #[param(value_type = String, required = true)]
    key: Option<SecretString>,
}

/// What became of the event.
#[derive(Serialize, ToSchema)]
pub struct Receipt {
    /// `accepted` or `duplicate`.
    status: &'static str,
}

/// Takes a sheet's event. Signed as Standard Webhooks says (`webhook-id`, `webhook-timestamp`,
/// `webhook-signature`), or plain as a hint; the row is read again in either case. Stored durably before
/// the answer.
#[utoipa::path(post, path = "/api/v1/sheet-sync/webhook", tag = "webhooks", params(KeyQuery), security(()),
    request_body(content = Object, example = json!({"sheet_id": "…", "gid": "0", "event": "row_edited", "row_id": 5})),
    responses((status = 202, body = Receipt), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn sheet_sync(
    State(app): State<App>,
    Query(query): Query<KeyQuery>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<(StatusCode, Json<Receipt>)> {
    let key = query.key.ok_or(Failure::Engine(EngineError::NotAuthentic))?;
    let signed = signature(&headers)?;
    let status = match app.engine.accept_webhook(&key, signed, &body).await? {
        Delivered::Accepted => "accepted",
        Delivered::Duplicate => "duplicate",
    };
    Ok((StatusCode::ACCEPTED, Json(Receipt { status })))
}

/// The same under its other address.
#[utoipa::path(post, path = "/api/v1/sync/webhook", tag = "webhooks", params(KeyQuery), security(()), request_body(content = Object),
    responses((status = 202, body = Receipt), (status = "4XX", body = ProblemDocument, content_type = "application/problem+json")))]
pub async fn sync(
    state: State<App>,
    query: Query<KeyQuery>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<(StatusCode, Json<Receipt>)> {
    sheet_sync(state, query, headers, body).await
}

/// All three headers, or none of them.
fn signature(headers: &HeaderMap) -> Result<Option<WebhookHeaders>, Failure> {
    const NAMES: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let texts = NAMES.map(|name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned));
    let missing = texts.iter().position(Option::is_none);
    match texts {
        [Some(id), Some(timestamp), Some(signature)] => Ok(Some(WebhookHeaders { id, timestamp, signature })),
        [None, None, None] => Ok(None),
        _ => Err(Failure::NoHeader(missing.map_or("", |missing| NAMES[missing]))),
    }
}
