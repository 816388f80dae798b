//! The parameters of one request: its query, and a body in any form that PHP
//! reads.

use axum::{
    body::Bytes,
    extract::{FromRequest, Multipart, Request},
    http::header::CONTENT_TYPE,
};
use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::params::{Params, parse_str};

/// Query and body together, the body wins.
pub(super) async fn read(request: Request) -> Params {
    let mut params = parse_str(request.uri().query().unwrap_or_default());
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let own = if kind.starts_with("multipart/form-data") {
        multipart(request).await
    } else {
        text(&Bytes::from_request(request, &()).await.unwrap_or_default())
    };
    params.extend(own);
    params
}

/// JSON or a form. A body that does not parse is no parameters, not an error.
fn text(body: &[u8]) -> Params {
    let body = String::from_utf8_lossy(body);
    if !body.trim_start().starts_with(['{', '[']) {
        return parse_str(&body);
    }
    match serde_json::from_str(&body) {
        Ok(Value::Object(map)) => map,
        _ => Params::new(),
    }
}

async fn multipart(request: Request) -> Params {
    let Ok(mut parts) = Multipart::from_request(request, &()).await else { return Params::new() };
    let mut pairs = Vec::new();
    while let Ok(Some(part)) = parts.next_field().await {
        let name = part.name().unwrap_or_default().to_owned();
        pairs.push((name, part.text().await.unwrap_or_default()));
    }
    parse_str(&Serializer::new(String::new()).extend_pairs(pairs).finish())
}
