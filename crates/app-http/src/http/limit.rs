//! Requests that are too large are read to their end before they are refused: a connection that is closed on a
//! client that still sends takes the answer with it.

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;

use super::problem::Failure;

/// More than this is no request of ours: ten thousand recipients with their variables are less.
pub const MOST_BYTES: usize = 8 * 1024 * 1024;
/// Nobody is listened to for longer.
const MOST_IGNORED: usize = 8 * MOST_BYTES;

/// Refuses what says that it is too large; what does not say so is cut off while it is read.
pub async fn limit(request: Request, next: Next) -> Response {
    if request.body().size_hint().lower() <= MOST_BYTES as u64 {
        return next.run(request).await;
    }
    ignore(request.into_body()).await;
    Failure::Status(StatusCode::PAYLOAD_TOO_LARGE).into_response()
}

async fn ignore(mut body: Body) {
    let mut left = MOST_IGNORED;
    while let Some(Ok(frame)) = body.frame().await {
        let size = frame.data_ref().map_or(0, axum::body::Bytes::len);
        let Some(less) = left.checked_sub(size) else { return };
        left = less;
    }
}
