//! Who calls, and how often.

use axum::{
    extract::{Request, State as Extracted},
    http::{HeaderMap, Method, header::AUTHORIZATION},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{
    errors::{ApiError, refused},
    state::{Access, State},
};
use crate::server::Shared;

/// Lets a call through that has a key and comes in time; every answer tells what is left.
pub(super) async fn admit(Extracted(app): Extracted<Shared>, request: Request, next: Next) -> Response {
    let admitted = enter(&mut app.resend(), &request);
    let mut answer = match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    answer.headers_mut().extend(app.resend().limit_headers());
    answer
}

fn enter(state: &mut State, request: &Request) -> Result<(), ApiError> {
    state.requests += 1;
    let access = access(state, request.headers())?;
    let sends = request.method() == Method::POST && ["/emails", "/emails/batch"].contains(&request.uri().path());
    if access == Access::Sending && !sends {
        return Err(refused("restricted_api_key"));
    }
    state.ask()
}

fn access(state: &State, headers: &HeaderMap) -> Result<Access, ApiError> {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = given.and_then(|value| value.strip_prefix("Bearer ")).filter(|key| !key.is_empty());
    let key = key.ok_or_else(|| refused("missing_api_key"))?;
    state.keys.get(key).copied().ok_or_else(|| refused("invalid_api_key"))
}
